"""The page on the journal names every operation: fault rules and filters are written with them."""

import re
from pathlib import Path

import pytest

from sandbox.web.profiles import PROFILES

PAGE = (Path(__file__).parents[2] / "docs" / "journal.md").read_text(encoding="utf-8")
KINDS = ("transfer", "bulk_transfer", "payroll")


def named():
    """Return the names on the page; ``register_…`` stands for one of each kind of transfer."""
    paragraph = next(part for part in PAGE.split("\n\n") if part.startswith("Operations:"))
    words = re.findall(r"`([a-z_…]+)`", paragraph)
    return {word.replace("…", kind) for word in words for kind in (KINDS if "…" in word else "-")}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_operation_of_a_bank_is_on_the_page(profile):
    names = {row.operation for row in profile.endpoints}
    assert len(names) >= 3
    assert names <= named()


def test_the_page_names_no_call_of_a_transfer_that_is_none():
    verbs = ("register_", "list_", "quote_", "show_", "submit_", "withdraw_", "delete_", "return_")
    known = {row.operation for profile in PROFILES for row in profile.endpoints}
    assert {name for name in named() if name.startswith(verbs)} <= known
