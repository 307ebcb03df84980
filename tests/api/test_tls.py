"""TLS at the bank door, by real handshakes: who is let in, and what is known of them."""

import asyncio
import base64
import hashlib
import http.client
import json
import ssl

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtensionOID

from sandbox.domain.certificate import AlternativeNames
from sandbox.domain.moment import parse_instant
from sandbox.domain.time import DAY
from sandbox.services import certificates
from sandbox.services.client_trust import ClientTrust
from sandbox.services.tls import ClientCaRefused
from tests.tls import client_context, foreign, tls_door

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
# In TLS 1.3 the client has finished before the server looks: it learns of it as it reads.
REFUSED = (aiohttp.ClientError, ssl.SSLError, OSError)


@pytest.fixture
async def door(tmp_path):
    async with tls_door(tmp_path) as found:
        yield found


def der_of(pair):
    return pair.certificate.public_bytes(serialization.Encoding.DER)


# The server


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_server_is_verified_by_the_ca_and_a_client_needs_no_certificate(door, host):
    url = f"https://{host}:{door.port}"
    assert await door.ask(client_context(door.tls.ca_pem), url) == {"certificate": None}


async def test_without_the_ca_the_server_is_nobody(door):
    with pytest.raises(aiohttp.ClientConnectorCertificateError, match=r"certificate verify failed"):
        await door.ask(ssl.create_default_context())


async def connect_as(door, host):
    """Open a connection as a client that means to speak with ``host``."""
    context = client_context(door.tls.ca_pem)
    _, writer = await asyncio.open_connection(
        "127.0.0.1", door.port, ssl=context, server_hostname=host
    )
    writer.close()
    await writer.wait_closed()


async def test_another_hosts_name_is_not_the_servers(door):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        await connect_as(door, "bank.example")


@pytest.mark.parametrize("host", ["bank.example", "10.1.2.3", "2001:db8::1", "銀行.example"])
async def test_a_host_of_the_settings_is_among_the_servers_names(tmp_path, host):
    async with tls_door(tmp_path, host, "0.0.0.0", "::") as door:
        await connect_as(door, host)
        await connect_as(door, "localhost")
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect_as(door, "0.0.0.0")


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example"])
def test_a_host_that_is_no_name_is_refused(host):
    with pytest.raises(certificates.CertificateRefused, match="no certificate can name the host"):
        certificates.server_names([host])


async def test_old_versions_of_tls_are_refused_by_the_server(door, caplog):
    context = client_context(door.tls.ca_pem)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")  # else it is the client that refuses
    old = ssl.TLSVersion.TLSv1_1
    for end in ("minimum_version", "maximum_version"):
        with pytest.warns(DeprecationWarning, match=r"TLSv1_1"):
            setattr(context, end, old)
    with pytest.raises(aiohttp.ClientConnectorError, match="ALERT_PROTOCOL_VERSION"):
        await door.ask(context)
    assert "a TLS handshake was refused" in caplog.text


@pytest.mark.parametrize("version", VERSIONS)
async def test_newer_versions_are_spoken(door, version):
    context = client_context(door.tls.ca_pem)
    context.minimum_version = context.maximum_version = version
    assert await door.ask(context) == {"certificate": None}


async def test_plain_http_at_the_tls_port_is_turned_away_at_once(door):
    with pytest.raises(aiohttp.ClientError):
        await door.ask(client_context(door.tls.ca_pem), door.url.replace("https:", "http:"))


# What is known of a client


