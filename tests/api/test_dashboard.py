"""The control door's pages: what they show, what they never show, and who may open them."""

import asyncio
import re
from base64 import b64encode
from hashlib import sha256

import pytest

from sandbox.web.control.glance import CALLS_SHOWN, acts, countdown
from tests.support import NOW, bearer, run_sandbox

PAGES = ("/", "/docs", "/worlds/default")
TOKEN = "control-token-of-the-test"


async def opened(running, path, **headers):
    """Open a page of the control door and return status, text and headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with running.http.get(running.sandbox.control_url + path, headers=named) as answer:
        return answer.status, await answer.text(), answer.headers


async def told(running, path, body, method="POST"):
    async with running.http.request(method, running.control + path, json=body) as answer:
        assert answer.status < 300, await answer.text()
        return await answer.json()


# What is shown


async def test_the_first_page_lists_the_worlds_with_their_clocks(running):
    async with running.http.post(
        f"{running.sandbox.control_url}/api/v1/worlds",
        json={"name": "green", "seed": 7, "clock": {"mode": "frozen", "at": "2026-12-01T09:00"}},
    ) as answer:
        assert answer.status == 200
    status, page, _ = await opened(running, "/")
    assert status == 200
    for part in ('href="/worlds/default"', 'href="/worlds/green"', "2026-11-16 10:00:00"):
        assert part in page
    assert "2026-12-01 09:00:00" in page
    assert "停止" in page


async def test_a_closed_world_is_listed_and_not_opened(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, most_open_worlds="2") as running:
        url = f"{running.sandbox.control_url}/api/v1/worlds"
        for name in ("one", "two"):
            async with running.http.post(url, json={"name": name, "personas": ["taro"]}) as answer:
                assert answer.status == 200
        before = set(running.sandbox.worlds.running)
        status, page, _ = await opened(running, "/")
        assert status == 200
        assert page.count("休止中") == 3 - len(before) > 0
        assert set(running.sandbox.worlds.running) == before


async def test_a_world_shows_clock_banks_clients_and_log_ins(running):
    _, page, _ = await opened(running, "/worlds/default")
    for part in (
        NOW[:10] + " " + NOW[11:19],
        f"{running.url}/tomato",
        f"{running.url}/web21/openapi.json",
        "sandbox-aggregator-secret",
        "http://localhost:8000/callback",
        "account_number=1234567",
        "shoji_maker",
    ):
        assert part in page, part


async def test_the_last_calls_are_there_with_status_reason_and_fault(running):
    tokens = await running.log_in()
    await running.get("/accounts", "no-such-token")
    rule = {"effect": {"kind": "status", "status": 503}, "times": 1}
    fault = await told(running, "/faults", rule)
    await running.get("/accounts", tokens["access_token"])
    _, page, _ = await opened(running, "/worlds/default")
    assert "GET /tomato/parasol/v1/banks/0566/accounts" in page
    assert re.search(r'class="status s4">401</td><td class="wide">invalid_token unknown', page)
    assert re.search(rf'class="status s5">503</td>.*{fault["id"]}', page)
    assert page.index(">503<") < page.index(">401<"), "the newest stands first"


async def test_fault_rules_are_in_a_banner_with_the_time_that_is_left(running):
    rule = {"effect": {"kind": "status", "status": 503}, "match": {"bank": "tomato"}, "ttl": "90s"}
    await told(running, "/faults", rule)
    await told(running, "/faults", {"effect": {"kind": "reset"}, "ttl": "0s", "times": 2})
    _, page, _ = await opened(running, "/worlds/default")
    assert "有効な障害ルール：2件" in page
    assert re.search(r"<code>status</code> .*tomato.* <strong>残り 1:(30|2\d)</strong>", page)
    assert "自動では終わりません" in page
    assert "0 / 2回" in page
    assert "使い切り" not in page
    await told(running, "/faults", None, "DELETE")
    assert "有効な障害ルール" not in (await opened(running, "/worlds/default"))[1]


async def test_a_rule_that_has_struck_as_often_as_it_may_is_listed_and_not_in_force(running):
    await told(running, "/faults", {"effect": {"kind": "status", "status": 503}, "times": 1})
    assert "有効な障害ルール：1件" in (await opened(running, "/worlds/default"))[1]
    await running.get("/accounts", "no-such-token")
    _, page, _ = await opened(running, "/worlds/default")
    assert "有効な障害ルール" not in page
    assert re.search(r"<td>1 / 1回</td><td>使い切り</td>", page)


@pytest.mark.parametrize(
    ("left_ms", "shown"),
    [
        (0, "0:00"),
        (-5, "0:00"),
        (1, "0:01"),
        (59_999, "1:00"),
        (60_000, "1:00"),
        (61_001, "1:02"),
        (3_599_000, "59:59"),
        (3_600_000, "1:00:00"),
        (90_061_000, "25:01:01"),
    ],
)
def test_a_countdown_reads_as_a_clock(left_ms, shown):
    assert countdown(left_ms) == shown


async def test_stops_are_shown_while_they_hold_and_before_and_not_after(running):
    await told(running, "/maintenance", {"bank": "tomato", "kind": "outage", "for": "30m"})
    later = {"bank": "web21", "from": "2026-11-20T01:00", "until": "2026-11-20T03:00"}
    await told(running, "/maintenance", later | {"announce": {}})
    _, page, _ = await opened(running, "/worlds/default")
    assert "停止中：1件" in page
    for part in ("障害停止", "計画停止", "2026-11-20 01:00:00", "システムメンテナンス"):
        assert part in page
    await running.advance("31m")
    _, page, _ = await opened(running, "/worlds/default")
    assert "停止中：1件" not in page
    assert "障害停止" not in page
    assert "計画停止" in page


async def test_what_comes_is_told_by_its_kind(running):
    _, page, _ = await opened(running, "/worlds/default")
    assert re.search(r"<code>closing_run</code></td><td><time [^>]*>2026-11-17 00:00:00", page)


async def test_grants_and_tokens_are_those_that_live(running):
    kept, gone = await running.log_in(), await running.log_in("hanako")
    del kept
    async with running.http.get(f"{running.control}/grants?persona=hanako") as answer:
        grant = (await answer.json())["grants"][0]["grant_id"]
    async with running.http.get(f"{running.control}/tokens?grant_id={grant}") as answer:
        token = (await answer.json())["tokens"][0]["id"]
    _, page, _ = await opened(running, "/worlds/default")
    assert page.count(grant) == 3, "the grant, and its two tokens"
    assert token in page
    await told(running, f"/grants/{grant}/revoke", {})
    _, page, _ = await opened(running, "/worlds/default")
    assert f"<code>{grant}</code>" not in page
    assert f"<code>{token}</code>" not in page
    assert gone["access_token"] not in page
    await running.advance("91d")
    _, page, _ = await opened(running, "/worlds/default")
    live = page.partition("有効なアクセス許可")[2].partition("</h2>")[2].partition("<h2>")[0]
    assert "ありません。" in live


async def test_no_token_code_or_typed_secret_is_on_the_page(running):
    consent = await running.authorize()
    _, tokens, _ = await running.exchange(consent["code"])
    await running.get(f"/accounts?access_token={tokens['access_token']}")
    await running.refresh(tokens["refresh_token"])
    await told(running, "/bank/tomato/revoke", {"client_id": "sandbox-aggregator"})
    _, page, _ = await opened(running, "/worlds/default")
    assert "access_token=***" in page
    for secret in (consent["code"], tokens["access_token"], tokens["refresh_token"]):
        assert secret not in page


async def test_what_a_caller_writes_is_text_on_the_page(running):
    path = "/tomato/parasol/v1/banks/0566/accounts?x=%3Cscript%3Ealert(1)%3C/script%3E"
    async with running.http.get(running.url + path):
        await asyncio.sleep(0)
    effect = {"kind": "status", "status": 503, "message": "<img src=x>"}
    await told(running, "/faults", {"effect": effect})
    _, page, _ = await opened(running, "/worlds/default")
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


# Pages of people: languages, refreshing, links


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_is_japanese_and_english(running, path):
    _, page, headers = await opened(running, path)
    assert '<html lang="ja">' in page
    assert headers["Content-Language"] == "ja"
    _, page, headers = await opened(running, f"{path}?lang=en")
    assert '<html lang="en">' in page
    assert headers["Content-Language"] == "en"
    assert 'href="/?lang=en"' in page, "the choice goes on with the links: there is no cookie"


@pytest.mark.parametrize(
    ("query", "seconds"), [("", None), ("5", "5"), ("30", "30"), ("1", None), ("5;url=//x", None)]
)
async def test_a_page_refreshes_only_as_often_as_is_offered(running, query, seconds):
    _, page, _ = await opened(running, f"/worlds/default?refresh={query}")
    found = re.findall(r'http-equiv="refresh" content="([^"]*)"', page)
    assert found == ([] if seconds is None else [seconds])


async def test_every_link_of_a_page_opens(running):
    await running.log_in()
    for path in (*PAGES, "/worlds/default?lang=en"):
        _, page, _ = await opened(running, path)
        for target in set(re.findall(r'href="([^"#][^"]*)"', page)):
            if target.startswith("data:"):
                continue
            url = target if "://" in target else running.sandbox.control_url + target
            async with running.http.get(url.replace("&amp;", "&")) as answer:
                assert answer.status == 200, target


# What can be done is written down, and works


def test_every_line_names_its_world_and_sends_the_token_where_one_is_asked_for():
    for act in acts("http://127.0.0.1:1", "green", is_guarded=True):
        assert all("green" in line for line in act.lines)
        curls = [line for line in act.lines if line.startswith("curl")]
        assert curls
        assert all("$SANDBOX_CONTROL_TOKEN" in line for line in curls)
    for act in acts("http://127.0.0.1:1", "green", is_guarded=False):
        assert not any("TOKEN" in line for line in act.lines)


def test_a_strange_host_cannot_write_a_command():
    for act in acts("http://x;reboot", "green", is_guarded=False):
        assert all(
            not re.search(r"[^'\w/.:]http://x;|control http://x;", each) for each in act.lines
        )


async def test_the_lines_for_the_shell_do_what_they_say(running):
    for act in acts(running.sandbox.control_url, "default", is_guarded=False):
        for line in act.lines:
            command = line.replace("curl -s", "curl -sf")
            process = await asyncio.create_subprocess_shell(
                f'PATH="$PWD/.venv/bin:$PATH"; {command}',
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
            assert process.returncode == 0, f"{line}\n{output.decode()}"


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_has_anything_to_press(running, path):
    _, page, _ = await opened(running, path)
    for word in ("<form", "<button", "<input", "<script", "onclick", "javascript:"):
        assert word not in page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_pages_are_only_read(running, path, method):
    url = running.sandbox.control_url + path
    async with running.http.request(method, url, json={}) as answer:
        assert answer.status == 405
        assert answer.content_type == "application/problem+json"


# The fences


@pytest.mark.parametrize("path", [*PAGES, "/worlds/nobody"])
async def test_pages_are_neither_framed_nor_kept_nor_scripted(running, path):
    _, page, headers = await opened(running, path)
    (text,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = b64encode(sha256(text.encode()).digest()).decode()
    policy = headers["Content-Security-Policy"].split("; ")
    assert set(policy) == {
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    }
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Set-Cookie" not in headers
    assert not re.search(r'(src|href)="(https?:)?//(?!127\.0\.0\.1)', page), "nothing from outside"


REFUSED = [
    ("unknown-host", {"Host": "rebound.example:8081"}),
    ("cross-origin", {"Origin": "https://evil.example"}),
    ("cross-origin", {"Sec_Fetch_Site": "cross-site"}),
    ("cross-origin", {"Sec_Fetch_Site": "same-site"}),
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("slug", "headers"), REFUSED)
async def test_a_stranger_gets_a_page_that_tells_nothing(running, path, slug, headers):
    status, page, _ = await opened(running, path, **headers)
    assert status == 403
    assert f"403 {slug}" in page
    for word in ("sandbox-aggregator", "/api/v1/worlds", "2026-11-16"):
        assert word not in page


async def test_a_host_is_shown_as_text(running):
    _, page, _ = await opened(running, "/", Host='a.b"><script>')
    assert "<script" not in page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}"])
async def test_a_door_with_a_token_says_how_to_pass_it_and_no_more(
    tmp_path, template, path, header
):
    async with run_sandbox(tmp_path, template=template, control_token=TOKEN) as running:
        status, page, headers = await opened(running, path, Authorization=header)
        assert status == 401
        assert "Authorization: Bearer" in page
        assert "WWW-Authenticate" not in headers
        for word in (TOKEN, "sandbox-aggregator", 'href="/worlds/default"', "2026-11-16"):
            assert word not in page
        status, page, _ = await opened(running, path, **bearer(TOKEN))
        assert status == 200
        assert TOKEN not in page


async def test_an_unknown_world_has_a_page_too(running):
    status, page, _ = await opened(running, "/worlds/nobody")
    assert status == 404
    assert "404 unknown-world" in page
    assert 'href="/"' in page


@pytest.mark.parametrize("name", ["%00", "..%2f..", "%e3%81%82", "a" * 300, "%ff", "<b>"])
async def test_no_name_of_a_world_breaks_the_page(running, name):
    status, page, _ = await opened(running, f"/worlds/{name}")
    assert status == 404
    assert "<b>" not in page


# Many worlds, many calls


async def test_two_hundred_worlds_and_a_long_journal_are_no_burden(tmp_path, template):
    for number in range(200):
        (tmp_path / f"w{number}.db").write_bytes(b"")
    async with run_sandbox(tmp_path, template=template) as running:
        tokens = await running.log_in()
        for _ in range(30):
            calls = (running.get("/accounts", tokens["access_token"]) for _ in range(20))
            await asyncio.gather(*calls)
        looked: list[str] = []
        database = running.sandbox.world.database
        fetch = database.fetch

        async def watched(sql, *values):
            looked.append(sql)
            return await fetch(sql, *values)

        database.fetch = watched
        status, page, _ = await opened(running, "/worlds/default")
        assert status == 200
        assert page.count('class="status ') == CALLS_SHOWN
        tables = "journal|token|access_grant|agenda|transfer_request"
        many, endless = (re.compile(rf"FROM ({tables})\b{end}") for end in ("", r"(?![^()]*LIMIT)"))
        assert {found[1] for sql in looked for found in many.finditer(sql)} == {*tables.split("|")}
        assert [sql for sql in looked if endless.search(sql)] == []
        status, page, _ = await opened(running, "/")
        assert (status, page.count("休止中")) == (200, 200)
