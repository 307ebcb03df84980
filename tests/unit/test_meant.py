"""What somebody may have meant who wrote a name that there is not."""

from sandbox.domain.meant import meant


def test_the_nearest_is_named_and_else_all_of_them():
    assert meant("taro", ["tarou", "hanako"]) == "Did you mean `tarou`?"
    assert meant("x", ["tarou", "hanako"]) == "One of: tarou, hanako."


def test_where_there_is_nothing_to_mean_the_name_is_to_go():
    assert meant("x", []) == "Take it away."


def test_of_several_near_ones_the_nearest_is_meant():
    assert meant("show_balanc", ["show_account_balance", "show_balance"]).endswith(
        "`show_balance`?"
    )
