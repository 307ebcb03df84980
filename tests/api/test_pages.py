"""The customers' pages: what they say, and what hostile values do to them (nothing)."""

from datetime import UTC, date, datetime
from html import escape
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from sandbox.domain.time import JST
from sandbox.web import pages, wording
from sandbox.web.oauth.tester import ANY_TIME, SIGN_IN_OUTCOMES, Bar, PersonaChoice
from sandbox.web.pages import AccountChoice, BankFace, FunctionChoice, Pages, ProviderFace
from sandbox.web.wording import LANGUAGES

HOSTILE = "<script>alert(1)</script>\"' onfocus='x' {{ 7 * 7 }} {csrf} &amp; \u202e"
LONG = "架空" * 400
MOMENT = datetime(2026, 11, 22, 4, 5, tzinfo=UTC)
TEMPLATES = (
    "sign_in.html",
    "consent.html",
    "refusal.html",
    "error.html",
    "reasons.html",
    "reason.html",
)
VOID = {"meta", "link", "input", "rect", "path"}

BANK = BankFace(name_ja="サンドボックス銀行（地域金融）", name_en="Sandbox Bank (Regional)")
RENDERER = Pages()


def context(template: str, word: str = "架空家計簿", **changes: object) -> dict[str, Any]:
    """Return a whole context for ``template`` with ``word`` wherever a text of others shows."""
    provider = ProviderFace(
        name=word, registration_no=word, terms_url="https://terms.example/", redirect_host=word
    )
    form = {"page_url": "/in/1?x=1", "action_url": "/in/1", "csrf": word, "provider": provider}
    explained = {"page_url": "/reasons?x=1", "index_url": "/reasons", "header": word}
    own: dict[str, dict[str, Any]] = {
        "sign_in.html": {
            **form,
            "kinds": ("individual", "corporate"),
            "kind": "individual",
            "has_second_factor": False,
            "values": {"branch_code": word, "account_number": word, "user_id": word},
            "error": None,
            "error_params": {},
            "tester": None,
        },
        "consent.html": {
            **form,
            "contractor_name": word,
            "user_name": None,
            "identity": ("openid", "profile", "email", "address", "phone"),
            "functions": [
                FunctionChoice(code="balances", checked=True),
                FunctionChoice(code="transactions", checked=False),
            ],
            "are_accounts_ticked": True,
            "accounts": [account(word, checked=True), account("2", checked=False)],
            "granted_until": date(2027, 2, 20),
            "terms_version": word,
            "terms_effective_on": date(2026, 10, 1),
            "error": None,
            "tester": None,
        },
        "refusal.html": {**form, "code": "locked", "details": {"unlocks_at": MOMENT, word: word}},
        "reasons.html": {**explained, "reasons": ["unknown", "superseded"]},
        "reason.html": {**explained, "reason": "unknown", "steps": [word, word]},
        "error.html": {"status": 400, "code": word, "details": {"redirect_uri": word, word: word}},
    }
    return {"bank": BANK, **own[template], **changes}


def account(word: str, *, checked: bool) -> AccountChoice:
    return AccountChoice(
        value=word,
        branch_name=word,
        account_type="ordinary",
        account_number=word,
        checked=checked,
    )


def render(template: str, language: Any = "ja", **changes: Any) -> str:
    return RENDERER.render(template, language, **context(template, **changes))


