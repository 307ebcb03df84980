"""Run by name only: what a failed test leaves behind is looked at by test_example_app.py."""


async def test_the_balance_is_a_million(user, bank):
    await user.link("taro")
    bank.clock.advance("3d")
    _, shown = await user.sync()
    assert shown["accounts"][0]["balance_yen"] == 1_000_000
