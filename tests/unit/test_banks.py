"""The master of banks and branches: what is known of which bank."""

from typing import Any

import pytest

from sandbox.domain.banks import parse_banks

ENTRY: dict[str, Any] = {
    "code": "9999",
    "name": "架空銀行",
    "name_kana": "ｶｸｳ",
    "branches": [
        {"code": "001", "name": "本店", "name_kana": "ﾎﾝﾃﾝ"},
        {"code": "002", "name": "中央支店", "name_kana": "ﾁﾕｳｵｳ"},
    ],
}


def document(*others: str, **changes: Any) -> dict[str, Any]:
    return {"banks": [ENTRY | changes], "other_codes": list(others)}


MASTER = parse_banks(document("0001", "0003-0005", "9999"))


@pytest.mark.parametrize(
    ("code", "is_there"),
    [
        *(dict.fromkeys(("9999", "0001", "0003", "0005"), True)).items(),
        *(dict.fromkeys(("0002", "0006", "", "1", "99999"), False)).items(),
    ],
)
def test_a_bank_is_there_by_name_or_by_code(code: str, is_there: bool) -> None:
    assert MASTER.has_bank(code) == is_there


@pytest.mark.parametrize(
    ("bank", "branch", "is_there"),
    [
        ("9999", "001", True),
        ("9999", "003", False),
        ("0004", "003", True),  # only the bank is known, so any branch may exist
        ("0002", "001", False),
    ],
)
def test_a_branch_is_looked_up_where_branches_are_known(
    bank: str, branch: str, is_there: bool
) -> None:
    assert MASTER.has_branch(bank, branch) == is_there


def test_names_are_there_for_invented_banks_alone() -> None:
    bank, branch = MASTER.find_bank("9999"), MASTER.find_branch("9999", "002")
    assert bank is not None
    assert branch is not None
    assert (bank.name_kana, branch.name) == ("ｶｸｳ", "中央支店")
    assert MASTER.find_bank("0001") is None
    assert MASTER.find_branch("0001", "001") is None
    assert MASTER.find_branch("9999", "003") is None


def test_a_bank_with_a_name_is_not_among_the_others() -> None:
    assert MASTER.other_codes == {"0001", "0003", "0004", "0005"}


@pytest.mark.parametrize(
    "broken",
    [
        document(code="999"),
        document(code="99９9"),
        document(name_kana="カクウ"),
        document(name_kana=""),
        document(name_kana="ｶｸｳ(ｶ"),
        document(branches=[{"code": "1", "name": "本店", "name_kana": "ﾎﾝﾃﾝ"}]),
        document(branches=[{"code": "001", "name": "本店", "name_kana": "ﾎﾝﾃｯ"}]),
        document(branches=ENTRY["branches"] * 2),
        document("0005-0003"),
        document("005"),
        document("000x"),
        {"banks": [ENTRY, ENTRY], "other_codes": []},
    ],
)
def test_a_broken_master_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"code|range|kana|twice"):
        parse_banks(broken)