@pytest.mark.requirement("O-18")
async def test_a_certificate_of_the_ca_is_seen_with_all_that_it_says(door, tmp_path):
    names = AlternativeNames(
        dns=("app.example",),
        uri=("https://app.example/id",),
        email=("a@app.example",),
        ip=("192.0.2.1", "2001:db8::1"),
    )
    pair = door.issue("CN=my-app,O=架空商事,C=JP", names=names)
    answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, pair))
    seen = answer["certificate"]
    digest = hashlib.sha256(der_of(pair)).digest()
    assert seen["thumbprint"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert seen["subject"] == "CN=my-app,O=架空商事,C=JP"
    assert (
        AlternativeNames(**{k: tuple(v) for k, v in seen["subject_alternative_names"].items()})
        == names
    )
    assert (seen["is_self_signed"], answer["vouched"]) == (False, True)
    assert (seen["not_before"], seen["not_after"]) == (
        (door.now - DAY) // 1000 * 1000,
        (door.now + 90 * DAY) // 1000 * 1000,
    )
    assert seen["validity"] == "current"


async def test_without_tls_there_is_no_certificate(door):
    assert await door.ask(ssl.create_default_context(), door.plain_url) == {"certificate": None}


async def test_a_certificate_is_read_once_a_connection(door, tmp_path, monkeypatch):
    read = []
    reader = certificates.read_client
    monkeypatch.setattr(certificates, "read_client", lambda der: read.append(der) or reader(der))
    context = client_context(door.tls.ca_pem, tmp_path, door.issue())
    for connections in (1, 2):
        async with aiohttp.ClientSession() as session:
            for _ in range(3):
                async with session.get(door.url, ssl=context) as answer:
                    assert (await answer.json())["certificate"]["subject"] == "CN=my-app"
        assert len(read) == connections


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_resumed_session_brings_its_certificate_along(door, tmp_path, version):
    context = client_context(door.tls.ca_pem, tmp_path, door.issue())
    context.minimum_version = context.maximum_version = version

    def ask(session):
        connection = http.client.HTTPSConnection("localhost", door.port, context=context)
        wrap = context.wrap_socket
        context.wrap_socket = lambda sock, **how: wrap(sock, session=session, **how)
        connection.request("GET", "/")
        body = json.loads(connection.getresponse().read())
        resumed, after = connection.sock.session_reused, connection.sock.session
        connection.close()
        context.wrap_socket = wrap
        return body["certificate"]["thumbprint"], resumed, after

    first, resumed, session = await asyncio.to_thread(ask, None)
    assert not resumed
    again, resumed, _ = await asyncio.to_thread(ask, session)
    assert resumed
    assert again == first


async def test_a_certificate_that_nobody_can_read_counts_as_none(door, tmp_path, caplog):
    """OpenSSL lets a name pass that is no ASCII; whoever reads it strictly cannot."""
    odd = x509.UnrecognizedExtension(
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME, bytes.fromhex("30038201ff")
    )
    pair = foreign("odd", odd=odd)
    door.tls.trust.trust(pair.certificate_pem)
    assert await door.ask(client_context(door.tls.ca_pem, tmp_path, pair)) == {"certificate": None}
    assert "counts as none" in caplog.text


# Who is let in


@pytest.mark.requirement("O-18")
@pytest.mark.parametrize("form", [lambda pair: pair.certificate_pem, der_of], ids=["pem", "der"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_self_signed_certificate_is_refused_until_it_is_trusted(
    door, tmp_path, caplog, version, form
):
    pair = foreign("my-app")
    context = client_context(door.tls.ca_pem, tmp_path, pair)
    context.minimum_version = context.maximum_version = version
    with pytest.raises(REFUSED, match="ALERT_UNKNOWN_CA"):
        await door.ask(context)
    assert "self-signed certificate" in caplog.text
    for _ in range(2):  # the second time says nothing new
        thumbprint = door.tls.trust.trust(form(pair))
    answer = await door.ask(context)
    assert answer["certificate"]["thumbprint"] == thumbprint
    assert (answer["certificate"]["is_self_signed"], answer["vouched"]) == (True, False)


async def test_what_was_trusted_before_the_door_opened_is_let_in(tmp_path):
    pair = foreign("my-app")
    trust = ClientTrust()
    trust.trust(pair.certificate_pem)
    async with tls_door(tmp_path) as door:
        trust.serve(door.tls.context, ())
        answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, pair))
    assert answer["certificate"]["subject"] == "CN=my-app"


async def test_certificates_of_one_subject_are_told_apart(door, tmp_path):
    """A client that has changed its key: both certificates say the same of themselves."""
    pairs = [foreign("my-app") for _ in range(3)]
    for pair in pairs[:2]:
        door.tls.trust.trust(pair.certificate_pem)
    for pair in pairs[:2]:
        answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, pair))
        assert answer["certificate"]["thumbprint"] == certificates.thumbprint_of(pair.certificate)
    with pytest.raises(REFUSED):
        await door.ask(client_context(door.tls.ca_pem, tmp_path, pairs[2]))