class Reader(HTMLParser):
    """Reads a page as a browser would: its elements, and whether each is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for attrs in self.all("input", "button") if attrs.get("name") == name]


every_page = pytest.mark.parametrize("template", TEMPLATES)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_page
@every_language
@pytest.mark.parametrize("word", [HOSTILE, LONG, "", '"><img src=x onerror=alert(1)>'])
def test_hostile_values_are_escaped(template: str, language: str, word: str) -> None:
    reader = Reader(render(template, language, word=word))
    assert reader.open == []
    tags = {tag for tag, _ in reader.elements}
    assert tags & {"script", "style", "img", "iframe", "object", "base"} == set()
    for tag, attrs in reader.elements:
        assert not any(name.startswith("on") or name == "style" for name in attrs), (tag, attrs)


BAR = Bar(
    personas=(PersonaChoice(key=HOSTILE, name=HOSTILE, kind="individual"),),
    outcomes=(*SIGN_IN_OUTCOMES, *ANY_TIME),
)


@every_language
@pytest.mark.parametrize("template", ["sign_in.html", "consent.html"])
def test_the_testers_bar_is_a_form_of_its_own_after_the_pages(template: str, language: str) -> None:
    html = render(template, language, tester=BAR)
    reader = Reader(html)
    assert reader.open == []
    assert {tag for tag, _ in reader.elements} & {"script", "style", "img"} == set()
    first, second = (attrs["action"] for attrs in reader.all("form"))
    assert first == second
    names = [attrs["name"] for attrs in reader.all("button")]
    assert names == ["decision"] * 2 + ["tester"] * (1 + len(BAR.outcomes))
    labels = {attrs["for"] for attrs in reader.all("label")}
    assert {attrs["id"] for attrs in reader.all("select")} <= labels
    for each in LANGUAGES:
        assert escape(wording.wording(each)("tester.lead"), quote=False) in html


@every_page
def test_what_was_escaped_is_still_shown_whole(template: str) -> None:
    html = render(template, word=HOSTILE)
    assert escape(HOSTILE).replace("&quot;", "&#34;").replace("&#x27;", "&#39;") in html


@every_page
@every_language
def test_every_page_says_where_it_is(template: str, language: str) -> None:
    html = render(template, language)
    reader = Reader(html)
    assert reader.all("html") == [{"lang": language}]
    assert "これは試験用の環境です" in html
    assert escape(BANK.name_in(language)) in html
    assert len(reader.all("h1")) == 1
    assert {"class": "skip", "href": "#main"} in reader.all("a")


@every_language
@pytest.mark.parametrize(
    ("template", "changes"),
    [
        *((template, {}) for template in TEMPLATES),
        ("sign_in.html", {"error": "incomplete"}),
        ("consent.html", {"error": "no_account"}),
        ("consent.html", {"error": "no_function"}),
    ],
)
def test_names_and_descriptions_point_at_something(
    template: str, changes: dict[str, str], language: str
) -> None:
    elements = Reader(render(template, language, **changes)).elements
    ids = [attrs["id"] for _, attrs in elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            assert set((attrs.get(name) or "").split()) <= set(ids), attrs


@pytest.mark.parametrize("template", ["sign_in.html", "consent.html"])
def test_every_input_has_a_label(template: str) -> None:
    reader = Reader(render(template))
    labelled = {attrs["for"] for attrs in reader.all("label")}
    shown = [attrs for attrs in reader.all("input") if attrs["type"] != "hidden"]
    assert {attrs["id"] for attrs in shown} == labelled
    assert not any("placeholder" in attrs for attrs in shown)


@pytest.mark.parametrize("template", ["sign_in.html", "consent.html", "refusal.html"])
def test_the_switch_keeps_the_page(template: str) -> None:
    japanese, english = render(template), render(template, "en")
    assert 'href="/in/1?x=1&amp;lang=en"' in japanese
    assert 'href="/in/1?x=1&amp;lang=ja"' in english
    assert 'action="/in/1?lang=en"' in english


def test_sign_in_asks_what_the_kind_needs() -> None:
    secret_and_typed = {
        "individual": ("pin", ["branch_code", "account_number"]),
        "corporate": ("password", ["contractor_id", "user_id"]),
    }
    for kind, (secret, typed) in secret_and_typed.items():
        values = dict.fromkeys([*typed, secret], "typed")
        reader = Reader(render("sign_in.html", kind=kind, values=values))
        assert [reader.named(name)[0]["value"] for name in typed] == ["typed", "typed"]
        (field,) = reader.named(secret)
        assert field["type"] == "password"
        assert "value" not in field
        assert reader.named("kind")[0]["value"] == kind


def test_only_kinds_that_the_client_serves_are_offered() -> None:
    assert "kind=corporate" in render("sign_in.html")
    assert "kind=corporate" not in render("sign_in.html", kinds=("individual",))


def test_refusing_needs_no_field_filled_in() -> None:
    buttons = Reader(render("sign_in.html")).named("decision")
    assert [button["value"] for button in buttons] == ["sign_in", "deny"]
    assert "formnovalidate" in buttons[1]


@every_language
@pytest.mark.parametrize("error", pages.SIGN_IN_ERRORS)
def test_sign_in_errors_are_announced(error: str, language: str) -> None:
    params = {"attempts_left": 3, "unlocks_at": MOMENT}
    needed = {name: params[name] for name in pages.SIGN_IN_ERRORS[error]}
    reader = Reader(render("sign_in.html", language, error=error, error_params=needed))
    assert {"class": "alert", "role": "alert", "id": "form-error"} in reader.all("p")
    (pin,) = reader.named("pin")
    is_wrong = not error.startswith("locked")
    assert ("aria-invalid" in pin) is is_wrong
    assert ("form-error" in str(pin["aria-describedby"])) is is_wrong


def test_consent_ticks_only_what_is_offered_ticked() -> None:
    reader = Reader(render("consent.html", word="1"))
    functions = {box["value"]: "checked" in box for box in reader.named("function")}
    accounts = {box["value"]: "checked" in box for box in reader.named("account")}
    assert functions == {"balances": True, "transactions": False}
    assert accounts == {"1": True, "2": False}
    assert [button["value"] for button in reader.named("decision")] == ["allow", "deny"]


@pytest.mark.requirement("T-29")
@pytest.mark.parametrize("template", ["sign_in.html", "consent.html"])
def test_the_provider_and_its_terms_are_named(template: str) -> None:
    html = render(template)
    assert "架空家計簿" in html
    assert 'href="https://terms.example/"' in html


@pytest.mark.requirement("T-34")
def test_consent_names_the_terms_in_force() -> None:
    html = render("consent.html", terms_version="第9版")
    assert "第9版" in html
    assert "2026年10月1日" in html


@pytest.mark.requirement("T-12")
def test_consent_says_until_when() -> None:
    assert "2027年2月20日まで" in render("consent.html")
    assert "20 February 2027" in render("consent.html", "en")


@pytest.mark.requirement("T-23")
def test_no_page_of_the_bank_cancels_a_grant() -> None:
    assert "架空家計簿 の画面で手続き" in render("consent.html")
    values = {button["value"] for button in Reader(render("consent.html")).all("button")}
    assert values == {"allow", "deny"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " https://x", ""])
def test_terms_that_are_no_web_address_are_not_linked(url: str) -> None:
    provider = ProviderFace(name="x", registration_no="1", terms_url=url, redirect_host="x")
    hrefs = [a["href"] for a in Reader(render("consent.html", provider=provider)).all("a")]
    assert url not in hrefs


@every_language
@pytest.mark.parametrize("code", pages.ERROR_CODES)
def test_every_error_says_what_happened_and_what_to_do(code: str, language: str) -> None:
    html = render("error.html", language, code=code, status=418)
    for each in LANGUAGES:
        for part in ("title", "why", "do"):
            assert escape(wording.wording(each)(f"error.{code}.{part}"), quote=False) in html
    assert f"{code}" in html
    assert "HTTP 418" in html


@pytest.mark.requirement("T-38")
def test_an_ended_service_says_so() -> None:
    assert "このサービスは終了しました" in render("error.html", code="service_ended")


def test_an_unknown_error_reads_as_internal_and_keeps_its_code() -> None:
    html = render("error.html", code="brand_new")
    assert "処理中に問題が起きました" in html
    assert "brand_new" in html


@pytest.mark.requirement("T-2")
@every_language
@pytest.mark.parametrize("code", pages.REFUSAL_CODES)
def test_every_refusal_leads_back_to_the_provider(code: str, language: str) -> None:
    html = render("refusal.html", language, code=code)
    assert escape(wording.wording(language)(f"refusal.{code}.do"), quote=False) in html
    (button,) = Reader(html).named("decision")
    assert button["value"] == "deny"


def test_details_are_said_in_japans_time() -> None:
    assert "2026年11月22日 13:05" in render("refusal.html")
    assert "22 November 2026, 13:05 (Japan time)" in render("refusal.html", "en")
    assert wording.wording("ja").spoken(MOMENT.astimezone(JST)) == "2026年11月22日 13:05"


def test_a_context_that_misses_something_is_refused() -> None:
    incomplete = context("consent.html")
    del incomplete["accounts"]
    with pytest.raises(UndefinedError):
        RENDERER.render("consent.html", "ja", **incomplete)
