"""The bank master that ships with the sandbox keeps to its schema, and to invented names."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from sandbox.domain.banks import BankMaster, parse_banks
from sandbox.domain.kana import truncate
from sandbox.resources import data_root

ROOT = Path(str(data_root()))
OWN = ("0009", "0310", "0566")
INVENTED = ("9998", "9999")


def read(*parts: str) -> Any:
    return json.loads(ROOT.joinpath(*parts).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def document() -> Any:
    return read("fixtures", "banks", "master.json")


@pytest.fixture(scope="module")
def master(document: Any) -> BankMaster:
    return parse_banks(document)


def objections(document: object) -> int:
    """Return how much jsonschema objects to; jsonschema-rs must agree that it does."""
    schema = read("schemas", "fixtures", "banks.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    found = len(list(jsonschema.Draft202012Validator(schema).iter_errors(document)))
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(document) == (found == 0)
    return found


def test_the_master_keeps_to_its_schema(document: Any) -> None:
    assert objections(document) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("code", 9999), ("code", "999"), ("name", ""), ("name_kana", "カクウ"), ("branches", [])],
)
def test_the_schema_objects_to_a_plant(document: Any, field: str, value: object) -> None:
    first, *others = document["banks"]
    assert objections(document | {"banks": [first | {field: value}, *others]}) > 0


def test_the_sandboxs_own_banks_and_the_invented_ones_have_branches(master: BankMaster) -> None:
    assert set(master.banks) == {*OWN, *INVENTED}
    assert all(master.has_branch(code, "001") for code in master.banks)
    assert all(len(bank.branches) >= 5 for bank in master.banks.values())
    assert {master.banks[code].name_kana for code in OWN} == {"ｻﾝﾄﾞﾎﾞﾂｸｽ"}


def test_branches_of_the_personas_are_in_the_master(master: BankMaster) -> None:
    personas = read("fixtures", "personas", "tomato.json")["personas"]
    for account in (account for persona in personas for account in persona["accounts"]):
        branch = master.find_branch("0566", account["branch_code"])
        assert branch is not None
        assert branch.name == account["branch_name"]


def test_of_all_other_banks_the_code_alone_is_known(master: BankMaster) -> None:
    assert len(master.other_codes | set(OWN)) == 1_146
    assert not master.other_codes & set(master.banks)
    assert not master.has_bank("9997")


def test_one_branch_has_a_name_that_cannot_be_cut_at_fifteen(master: BankMaster) -> None:
    names = [b.name_kana for bank in master.banks.values() for b in bank.branches.values()]
    assert [name for name in names if len(truncate(name, 15)) == 14 and len(name) > 15]
