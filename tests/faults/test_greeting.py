"""Which clients refuse a listener with broken TLS, and which have not been there at all (C-24)."""

import asyncio
import socket
import ssl
from contextlib import suppress
from functools import partial

import aiohttp
import pytest
import uvloop

from sandbox.web.faults import greeting
from sandbox.web.faults.greeting import HUNG_UP, UNUSED, Greeter, refusal_of
from tests.api.test_worlds import ask
from tests.faults.test_tls_faults import TlsStriker, careless, door
from tests.process import Server, serving

__all__ = ["door"]


def hello() -> bytes:
    """Return how a client of today begins a handshake."""
    sent = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="bank")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


HELLO = hello()


async def checked(door: TlsStriker, **query: str) -> str:
    """Return the verdict of C-24."""
    params = "&".join(f"{name}={value}" for name, value in query.items())
    _, report = await ask(door.running, "GET", f"/default/conduct?{params}")
    (found,) = [each for each in report["checks"] if each["id"] == "C-24"]
    return str(found["verdict"])


async def visited(url: str, *sent: bytes, ends_s: float = 0.0) -> None:
    """Connect to a listener, send what is no TLS, or not much of it, and hang up."""
    port = int(url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in sent:
        writer.write(each)
        await writer.drain()
    await asyncio.sleep(ends_s)
    writer.close()


@pytest.mark.parametrize("sent", [(), (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",), (b"\x00",)])
async def test_who_sends_no_hello_was_not_there(door, sent):
    shown = await door.listen("expired")
    await visited(shown["url"], *sent)
    await asyncio.sleep(0.1)
    assert await door.finding() == ("not_asked", [])
    await door.refused(0)


async def test_nobody_came_and_nothing_is_asked(door):
    await door.listen("expired")
    assert await door.finding() == ("not_asked", [])


async def test_who_hangs_up_in_the_handshake_has_refused(door):
    shown = await door.listen("expired")
    await visited(shown["url"], HELLO)
    (entry,) = await door.refused(1)
    assert (entry["error_code"], entry["method"], entry["bank"]) == (HUNG_UP, "TLS", "")
    assert "status" not in entry
    assert await door.finding() == ("clean", [])


async def test_who_hangs_up_after_it_without_a_word_has_refused_too(door):
    """As clients do that look at the certificate once the handshake is over."""
    shown = await door.listen("wrong_host")
    port = int(shown["url"].rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=careless())
    await door.refused(0)
    writer.close()
    (entry,) = await door.refused(1)
    assert (entry["error_code"], entry["remote"]) == (UNUSED, "127.0.0.1")
    assert await door.finding() == ("clean", [])


async def test_one_that_refuses_excuses_no_other(door):
    shown = await door.listen("self_signed")
    await door.over(shown["url"], door.careful())
    assert await door.finding() == ("clean", [])
    await door.over(shown["url"], careless())
    verdict, (what,) = await door.finding()
    assert (verdict, "self_signed" in what) == ("found", True)


async def test_who_refused_is_nobody_that_the_bank_knows(door):
    """A filter by client leaves handshakes out: whose they were cannot be seen."""
    shown = await door.listen("expired")
    await door.over(shown["url"], door.careful())
    assert await checked(door) == "clean"
    assert await checked(door, client_id="sandbox-aggregator") == "not_asked"
    assert await checked(door, bank="tomato") == "not_asked"


async def test_refused_handshakes_are_no_calls_of_the_other_checks(door):
    shown = await door.listen("expired")
    for _ in range(12):  # more than may be asked for within a minute
        await visited(shown["url"], HELLO)
    await door.refused(12)
    _, report = await ask(door.running, "GET", "/default/conduct")
    assert [each["id"] for each in report["findings"]] == []


@pytest.mark.parametrize("case", ["old_version_off", "client_certificate_missing"])
async def test_a_listener_that_may_be_accepted_asks_nothing(door, case):
    shown = await door.listen(case)
    await visited(shown["url"], HELLO)
    await asyncio.sleep(0.1)
    assert await door.finding() == ("not_asked", [])
    await door.refused(0)


async def test_a_connection_that_the_rule_s_end_cuts_has_refused_nothing(door):
    shown = await door.listen("expired")
    port = int(shown["url"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=careless())
    await door.remove(shown["id"])
    with suppress(OSError):
        assert await reader.read() == b""
    writer.close()
    await door.refused(0)


async def test_the_journal_shows_each_of_them_in_its_table_and_archive(door):
    shown = await door.listen("expired")
    await visited(shown["url"], HELLO)
    await door.refused(1)
    async with door.running.http.get(f"{door.running.control}/journal/export.har") as answer:
        (found,) = [
            each
            for each in (await answer.json(content_type=None))["log"]["entries"]
            if each["request"]["method"] == "TLS"
        ]
    assert found["_error_code"] == HUNG_UP
    for kind in ("html", "junit"):
        url = f"{door.running.control}/conduct?format={kind}"
        async with door.running.http.get(url) as answer:
            assert answer.status == 200


# The pieces


def failed(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (failed("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "certificate_expired"),
        (failed("TLSV1_ALERT_UNKNOWN_CA"), "unknown_ca"),
        (failed("TLSV1_ALERT_USER_CANCELLED"), None),
        (failed("WRONG_VERSION_NUMBER"), None),
        (failed(""), None),
        (ConnectionResetError(), HUNG_UP),
        (ConnectionAbortedError("it takes too long"), None),
        (OSError(), None),
    ],
)
def test_a_handshake_s_end_is_a_refusal_or_none(error, said):
    assert refusal_of(error) == said


class Told:
    def __init__(self) -> None:
        self.told: list[tuple[str, str | None]] = []

    def __call__(self, said: str, address: str | None) -> None:
        self.told.append((said, address))


async def _greeted(*sent: bytes, wait_s: float = 0.1) -> list[tuple[str, str | None]]:
    tell = Told()
    greeter = Greeter(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), asyncio.Protocol, tell)
    port = await greeter.listen("127.0.0.1")
    await visited(f"https://127.0.0.1:{port}", *sent, ends_s=wait_s)
    await asyncio.sleep(0.1)
    await greeter.close()
    return tell.told


async def test_who_says_nothing_for_long_is_let_go(monkeypatch):
    monkeypatch.setattr(greeting, "HELLO_SECONDS", 0.02)
    assert await _greeted() == []


async def test_an_accept_that_fails_is_tried_again(monkeypatch):
    loop = asyncio.get_running_loop()
    real, failures = loop.sock_accept, iter([OSError(24, "too many open files")])

    async def accept(listening: socket.socket):
        for error in failures:
            raise error
        return await real(listening)

    monkeypatch.setattr(greeting, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(loop, "sock_accept", accept)
    assert await _greeted(HELLO[:50]) == [(HUNG_UP, "127.0.0.1")]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])
async def test_it_listens_where_the_door_does(host):
    greeter = Greeter(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), asyncio.Protocol, Told())
    assert await greeter.listen(host) > 0
    await greeter.close()


def test_on_the_loop_that_serves_it_is_the_same():
    """uvloop ends handshakes by the same errors as asyncio does."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(_greeted(HELLO[:50])) == [("hung_up", "127.0.0.1")]
        assert runner.run(_greeted(b"GET /")) == []


@pytest.fixture(scope="module")
def server():
    with serving("--tls", "--tls-port", "0") as found:
        yield found


async def test_the_server_itself_tells_them_apart(server: Server):
    rule = {"effect": {"kind": "tls", "case": "self_signed"}}
    async with aiohttp.ClientSession(f"{server.control_url}/api/v1/worlds/default/") as http:
        async with http.post("faults", json=rule) as answer:
            url = (await answer.json())["url"]
        verdict = partial(_verdict, http)
        assert await verdict() == "not_asked"
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"{url}/healthz")
        assert await verdict("clean") == "clean"
        async with http.get(f"{url}/tomato/", ssl=False) as answer:
            assert answer.status < 500
        assert await verdict("found") == "found"


async def _verdict(http: aiohttp.ClientSession, wanted: str = "") -> str:
    """Return what C-24 says; where another verdict is wanted, a moment later."""
    found = ""
    for _ in range(40):
        async with http.get("conduct") as answer:
            checks = (await answer.json())["checks"]
        (found,) = [each["verdict"] for each in checks if each["id"] == "C-24"]
        if wanted in ("", found):
            break
        await asyncio.sleep(0.05)
    return found
