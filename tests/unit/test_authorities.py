"""Certificate authorities are read with the first connection, and then they count as ever."""

import asyncio
import ssl
import sys

import pytest

from sandbox.cli.authorities import LateContext, read_late
from tests.tls import foreign, tls_door

# The context is aiohttp's own, made while it is imported, and the loop is the server's.
CLIENT = """
import asyncio, sys
from sandbox.cli.authorities import LateContext, read_late
with read_late():
    import aiohttp, aiohttp.connector as connector
kinds = {type(value) for value in vars(connector).values() if hasattr(value, "wrap_bio")}
assert LateContext in kinds, kinds
import uvloop

async def ask():
    async with aiohttp.ClientSession() as http:
        try:
            async with http.get(sys.argv[1]) as answer:
                print(answer.status)
        except aiohttp.ClientConnectorCertificateError:
            print("refused")

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(ask())
"""


@pytest.fixture
async def door(tmp_path, monkeypatch):
    """Return a door whose CA, as a file, is the only one that the machine trusts."""
    async with tls_door(tmp_path) as found:
        trusted = tmp_path / "machine.pem"
        trusted.write_text(found.tls.ca_pem)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
        yield found


def known(context):
    return context.cert_store_stats()["x509_ca"]


def late():
    with read_late():
        return ssl.create_default_context()


def shaken(context):
    return context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="localhost")


async def test_nobody_is_read_before_the_first_connection(door):
    context = late()
    assert (type(context), known(context)) == (LateContext, 0)
    shaken(context)
    assert known(context) == 1


async def test_they_are_read_once(door, tmp_path, monkeypatch):
    context = late()
    shaken(context)
    other = tmp_path / "other.pem"
    other.write_text(foreign("CN=another CA", is_ca=True).certificate_pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    shaken(context)
    assert known(context) == 1


async def test_it_demands_what_any_context_demands(door):
    context, usual = late(), ssl.create_default_context()
    for name in ("verify_mode", "verify_flags", "check_hostname", "options", "minimum_version"):
        assert getattr(context, name) == getattr(usual, name), name


async def test_after_the_block_contexts_are_as_ever(door):
    late()
    usual = ssl.create_default_context()
    assert (type(usual), known(usual)) == (ssl.SSLContext, 1)
    with pytest.raises(RuntimeError, match="broken"), read_late():
        raise RuntimeError("broken")
    assert known(ssl.create_default_context()) == 1


async def test_a_socket_is_wrapped_by_what_it_read(door):
    context = late()

    def connect():
        import socket

        with (
            socket.create_connection(("127.0.0.1", door.port)) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            return secure.getpeercert()

    assert dict(await asyncio.to_thread(connect))["subjectAltName"]


@pytest.mark.parametrize("is_trusted", [True, False], ids=["trusted", "a stranger"])
async def test_the_clients_own_context_trusts_whom_the_machine_trusts(
    door, tmp_path, monkeypatch, is_trusted
):
    if not is_trusted:
        (tmp_path / "machine.pem").write_text("")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, door.url, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert said.decode().split() == ["200" if is_trusted else "refused"]
