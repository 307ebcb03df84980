"""A TLS door on a real socket that answers what it knows of the client, and clients of it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.clock import machine_now
from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.time import DAY, Instant
from sandbox.services.certificates import Pair
from sandbox.services.client_trust import ClientTrust
from sandbox.services.tls import Tls, open_tls
from sandbox.storage.private_file import write_private
from sandbox.web.peer import client_certificate

NO_NAMES = AlternativeNames()


@dataclass
class TlsDoor:
    """``url`` is under ``localhost``; ``plain_url`` reaches the same application without TLS."""

    tls: Tls
    url: str
    plain_url: str
    now: Instant

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def issue(self, subject: str = "CN=my-app", **how: Any) -> Pair:
        wish = {"names": NO_NAMES, "now": self.now, "lifetime_ms": 90 * DAY}
        return self.tls.issue(subject, **{**wish, "is_self_signed": False, **how})

    async def ask(self, client: ssl.SSLContext, url: str = "") -> dict[str, Any]:
        """Return what the door knows of a client with this context."""
        async with (
            aiohttp.ClientSession() as http,
            http.get(url or self.url, ssl=client) as answer,
        ):
            return await answer.json()


@asynccontextmanager
async def tls_door(
    directory: Path, *hosts: str, now: Instant | None = None, client_ca: Path | None = None
) -> AsyncIterator[TlsDoor]:
    now = machine_now() if now is None else now
    tls = open_tls(directory, hosts, (now, machine_now()), ClientTrust(), client_ca)

    async def show(request: web.Request) -> web.Response:
        found = client_certificate(request)
        if found is None:
            return web.json_response({"certificate": None})
        shown = {**asdict(found), "der": None, "validity": found.validity(now)}
        return web.json_response({"certificate": shown, "vouched": tls.trust.vouches(found)})

    app = web.Application()
    app.router.add_get("/", show)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        secure = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls.context)
        plain = web.TCPSite(runner, "127.0.0.1", 0)
        await secure.start()
        await plain.start()
        yield TlsDoor(
            tls=tls,
            url=f"https://localhost:{secure.port}",
            plain_url=f"http://127.0.0.1:{plain.port}",
            now=now,
        )
    finally:
        await runner.cleanup()


def client_context(
    ca_pem: str, directory: Path | None = None, pair: Pair | None = None
) -> ssl.SSLContext:
    """Return a client's context that knows the sandbox's CA, and shows ``pair``."""
    context = ssl.create_default_context(cadata=ca_pem)
    if pair is not None:
        assert directory is not None
        key, certificate = directory / "client-key.pem", directory / "client.pem"
        write_private(key, pair.key_pem)
        certificate.write_text(pair.certificate_pem)
        context.load_cert_chain(certificate, key)
    return context


def foreign(
    subject: str,
    *,
    issuer: Pair | None = None,
    is_ca: bool = False,
    **extension: x509.ExtensionType,
) -> Pair:
    """Return a certificate that is none of the sandbox's making, without any key identifier."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name if issuer is None else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    for value in extension.values():
        builder = builder.add_extension(value, critical=False)
    signed = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    return Pair(key=key, certificate=signed)
