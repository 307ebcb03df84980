"""``--clients``: a file of clients that the default world and every later one knows."""

import json

import pytest

from sandbox.services.client_files import ENTRIES_MAX, FILE_MAX_BYTES
from sandbox.services.population import load_clients
from sandbox.settings import SettingInvalid
from tests.api.registering import BY_KEY, EC, URI, ask
from tests.process import serving, spawn
from tests.support import AGGREGATOR, basic, run_sandbox

SECRET = "its-own-secret"
APP = {"client_id": "app", "client_secret": SECRET, "redirect_uris": [URI], "client_name": "試験"}
KEYED = {"client_id": "keyed", "redirect_uris": [URI], **BY_KEY}


@pytest.fixture
def file(tmp_path):
    """Write what a test hands in as the file, and return its path."""

    def write(document):
        path = tmp_path / "clients.json"
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        path.write_bytes(text)
        return str(path)

    return write


@pytest.fixture
def data(tmp_path):
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


async def error_of_token_call(running, world="default"):
    prefix = "" if world == "default" else f"/w/{world}"
    url = running.base.replace(running.url, running.url + prefix) + "/oauth/token"
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    async with running.http.post(url, data=form, headers=basic("app", SECRET)) as answer:
        return (await answer.json())["error"]


async def listed(running, world="default"):
    url = f"{running.sandbox.control_url}/api/v1/worlds/{world}"
    async with running.http.get(url) as answer:
        return {each["client_id"]: each for each in (await answer.json())["banks"][0]["clients"]}


@pytest.mark.parametrize("document", [APP, [APP], [KEYED, APP]], ids=["one", "a list", "two"])
async def test_the_default_world_and_every_later_one_knows_them(data, file, document):
    async with run_sandbox(data, clients=file(document)) as running:
        url = f"{running.sandbox.control_url}/api/v1/worlds"
        async with running.http.post(url, json={"name": "green"}) as answer:
            assert answer.status == 200
        for world in ("default", "green"):
            assert await error_of_token_call(running, world) == "invalid_grant"
            clients = await listed(running, world)
            assert clients["app"]["client_secret"] == SECRET
        _, body = await ask(running, "GET", "?bank=tomato")
        mine = [document] if isinstance(document, dict) else document
        ids = [each.client_id for each in load_clients("tomato")]
        assert [each["client_id"] for each in body["clients"]] == [
            *ids,
            *(entry["client_id"] for entry in mine),
        ]
        assert all(each["is_ready"] for each in body["clients"])


async def test_a_reset_brings_them_back_and_a_fork_knows_them(data, file):
    async with run_sandbox(data, clients=file(APP)) as running:
        await ask(running, "PUT", "/app", {"redirect_uris": ["https://other.example/"]})
        async with running.http.post(f"{running.control}/reset", json={"what": "all"}) as answer:
            assert answer.status == 200
        assert (await ask(running, "GET", "/app"))[1]["redirect_uris"] == [URI]


async def test_a_world_of_before_learns_them_at_the_start_and_keeps_their_status(data, file):
    async with run_sandbox(data) as running:
        assert "app" not in await listed(running)
    for round_ in range(2):
        async with run_sandbox(data, clients=file(APP)) as running:
            assert await error_of_token_call(running) == (
                "invalid_client" if round_ else "invalid_grant"
            )
            version = "SELECT version FROM world"
            before = await running.sandbox.world.database.fetch(version)
            await running.sandbox.worlds.apply_clients(running.sandbox.world)
            assert await running.sandbox.world.database.fetch(version) == before
            await ask(running, "POST", "/app/block")
    changed = {**APP, "client_name": "改名"}
    async with run_sandbox(data, clients=file(changed)) as running:
        _, shown = await ask(running, "GET", "/app")
        assert (shown["client_name"], shown["status"]) == ("改名", "blocked")


