"""The texts of the pages: every key exists in both languages, is used, and says something.

Keys are read out of the templates' syntax trees. A key put together at run time, such as
``t('error.' ~ known ~ '.title')``, stands for the family of keys that ``FAMILIES`` names.
"""

import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

import pytest
from jinja2 import Environment, PackageLoader, nodes

from sandbox.clock import Mode
from sandbox.domain.availability import StopKind
from sandbox.domain.conduct.verdict import Verdict, Wanted
from sandbox.domain.corporate.contract import Service
from sandbox.domain.errors import Reason
from sandbox.domain.notice import NoticeKind
from sandbox.web.control.glance import acts
from sandbox.web.control.runs import State
from sandbox.web.oauth.tester import ANY_TIME, CONSENT_OUTCOMES, SIGN_IN_OUTCOMES
from sandbox.web.pages import (
    CONSENT_ERRORS,
    DETAIL_LABELS,
    ERROR_CODES,
    IDENTITY_PARTS,
    REFUSAL_CODES,
    SIGN_IN_ERRORS,
)
from sandbox.web.web21.desk.tester import IDENTITY_OUTCOMES
from sandbox.web.wording import LANGUAGES, wording
from tests.desk import DESK_FAMILIES

KINDS = ("individual", "corporate")
FIELDS = (
    "branch_code",
    "account_number",
    "pin",
    "contractor_id",
    "user_id",
    "password",
    "second_factor",
)
FUNCTIONS = ("balances", "transactions", *Service)
FAMILIES = {
    "steps.*": ("sign_in", "consent", "back"),
    "sign_in.*": FIELDS,
    "sign_in.*_hint": FIELDS,
    "sign_in.kind.*": KINDS,
    "sign_in.heading.*": KINDS,
    "sign_in.error.*": tuple(SIGN_IN_ERRORS),
    "consent.error.*": CONSENT_ERRORS,
    "consent.identity.*": IDENTITY_PARTS,
    "consent.function.*": FUNCTIONS,
    "consent.function.*_hint": FUNCTIONS,
    "consent.account_type.*": ("ordinary", "current"),
    **{f"refusal.*.{part}": REFUSAL_CODES for part in ("title", "why", "do")},
    **{f"error.*.{part}": ERROR_CODES for part in ("title", "why", "do")},
    "detail.*": DETAIL_LABELS,
    "notices.kind.*": tuple(NoticeKind),
    "conduct.verdict.*": tuple(Verdict),
    "conduct.wanted.*": tuple(Wanted),
    "control.mode.*": tuple(Mode),
    "control.stop_kind.*": tuple(StopKind),
    "control.run_state.*": tuple(State),
    "control.act.*": tuple(act.key for act in acts("", "", is_guarded=False)),
    "tester.outcome.*": tuple(
        dict.fromkeys((*SIGN_IN_OUTCOMES, *CONSENT_OUTCOMES, *ANY_TIME, *IDENTITY_OUTCOMES))
    ),
    **{f"reason.*.{part}": tuple(Reason) for part in ("title", "what", "means", "do")},
    **DESK_FAMILIES,
}
# Said by ``Wording.spoken`` itself.
SPOKEN = {"format.day", "format.moment", *(f"format.month.{month}" for month in range(1, 13))}
SPEAKERS = {"t", "other", "say", "both"}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def sources() -> Iterator[tuple[str, str]]:
    loader = PackageLoader("sandbox.web", "templates")
    for name in loader.list_templates():
        yield name, loader.get_source(Environment(), name)[0]


def pattern_of(key: nodes.Expr) -> str:
    """Return the key that a call names, with ``*`` for each part known only at run time."""
    if isinstance(key, nodes.Const):
        return key.value
    parts = key.nodes if isinstance(key, nodes.Concat) else [key]
    return "".join(part.value if isinstance(part, nodes.Const) else "*" for part in parts)


def calls() -> Iterator[tuple[str, nodes.Call]]:
    for name, source in sources():
        for call in Environment().parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SPEAKERS:
                yield name, call


@cache
def used_keys() -> frozenset[str]:
    keys = set(SPOKEN)
    for name, call in calls():
        pattern = pattern_of(call.args[0])
        assert "*" not in pattern or pattern in FAMILIES, f"{name}: no family for {pattern}"
        keys.update(pattern.replace("*", member) for member in FAMILIES.get(pattern, ("",)))
    return frozenset(keys)


def fields_of(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


def test_both_languages_have_the_same_keys() -> None:
    first, second = (set(wording(language).texts) for language in LANGUAGES)
    assert first ^ second == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_and_texts_name_the_same_keys(language: str) -> None:
    keys = set(wording(language).texts)
    assert used_keys() - keys == set(), "missing"
    assert keys - used_keys() == set(), "unused"


def test_every_family_is_called_somewhere() -> None:
    patterns = {pattern_of(call.args[0]) for _, call in calls()}
    assert set(FAMILIES) - patterns == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_padded(language: str) -> None:
    for key, text in wording(language).texts.items():
        assert text.strip(), key
        # A prefix is followed by a word, and ends in the space that English puts between.
        assert text == text.strip() or key.endswith("_prefix"), key


def test_both_languages_take_the_same_parameters() -> None:
    first, second = (wording(language).texts for language in LANGUAGES)
    differing = [key for key in first if fields_of(first[key]) != fields_of(second[key])]
    assert differing == []


def test_calls_give_the_parameters_that_the_text_takes() -> None:
    texts = wording("ja").texts
    for name, call in calls():
        pattern = pattern_of(call.args[0])
        if pattern in texts:
            given = {keyword.key for keyword in call.kwargs}
            assert given == fields_of(texts[pattern]), f"{name}: {pattern}"


def test_sign_in_errors_declare_the_parameters_of_their_text() -> None:
    texts = wording("ja").texts
    for error, parameters in SIGN_IN_ERRORS.items():
        assert fields_of(texts[f"sign_in.error.{error}"]) == set(parameters), error


def test_each_file_is_in_its_own_language() -> None:
    formats = {key for key in SPOKEN if "month" not in key}
    for key, text in wording("ja").texts.items():
        assert JAPANESE.search(text) or key in formats, key
    for key, text in wording("en").texts.items():
        assert not JAPANESE.search(text), key


def test_templates_hold_no_words_of_their_own() -> None:
    for name, source in sources():
        markup = re.sub(r"{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
        words = re.sub(r"<[^>]*>", "", markup).replace("|", "").split()
        assert words == [], name
        assert not JAPANESE.search(source), name
