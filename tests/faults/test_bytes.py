"""What effects on the bytes really put on the connection, read by a bare socket."""

import asyncio
import json

import pytest

from tests.faults.striking import timed


def parts_of(answer: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Return status line, headers by lower-case name, body."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    pairs = (line.decode().partition(": ") for line in lines)
    return status, {name.lower(): value for name, _, value in pairs}, body


async def usual(striker) -> bytes:
    """Return the body that goes out without a rule."""
    async with striker.running.http.get(
        striker.url, headers={"Authorization": f"Bearer {striker.token}"}
    ) as answer:
        return await answer.read()


@pytest.mark.requirement("T-32")
@pytest.mark.parametrize("stage", ["before", "after_commit"])
async def test_an_empty_close_sends_nothing_and_a_reset_resets(striker, stage):
    for method in ("GET", "POST"):
        fault = await striker.add("empty_close", {"stage": stage})
        assert await striker.raw(method=method) == b""
        await striker.remove(fault)
        fault = await striker.add("reset", {"stage": stage})
        assert await striker.raw(method=method) == b"RST"
        await striker.remove(fault)


async def test_a_refused_connection_is_reset_before_it_says_a_word(striker):
    fault = await striker.add("refuse_connections", {"match": {"address": "127.0.0.1"}})
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(striker))
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    assert (await striker.show(fault))["struck"] == 1
    other = await striker.add("refuse_connections", {"match": {"address": "192.0.2.1"}})
    await striker.remove(fault)
    assert await striker.statuses(1) == [200]
    assert (await striker.show(other))["seen"] == 0


@pytest.mark.parametrize("size", [10, 3_000_000])
async def test_an_empty_close_is_no_reset_however_much_was_sent(striker, size):
    await striker.add("empty_close")
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(striker))
    path = f"{striker.url}/oauth/token".removeprefix(striker.running.url)
    head = f"POST {path} HTTP/1.1\r\nHost: bank\r\nContent-Length: {size}\r\n\r\n"
    writer.write(head.encode() + b"x" * size)
    assert await reader.read(-1) == b""
    writer.close()


async def test_a_reset_while_replying_comes_after_the_head_and_half_the_body(striker):
    await striker.add("reset", {"stage": "reply"})
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(striker))
    writer.write(request_of(striker))
    found, is_reset = b"", False
    try:
        while piece := await reader.read(65_536):
            found += piece
    except ConnectionResetError:
        is_reset = True
    assert is_reset, "closed, not reset"
    writer.close()
    status, headers, body = parts_of(found)
    assert status == b"HTTP/1.1 200 OK"
    assert len(body) == int(headers["content-length"]) // 2


def port_of(striker) -> int:
    return int(striker.running.url.rpartition(":")[2])


def request_of(striker) -> bytes:
    path = striker.url.removeprefix(striker.running.url)
    head = f"GET {path} HTTP/1.1\r\nHost: bank\r\nAuthorization: Bearer {striker.token}\r\n\r\n"
    return head.encode()


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ({}, 0.5),
        ({"fraction": 0.1}, 0.1),
        ({"fraction": 0}, 0),
        ({"bytes": 0}, 0),
        ({"bytes": 7}, 7),
        ({"bytes": 10**8}, -1),
    ],
)
async def test_a_truncated_body_keeps_its_full_length_in_the_head(striker, cut, kept):
    body = await usual(striker)
    await striker.add("truncated_body", **cut)
    _, headers, found = parts_of(await striker.raw())
    assert int(headers["content-length"]) == len(body)
    expected = {-1: len(body) - 1, 7: 7}.get(kept, int(len(body) * kept))
    assert len(found) == expected
    assert body.startswith(found)


async def test_a_malformed_chunk_stands_behind_a_good_one(striker):
    body = await usual(striker)
    await striker.add("malformed_chunk")
    _, headers, found = parts_of(await striker.raw())
    assert headers["transfer-encoding"] == "chunked"
    assert "content-length" not in headers
    size, _, rest = found.partition(b"\r\n")
    assert rest.startswith(body[: int(size, 16)] + b"\r\nzz\r\n")


@pytest.mark.parametrize("count", [1, 64, 65_536])
async def test_random_bytes_are_as_many_as_asked_for_and_the_same_for_the_same_call(striker, count):
    rule = {"times": 1, "seed": 5}
    found = []
    for _ in range(2):
        fault = await striker.add("random_bytes", rule, bytes=count)
        found.append(await striker.raw())
        await striker.remove(fault)
    assert len(found[0]) == count
    assert found[0] == found[1]


async def test_dribble_and_bandwidth_send_all_of_it_slowly(striker):
    body = await usual(striker)
    await striker.add("dribble", {"times": 1}, chunks=5, total_ms=200)
    async with timed() as taken:
        assert parts_of(await striker.raw())[2] == body
    assert 0.2 <= taken[0] < 2
    await striker.add("bandwidth", {"times": 1}, kb_per_s=4)
    async with timed() as taken:
        answer = await striker.raw()
    assert parts_of(answer)[2] == body
    assert len(answer) / 4096 * 0.9 <= taken[0] < 5


async def test_slow_headers_send_the_status_line_alone_first(striker):
    await striker.add("slow_headers", pause_ms=150)
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(striker))
    writer.write(request_of(striker))
    assert await reader.read(1000) == b"HTTP/1.1 200 OK\r\n"
    async with timed() as taken:
        rest = await reader.read(-1)
    assert taken[0] >= 0.1
    assert rest.endswith(b"}")
    writer.close()


async def test_a_slow_close_has_no_length_and_ends_late(striker):
    body = await usual(striker)
    await striker.add("slow_close", delay_ms=150)
    async with timed() as taken:
        _, headers, found = parts_of(await striker.raw())
    assert taken[0] >= 0.15
    assert "content-length" not in headers
    assert found == body


async def test_a_harmed_answer_keeps_its_headers_and_names_the_rule(striker):
    fault = await striker.add("truncated_body", fraction=0.9)
    _, headers, _ = parts_of(await striker.raw())
    assert headers["x-sandbox-fault"] == fault
    assert headers["server"] == "bank-sandbox"
    assert headers["cache-control"] == "no-store"
    assert headers["date"] == "Mon, 16 Nov 2026 01:00:00 GMT"
    assert headers["connection"] == "close"


async def test_pages_and_cookies_can_be_harmed_too(striker):
    query = "response_type=code&client_id=sandbox-aggregator&scope=accounts&state=s"
    path = f"/oauth/auth?{query}&redirect_uri=http://localhost:8000/callback"
    await striker.add("dribble", total_ms=20)
    status, _, headers = await striker.call(path)
    assert status in (200, 302, 303)
    assert "Set-Cookie" in headers


async def test_an_answer_without_json_is_left_as_it_is_by_effects_on_json(striker):
    change = [{"pointer": "/a", "op": "add", "to": 1}]
    await striker.add("schema_drift", changes=change)
    status, body, _ = await striker.call("/oauth/auth")
    assert (status, body) == (400, None)
    assert json.loads(await usual(striker))["a"] == 1