async def test_a_file_of_another_content_makes_other_templates(data, file, tmp_path):
    for name in ("一", "二"):
        directory = tmp_path / name
        directory.mkdir()
        clients = file({**APP, "client_name": name})
        async with run_sandbox(directory, clients=clients) as running:
            assert (await listed(running))["app"]["provider_name"] == name


async def test_without_an_id_one_is_drawn_that_stays(data, file):
    entry = {name: value for name, value in KEYED.items() if name != "client_id"}
    ids = []
    for _ in range(2):
        async with run_sandbox(data, clients=file(entry)) as running:
            _, body = await ask(running, "GET", "?bank=tomato")
            ids.append([each["client_id"] for each in body["clients"]])
    assert ids[0] == ids[1]
    assert ids[0][-1].startswith("client-")


PRIVATE = {**EC, "d": "x" * 43}
REFUSED = {
    "no file": (None, "No such file"),
    "no JSON": (b"{", "not JSON"),
    "no UTF-8": (b"\xff\xfe\x00", "not JSON"),
    "too deep": (b"[" * 100_000, "not JSON"),
    "nothing": ([], f"1 to {ENTRIES_MAX}"),
    "too many": ([APP] * (ENTRIES_MAX + 1), f"1 to {ENTRIES_MAX}"),
    "too long": (b" " * (FILE_MAX_BYTES + 1), f"longer than {FILE_MAX_BYTES}"),
    "no object": ([APP, "x"], "client 2: 'x' is not of type 'object'"),
    "a number": (5, "client 1: 5 is not of type 'object'"),
    "a wrong type": ([{**APP, "redirect_uris": URI}], "client 1 (app): redirect_uris: "),
    "a typing error": ([{**APP, "redirecturis": []}], "there is no metadata redirecturis: see"),
    "a bank": ({**APP, "bank": "orange"}, "there is no bank 'orange', but tomato"),
    "no redirect URI": ({**APP, "redirect_uris": []}, "redirect_uris is required"),
    "http": ({**APP, "redirect_uris": ["http://a.example"]}, "(invalid_redirect_uri)"),
    "a scope": ({**APP, "scope": "transfers"}, "no scope transfers"),
    "no secret": ([KEYED, {"redirect_uris": [URI]}], "client 2: client_secret is missing"),
    "a secret for a key": ({**KEYED, "client_secret": SECRET}, "needs no client_secret"),
    "a private key": ({**KEYED, "jwks": {"keys": [PRIVATE]}}, "client 1 (keyed): jwks: "),
    "a name twice": ([APP, APP], "client_id 'app' is client 1 (app)'s: take another"),
    "a ready client's name": (
        {**APP, "client_id": AGGREGATOR},
        f"client_id '{AGGREGATOR}' is a ready client's: take another",
    ),
}


@pytest.mark.parametrize(("document", "text"), REFUSED.values(), ids=REFUSED)
async def test_what_makes_no_sense_keeps_the_server_from_starting(data, file, document, text):
    path = str(data / "nowhere.json") if document is None else file(document)
    with pytest.raises(SettingInvalid) as refused:
        async with run_sandbox(data, clients=path):
            raise AssertionError("it started")
    assert str(refused.value).startswith(f"--clients {path}: ")
    assert text in str(refused.value)


async def test_as_many_as_may_be_are_taken(data, file):
    entries = [{**APP, "client_id": f"app-{number}"} for number in range(ENTRIES_MAX)]
    async with run_sandbox(data, clients=file(entries)) as running:
        _, body = await ask(running, "GET", "?bank=tomato")
        assert len(body["clients"]) == ENTRIES_MAX + len(load_clients("tomato"))


def test_the_command_says_what_is_wrong_and_ends(file):
    process = spawn("--clients", file({**APP, "scope": "transfers"}))
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (2, "")
    assert "client 1 (app): the bank knows no scope transfers" in errors
    assert "Traceback" not in errors


def test_the_variable_names_the_file_too(file):
    with serving(SANDBOX_CLIENTS=file(APP)) as server:
        from sandbox.client import Sandbox

        assert Sandbox(server.control_url).world().client("app").client_secret == SECRET
