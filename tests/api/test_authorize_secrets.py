"""No secret is kept in clear, logged, or told to anybody who should not have it."""

import base64
import logging
import re
import sqlite3

import pytest

from tests.browsing import browsing
from tests.support import (
    CHALLENGE,
    REDIRECT_URI,
    VERIFIER,
    answer_of,
    basic,
    bearer,
    secret_of,
)

PASSWORD, PIN, WRONG = "shoji-pass-1", "2345", "wr0ng-secret"


async def walk_everything(running):
    """Use the bank as people and a provider do; return every secret that came up, by name."""
    async with browsing(running) as browser:
        page = await browser.begin(code_challenge=CHALLENGE, code_challenge_method="S256")
        cookies = [re.search(r"interaction=([^;]+)", page.headers["Set-Cookie"])[1]]
        await browser.follow()
        csrf = [dict(browser.page.form.fields)["csrf"]]
        await browser.sign_in("shoji", password=WRONG)
        await browser.sign_in("shoji")
        cookies += [each.value for each in browser.http.cookie_jar if each.key == "interaction"]
        csrf.append(dict(browser.page.form.fields)["csrf"])
        code = answer_of((await browser.press("allow")).location)["code"]
        await browser.open()
        await browser.sign_in("hanako")
        await browser.press("deny")
    await running.exchange(code, code_verifier="x" * 43)
    _, first, _ = await running.exchange(code, code_verifier=VERIFIER)
    _, second, _ = await running.refresh(first["refresh_token"])
    await running.get("/accounts", second["access_token"])
    await running.get("/accounts", "garbage-token")
    pairs = [first["access_token"], first["refresh_token"]]
    pairs += [second["access_token"], second["refresh_token"]]
    return {
        "password": PASSWORD,
        "wrong password": WRONG,
        "client secret": secret_of("sandbox-aggregator"),
        "basic": basic("sandbox-aggregator")["Authorization"].split()[1],
        "code": code,
        "verifier": VERIFIER,
        **{f"token {number}": token for number, token in enumerate(pairs)},
        **{f"cookie {number}": value for number, value in enumerate(cookies)},
        **{f"form token {number}": value for number, value in enumerate(csrf)},
    }


def forms_of(secret):
    """Return what a careless hand might have written: as it is, in hex, in base 64."""
    plain = secret.encode()
    return [plain, plain.hex().encode(), base64.b64encode(plain).rstrip(b"=")]


@pytest.mark.requirement("O-29", "T-16")
async def test_no_secret_reaches_the_worlds_files_or_the_log(running, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = await walk_everything(running)
    assert len(secrets) >= 13
    directory = running.sandbox.directory
    kept = b"".join(file.read_bytes() for file in directory.iterdir() if file.is_file())
    assert b"persona-shoji" in kept
    assert CHALLENGE.encode() in kept  # the files do hold this very flow
    logged = caplog.text.encode()
    for name, secret in secrets.items():
        for written in forms_of(secret):
            assert written not in kept, name
            assert written not in logged, name


@pytest.mark.requirement("O-29")
async def test_no_pin_stands_in_any_cell_of_the_world(running):
    await walk_everything(running)
    connection = sqlite3.connect(running.sandbox.directory / "default.db")
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema")]
    words = set()
    for table in tables:
        if table.startswith("sqlite_") or not re.fullmatch(r"[a-z_]+", table):
            continue
        if not list(connection.execute(f"PRAGMA table_info({table})")):
            continue
        for row in connection.execute(f"SELECT * FROM {table}"):
            for cell in row:
                text = cell.decode("utf-8", "replace") if isinstance(cell, bytes) else cell
                words.update(re.findall(r"\w+", text) if isinstance(text, str) else [])
    connection.close()
    assert "2345678" in words  # hanako's account number is there, her PIN is not
    assert PIN not in words


@pytest.mark.requirement("O-29")
async def test_no_page_gives_a_typed_secret_back(running):
    async with browsing(running) as browser:
        await browser.open()
        page = await browser.sign_in("taro", pin="98765432")
        assert page.status == 403
        assert "98765432" not in page.text
        await browser.open()
        page = await browser.sign_in("shoji", password=WRONG)
        assert WRONG not in page.text


@pytest.mark.requirement("O-29", "O-16")
async def test_no_error_repeats_what_was_presented(running):
    secret = "presented-Secret-0123456789"
    form = {"grant_type": "authorization_code", "redirect_uri": REDIRECT_URI}
    calls = [
        ("token", {**form, "code": secret}, basic("sandbox-aggregator")),
        ("token", {**form, "code": "x"}, basic("sandbox-aggregator", secret)),
        ("token", {**form, "code": "x", "client_id": "a", "client_secret": secret}, {}),
        ("token", {**form, "code": "x", "code_verifier": secret}, basic("sandbox-aggregator")),
        ("token", {"grant_type": "refresh_token", "refresh_token": secret}, basic("nobody")),
        ("token", {"grant_type": secret}, basic("sandbox-aggregator")),
        ("revoke", {"token": secret}, basic("nobody")),
    ]
    for path, data, headers in calls:
        async with running.http.post(
            f"{running.base}/oauth/{path}", data=data, headers=headers
        ) as answer:
            assert answer.status in (400, 401)
            assert secret not in await answer.text()
    for headers in (bearer(secret), {"Authorization": secret}):
        async with running.http.get(f"{running.base}/accounts", headers=headers) as answer:
            assert answer.status == 401
            assert secret not in await answer.text()