@pytest.mark.requirement("O-18")
async def test_nobody_is_vouched_for_by_a_client_that_plays_ca(door, tmp_path):
    """Its certificate is trusted, so whatever it signs is let in; the CA mode must not fall."""
    client = foreign("client", is_ca=True)
    door.tls.trust.trust(client.certificate_pem)
    answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, client))
    assert (answer["certificate"]["is_self_signed"], answer["vouched"]) == (True, False)
    victim = foreign("my-app", issuer=client)
    answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, victim))
    assert answer["certificate"]["subject"] == "CN=my-app"
    assert not answer["vouched"]


async def test_a_ca_of_the_same_name_is_not_the_sandboxs(door, tmp_path):
    mimic = foreign(certificates.CA_NAME, is_ca=True)
    with pytest.raises(REFUSED):
        await door.ask(client_context(door.tls.ca_pem, tmp_path, foreign("my-app", issuer=mimic)))


@pytest.mark.parametrize("is_root", [True, False], ids=["root", "intermediate"])
async def test_clients_of_the_cas_of_a_file_are_let_in(tmp_path, is_root):
    root = foreign("root", is_ca=True)
    issuer = root if is_root else foreign("intermediate", issuer=root, is_ca=True)
    other = foreign("other", is_ca=True)
    file = tmp_path / "cas.pem"
    file.write_text(other.certificate_pem + issuer.certificate_pem)
    async with tls_door(tmp_path, client_ca=file) as door:
        for pair in (foreign("theirs", issuer=issuer), door.issue("CN=ours")):
            answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, pair))
            assert answer["vouched"]


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nx"])
async def test_a_file_without_a_ca_is_refused_by_name(tmp_path, content):
    file = tmp_path / "cas.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ClientCaRefused, match=r"cas\.pem cannot be used as --tls-client-ca"):
        async with tls_door(tmp_path, client_ca=file):
            raise AssertionError("it opened")


@pytest.mark.parametrize("nothing", [b"", "", "no certificate", b"\x30\x03\x02\x01\x01"])
def test_what_is_no_certificate_is_not_trusted(nothing):
    with pytest.raises(ValueError, match=r"."):
        ClientTrust().trust(nothing)


@pytest.mark.requirement("O-18")
@pytest.mark.parametrize("year", [1970, 2050, 2199])
@pytest.mark.parametrize("mode", ["ca", "self-signed"])
async def test_the_handshake_does_not_mind_the_machines_time(tmp_path, year, mode):
    """The world stands years away: what is valid there is expired, or not yet valid, here."""
    now = parse_instant(f"{year}-06-01")
    async with tls_door(tmp_path, now=now) as door:
        how = {"is_self_signed": mode == "self-signed"}
        for offset, lifetime_ms, validity in (
            (0, 90 * DAY, "current"),
            (-90 * DAY, 89 * DAY, "expired"),
            (30 * DAY, 90 * DAY, "not yet valid"),
        ):
            pair = door.issue(now=now + offset, lifetime_ms=lifetime_ms, **how)
            answer = await door.ask(client_context(door.tls.ca_pem, tmp_path, pair))
            assert answer["certificate"]["validity"] == validity


async def test_a_servers_certificate_is_none_for_a_client(door, tmp_path):
    with pytest.raises(REFUSED):
        await door.ask(client_context(door.tls.ca_pem, tmp_path, door.tls.kept.server))


def test_a_signature_by_another_key_is_no_self_signature():
    """Issuer and subject may say the same without one having signed the other."""
    one, other = foreign("my-app"), foreign("my-app")
    assert certificates.is_issued_by(one.certificate, one.certificate)
    assert not certificates.is_issued_by(one.certificate, other.certificate)
    assert one.certificate.signature_hash_algorithm.name == hashes.SHA256.name
