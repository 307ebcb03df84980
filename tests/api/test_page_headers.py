"""How the customers' pages travel: their headers, links, language and style sheet."""

import re
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, make_mocked_request

from sandbox.web import pages, wording
from sandbox.web.pages import page_response
from sandbox.web.wording import LANGUAGES, language_of
from tests.api.test_pages import RENDERER, TEMPLATES, context


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_travel_with_strict_headers(template: str, language: Any) -> None:
    page = RENDERER.render(template, language, **context(template))
    response = page_response(page, status=403)
    assert response.status == 403
    assert dict(response.headers) == {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": language,
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'none'; "
            "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        ),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


@pytest.mark.parametrize(
    ("redirect_uri", "source"),
    [
        ("https://App.Example/cb?x=1", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:9000/cb", "http://127.0.0.1:9000"),
        ("http://localhost/cb", "http://localhost"),
        ("http://[::1]:9000/cb", "http:"),
        ("http://192.0.2.7/cb", "http:"),
        ("https://架空.example/cb", "https:"),
        ("https://x; script-src *", "https:"),
        ("https://user@app.example/cb", "https://app.example"),
        ("com.example.app:/cb", "com.example.app:"),
        ("https:", "https:"),
    ],
)
def test_the_policy_lets_the_form_lead_back_to_the_provider(redirect_uri: str, source: str) -> None:
    policy = page_response("x", form_action=redirect_uri).headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' {source}")
    assert policy.count(";") == 6


@pytest.mark.parametrize("uri", ["", "/cb", "a b:c", "//host/cb"])
def test_a_redirect_uri_without_a_scheme_is_a_mistake(uri: str) -> None:
    with pytest.raises(ValueError, match="scheme"):
        pages.form_action_source(uri)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/in/1", "/in/1?lang=en"),
        ("/in/1?a=1&lang=ja&a=2", "/in/1?a=1&a=2&lang=en"),
        ("https://bank.example/w/x/in/1?a=", "/w/x/in/1?a=&lang=en"),
        ("//evil.example/x", "/x?lang=en"),
        ("/\\evil.example/x", "/evil.example/x?lang=en"),
        ("javascript:alert(1)", "/alert(1)?lang=en"),
    ],
)
def test_links_stay_on_this_server(url: str, expected: str) -> None:
    assert pages.link(url, lang="en") == expected


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/", {}, "ja"),
        ("/?lang=en", {"Cookie": "lang=ja", "Accept-Language": "ja"}, "en"),
        ("/?lang=fr", {"Cookie": "lang=en"}, "en"),
        ("/", {"Cookie": "lang=xx", "Accept-Language": "en-GB,en;q=0.9"}, "en"),
        ("/", {"Accept-Language": "en;q=0.3, ja;q=0.8"}, "ja"),
        ("/", {"Accept-Language": "fr, EN-us;q=0.5, *;q=0.1"}, "en"),
        ("/", {"Accept-Language": "en;q=0"}, "ja"),
        ("/", {"Accept-Language": "en;q=nan, \u00e9;;;,q"}, "ja"),
        ("/", {"Accept-Language": "xen, english"}, "ja"),
        ("/", {"Accept-Language": ",".join(["en;q=0.001"] * 9999)}, "en"),
    ],
)
def test_language_follows_query_cookie_and_browser(
    path: str, headers: dict[str, str], language: str
) -> None:
    assert language_of(make_mocked_request("GET", path, headers=headers)) == language


@pytest.mark.parametrize(("path", "kept"), [("/?lang=en", "en"), ("/?lang=fr", None), ("/", None)])
def test_a_chosen_language_is_kept(path: str, kept: str | None) -> None:
    response = web.Response()
    wording.keep_language(make_mocked_request("GET", path), response)
    cookie = response.cookies.get("lang")
    assert (cookie and cookie.value) == kept
    if cookie is not None:
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert not cookie["secure"]


async def served(aiohttp_client: Any) -> TestClient[Any, Any]:
    application = web.Application()
    application.add_routes(pages.asset_routes())
    return await aiohttp_client(application)


@pytest.mark.parametrize(
    ("template", "sheets"),
    [("error.html", ["bank.css"]), ("reason.html", ["bank.css", "sandbox.css"])],
)
async def test_the_style_sheets_of_a_page_are_kept_for_good(
    aiohttp_client: Any, template: str, sheets: list[str]
) -> None:
    client = await served(aiohttp_client)
    page = RENDERER.render(template, "ja", **context(template))
    paths = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page)
    assert [path.partition("?")[0] for path in paths] == [f"/assets/{name}" for name in sheets]
    for path in paths:
        async with client.get(path) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/css; charset=utf-8"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            style = await response.text()
        assert not re.search(r"@import|https?://|url\(", style)


async def test_the_bare_style_sheet_is_asked_for_again(aiohttp_client: Any) -> None:
    client = await served(aiohttp_client)
    async with client.get(f"{pages.STYLE_PATH}?v=old") as response:
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    async with client.get(pages.STYLE_PATH, headers={"If-None-Match": f"W/{tag}"}) as response:
        assert response.status == 304
        assert await response.read() == b""


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


async def test_text_stands_out_from_its_ground(aiohttp_client: Any) -> None:
    client = await served(aiohttp_client)
    async with client.get(pages.STYLE_PATH) as response:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", await response.text()))
    pairs = [
        (ink, ground)
        for ink in ("ink", "ink-soft", "navy", "teal", "teal-dark", "alert")
        for ground in ("paper", "ground", "teal-pale", "alert-pale")
    ]
    for ink, ground in [*pairs, ("test", "test-pale"), ("paper", "teal"), ("paper", "teal-dark")]:
        light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground)
