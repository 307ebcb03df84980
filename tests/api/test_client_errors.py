"""What the client raises: refusals as they are, and nothing else where nobody answers."""

import socket
import threading

import pytest

from sandbox.client import ProblemError, SandboxError, UnknownName, Unreachable
from tests.api.driven import FACES, got
from tests.process import serving

PREFIX = "urn:bank-sandbox:problem:"

faces = pytest.mark.parametrize("face", FACES, ids=["blocking", "asynchronous"])


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def sandbox(request, driven):
    return request.param(driven.control_url)


REFUSALS = [
    (lambda s: s.world("nowhere").describe(), 404, "unknown-world"),
    (lambda s: s.world("a/b?c").clock.get(), 404, "unknown-world"),
    (lambda s: s.worlds.create("Default!"), 422, "world-refused"),
    (lambda s: s.worlds.create("default", seed=99), 409, "world-exists"),
    (lambda s: s.worlds.create("x", from_snapshot="none"), 404, "unknown-snapshot"),
    (lambda s: s.worlds.create("x", clock="sundial"), 422, "invalid-request"),
    (lambda s: s.worlds.delete("default"), 409, "world-refused"),
    (lambda s: s.world().clock.advance("a while"), 422, "invalid-clock"),
    (lambda s: s.world().clock.advance(), 422, "invalid-request"),
    (lambda s: s.world().clock.advance("1d", to="18:00"), 422, "invalid-request"),
    (lambda s: s.world().clock.set("offset"), 422, "invalid-clock"),
    (lambda s: s.world().snapshots.restore("none"), 404, "unknown-snapshot"),
    (lambda s: s.world().snapshots.download("none"), 404, "unknown-snapshot"),
    (lambda s: s.world().snapshots.take("a/b"), 422, "snapshot-refused"),
    (lambda s: s.world().snapshots.upload("x", b"no database"), 422, "snapshot-refused"),
    (lambda s: s.world().reset("everything"), 422, "invalid-request"),
    (lambda s: s.world().tokens.expire("none"), 404, "unknown-subject"),
    (lambda s: s.world().tokens.revoke("none"), 404, "unknown-subject"),
    (lambda s: s.world().grants.expire("none"), 404, "unknown-subject"),
    (lambda s: s.world().grants.revoke("none", lag="soon"), 422, "invalid-request"),
    (lambda s: s.world().tokens.mint("sandbox-aggregator", "nobody"), 404, "unknown-persona"),
    (lambda s: s.world().authorize("nobody", "taro"), 400, "authorization-refused"),
    (lambda s: s.world().authorize("sandbox-aggregator", "taro", bank="x"), 404, "unknown-bank"),
    (lambda s: s.world().authorize("sandbox-aggregator", "lapsed"), 403, "sign-in-refused"),
]


@pytest.mark.parametrize(("ask", "status", "slug"), REFUSALS)
async def test_a_refusal_says_what_and_why(sandbox, ask, status, slug):
    with pytest.raises(ProblemError) as raised:
        await got(ask(sandbox))
    problem = raised.value
    assert (problem.status, problem.type, problem.slug) == (status, PREFIX + slug, slug)
    assert problem.detail
    assert problem.detail in str(problem)


async def test_a_refusal_carries_what_else_the_server_says(sandbox):
    with pytest.raises(ProblemError) as raised:
        await got(sandbox.world().authorize("sandbox-aggregator", "taro", scope="everything"))
    assert raised.value.more["error"] == "invalid_scope"
    assert "error=invalid_scope" in raised.value.more["redirect_to"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: world.bank("nobank"),
        lambda world: world.persona("nobody"),
        lambda world: world.client("no-client"),
        lambda world: world.clients(bank="nobank"),
    ],
)
async def test_an_unknown_name_is_answered_with_those_that_there_are(sandbox, ask):
    with pytest.raises(UnknownName, match=r"but (tomato|taro, hanako|sandbox-aggregator, )") as no:
        await got(ask(sandbox.world()))
    assert isinstance(no.value, LookupError)


@faces
async def test_a_door_with_a_token_is_opened_with_it(face, monkeypatch):
    with serving(SANDBOX_CONTROL_TOKEN="s3cret") as server:
        monkeypatch.delenv("SANDBOX_CONTROL_TOKEN", raising=False)
        for token in (None, "wrong"):
            with pytest.raises(ProblemError) as raised:
                await got(face(server.control_url, token=token).worlds.list())
            assert (raised.value.status, raised.value.slug) == (401, "unauthorized")
        assert await got(face(server.control_url, token="s3cret").worlds.list())
        monkeypatch.setenv("SANDBOX_CONTROL_TOKEN", "s3cret")
        assert await got(face(server.control_url).worlds.list())


@faces
@pytest.mark.parametrize("url", ["nonsense", "ftp://a", "http://", "http://a:x", "http://a:99999"])
def test_what_is_no_address_is_refused_at_once(face, url):
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        face(url)


@faces
async def test_where_nobody_listens_the_client_says_where(face):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(Unreachable, match=f"{url} does not answer") as raised:
        await got(face(url).worlds.list())
    assert isinstance(raised.value, SandboxError)


HEAD = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
REPLIES = [
    b"",
    b"SSH-2.0-x\r\n",
    HEAD % (b"200 OK", 2, b"[]"),
    HEAD % (b"200 OK", 2, b"{}"),
    HEAD % (b"200 OK", 15, b'{"worlds":[{}]}'),
    HEAD % (b"200 OK", 9, b"not json!"),
    HEAD % (b"404 Not Found", 4, b"gone"),
    HEAD % (b"500 Oops", 2, b"[]"),
    HEAD % (b"302 Found", 0, b""),
]


@faces
@pytest.mark.parametrize("reply", REPLIES)
async def test_somebody_else_at_the_address_is_no_sandbox(face, reply):
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        threading.Thread(target=answer_with, args=(other, reply), daemon=True).start()
        with pytest.raises(Unreachable, match=url):
            # aiohttp asks a second time where the first connection is cut.
            await got(face(url, timeout_s=5).worlds.list())


def answer_with(listening: socket.socket, reply: bytes) -> None:
    listening.settimeout(1)
    for _ in range(2):
        try:
            connection, _ = listening.accept()
        except OSError:  # nobody came again
            return
        with connection:
            connection.recv(65_536)
            connection.sendall(reply)


@faces
async def test_a_server_that_is_too_slow_does_not_answer(face):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unreachable, match="does not answer"):
            await got(face(url, timeout_s=0.2).worlds.list())
