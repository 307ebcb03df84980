"""What was secret in a call is nowhere in its journal: answers, archive, file and log."""

import json
import logging
import re

import pytest
from jsonschema import Draft202012Validator

from sandbox.resources import data_root
from tests.api.test_authorize_secrets import forms_of, walk_everything
from tests.journals import address, entries, har
from tests.support import AGGREGATOR, BASE, CHALLENGE, basic, bearer, secret_of


async def everything_shown(running):
    """Return all that the journal says, by every way it is said."""
    texts = []
    for tail in ("?limit=1000", "?last=1000", "/export.har"):
        async with running.http.get(address(running, tail=tail)) as answer:
            assert answer.status == 200
            texts.append(await answer.text())
    await running.sandbox.world.journal.flush()
    files = [f.read_bytes() for f in running.sandbox.directory.iterdir() if f.is_file()]
    return "".join(texts).encode(), b"".join(files)


@pytest.mark.requirement("T-16", "O-29")
async def test_no_secret_of_a_whole_flow_is_in_the_journal(running, caplog):
    caplog.set_level(logging.DEBUG)
    secrets = await walk_everything(running)
    assert len(secrets) >= 13
    shown, kept = await everything_shown(running)
    assert shown.count(b"***") > 20
    assert CHALLENGE.encode() in shown  # it does tell of this very flow
    for name, secret in secrets.items():
        for written in forms_of(secret):
            assert written not in shown, name
            assert written not in kept, name
            assert written not in caplog.text.encode(), name


@pytest.mark.requirement("T-16")
async def test_no_pin_is_in_the_journal(running):
    await walk_everything(running)
    shown, _ = await everything_shown(running)
    words = set(re.findall(rb"\w+", shown))
    assert b"2345678" in words  # hanako's account number is there, her PIN is not
    assert b"2345" not in words


@pytest.mark.requirement("T-16", "O-29")
async def test_a_token_is_masked_wherever_a_client_has_put_it(running):
    token = (await running.log_in("taro"))["access_token"]
    odd = [
        ("GET", f"/accounts?access_token={token}", {}),
        ("GET", f"/accounts?q={token}", {}),
        ("GET", f"/accounts/{token}", {}),
        ("GET", f"/accounts/{token.replace('-', '%2D').replace('_', '%5F')}", {}),
        ("GET", "/accounts", {"User-Agent": token, "X-Client-Id": token}),
        ("GET", "/accounts", {"Referer": token, "Cookie": f"a={token}", "X-Other": token}),
        ("POST", "/oauth/token", {"Authorization": f"Basic {token}"}),
        ("GET", f"/oauth/auth?client_id={token}&state={token}", {}),
    ]
    for method, path, headers in odd:
        url = f"{running.base}{path}"
        headers = {**bearer(token), **headers}
        async with running.http.request(method, url, headers=headers) as answer:
            await answer.read()
    forms = [{"grant_type": token, "surprise": token}, {"client_id": token}, {token: "x"}]
    for form in forms:
        async with running.http.post(f"{running.base}/oauth/token", data=form) as answer:
            await answer.read()
    assert len(await entries(running, limit=1000)) == 1 + len(odd) + len(forms)
    shown, kept = await everything_shown(running)
    for part in (token, token[8:30], token[20:]):
        assert part.encode() not in shown
        assert part.encode() not in kept


@pytest.mark.requirement("T-16")
async def test_a_body_of_an_unknown_kind_is_not_kept(running):
    data, headers = b"client_secret: hush-hush", {"Content-Type": "text/plain"}
    async with running.http.post(f"{running.base}/oauth/token", data=data, headers=headers) as no:
        assert no.status == 400
    (entry,) = await entries(running)
    assert "hush" not in json.dumps(entry)


# The archive


TEXT, NUMBER, LIST = str, (int, float), list
REQUEST = {
    "method": TEXT,
    "url": TEXT,
    "httpVersion": TEXT,
    "cookies": LIST,
    "headers": LIST,
    "queryString": LIST,
    "headersSize": NUMBER,
    "bodySize": NUMBER,
}
RESPONSE = {
    "status": NUMBER,
    "statusText": TEXT,
    "httpVersion": TEXT,
    "cookies": LIST,
    "headers": LIST,
    "content": dict,
    "redirectURL": TEXT,
    "headersSize": NUMBER,
    "bodySize": NUMBER,
}
ENTRY = {
    "startedDateTime": TEXT,
    "time": NUMBER,
    "request": dict,
    "response": dict,
    "cache": dict,
    "timings": dict,
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def check_shape(value, shape, optional=()):
    own = {name for name in value if not name.startswith("_")}
    assert set(shape) <= own <= set(shape) | set(optional)
    for name, kind in shape.items():
        assert isinstance(value[name], kind), name


def check_entry(entry):
    check_shape(entry, ENTRY)
    check_shape(entry["request"], REQUEST, optional=("postData",))
    check_shape(entry["response"], RESPONSE)
    check_shape(entry["response"]["content"], {"size": NUMBER, "mimeType": TEXT}, ("text",))
    check_shape(entry["timings"], {"send": NUMBER, "wait": NUMBER, "receive": NUMBER})
    if "postData" in entry["request"]:
        check_shape(entry["request"]["postData"], {"mimeType": TEXT, "text": TEXT})
    pairs = [*entry["request"]["headers"], *entry["response"]["headers"]]
    for pair in [*pairs, *entry["request"]["queryString"]]:
        check_shape(pair, {"name": TEXT, "value": TEXT})
    assert MOMENT.fullmatch(entry["startedDateTime"])
    assert entry["time"] == sum(entry["timings"].values())


async def test_the_archive_has_the_shape_that_har_asks_for(running):
    await walk_everything(running)
    await running.get("/accounts/%ff?x=%ff&y=&y=2", "x")
    log = await har(running)
    schema = json.loads((data_root() / "schemas" / "control" / "har.json").read_text("utf-8"))
    Draft202012Validator(schema).validate({"log": log})
    check_shape(log, {"version": TEXT, "creator": dict, "entries": LIST})
    check_shape(log["creator"], {"name": TEXT, "version": TEXT})
    assert log["version"] == "1.2"
    for entry in log["entries"]:
        check_entry(entry)
    told = await entries(running, limit=1000)
    assert [entry["_id"] for entry in log["entries"]] == [entry["id"] for entry in told]
    assert {entry["request"]["url"].partition(BASE)[0] for entry in log["entries"]} == {running.url}
    redirects = [e for e in log["entries"] if e["response"]["status"] in (302, 303)]
    assert all(entry["response"]["redirectURL"] for entry in redirects)


async def test_the_archive_takes_the_filters_of_the_list(running):
    await running.get("/accounts")
    await running.token(grant_type="x", code=secret_of(AGGREGATOR))
    assert basic(AGGREGATOR)["Authorization"].split()[1] not in json.dumps(await har(running))
    (entry,) = (await har(running, operation="token"))["entries"]
    assert entry["request"]["postData"]["text"] == "grant_type=x&code=***"
    assert (await har(running, operation="nothing"))["entries"] == []
