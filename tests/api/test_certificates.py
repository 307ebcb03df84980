"""``/api/v1/certificates`` of the control door, by HTTP, by both clients and by the command."""

import json
import ssl
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sandbox.client import ProblemError
from tests.api.driven import FACES, got
from tests.api.test_schemathesis import schemathesis
from tests.process import run, serving
from tests.support import NOW, run_sandbox
from tests.tls import client_context

SUBJECT = "CN=my-app,O=架空商事,C=JP"


@pytest.fixture(scope="module")
def server():
    with serving("--strict", "--tls", "--tls-port", "0") as found:
        yield found


@pytest.fixture(params=FACES, ids=["blocking", "asynchronous"])
def certificates(request, server):
    return request.param(server.control_url).certificates


def curl(server, *words):
    """Call the door over TLS; return its answer, or what curl says instead."""
    done = subprocess.run(
        ["curl", "-sS", *words, f"{server.tls_url}/healthz"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout or done.stderr


# The client


async def test_the_ca_is_that_of_the_server(certificates, server, tmp_path):
    ca = tmp_path / "ca.pem"
    ca.write_text(await got(certificates.ca()))
    assert curl(server, "--cacert", str(ca)) == '{"status":"ok"}'
    assert "certificate problem" in curl(server)


async def test_a_certificate_is_issued_with_its_key_by_the_ca(certificates, tmp_path):
    issued = await got(certificates.issue(SUBJECT, alternative_names=["dns:app.example"]))
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    key = serialization.load_pem_private_key(issued.private_key.encode(), None)
    assert key.public_key() == certificate.public_key()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(issued.ca.encode()))
    assert issued.subject == SUBJECT
    assert issued.not_before.isoformat() == "2026-11-15T10:00:00+09:00"
    assert issued.not_after.isoformat() == "2027-12-18T10:00:00+09:00"
    assert issued.private_key not in repr(issued)
    assert issued.ca == await got(certificates.ca())


async def test_it_is_dated_by_the_clock_of_the_world_that_is_named(server, certificates, tmp_path):
    control = FACES[0](server.control_url)
    world = control.worlds.create(clock="frozen:2031-02-03T09:00")
    issued = await got(certificates.issue(SUBJECT, lifetime="90d", world=world.name))
    assert issued.not_before.isoformat() == "2031-02-02T09:00:00+09:00"
    assert issued.not_after.isoformat() == "2031-05-04T09:00:00+09:00"
    world.delete()


async def test_a_self_signed_one_is_signed_by_itself_and_let_in(certificates, server, tmp_path):
    issued = await got(certificates.issue(SUBJECT, self_signed=True))
    certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
    certificate.verify_directly_issued_by(certificate)
    for name, text in (("c", issued.certificate), ("k", issued.private_key), ("ca", issued.ca)):
        (tmp_path / name).write_text(text)
    shown = [word for name in ("cert", "key") for word in (f"--{name}", str(tmp_path / name[0]))]
    assert curl(server, "--cacert", str(tmp_path / "ca"), *shown) == '{"status":"ok"}'


REFUSED = [
    ({"subject": "my-app"}, "certificate-refused", 422),
    ({"subject": "C=JPN"}, "certificate-refused", 422),
    ({"subject": SUBJECT, "alternative_names": ["ip:1.2.3"]}, "certificate-refused", 422),
    ({"subject": SUBJECT, "alternative_names": ["dns:é"]}, "certificate-refused", 422),
    ({"subject": SUBJECT, "lifetime": "a while"}, "certificate-refused", 422),
    ({"subject": SUBJECT, "lifetime": "101y"}, "certificate-refused", 422),
    ({"subject": SUBJECT, "world": "nowhere"}, "unknown-world", 404),
    ({"subject": "CN"}, "invalid-request", 422),
    ({"subject": "x" * 301}, "invalid-request", 422),
    ({"subject": SUBJECT, "alternative_names": ["other:x"]}, "invalid-request", 422),
    ({"subject": SUBJECT, "alternative_names": ["dns:x"] * 21}, "invalid-request", 422),
]


@pytest.mark.parametrize(("wish", "slug", "status"), REFUSED)
async def test_what_cannot_be_issued_is_refused(certificates, wish, slug, status):
    with pytest.raises(ProblemError) as raised:
        await got(certificates.issue(**wish))
    assert (raised.value.slug, raised.value.status) == (slug, status)
    assert raised.value.detail


async def test_as_much_as_the_limits_allow_is_issued(certificates):
    subject = ",".join(["CN=my-app", *(f"OU={n:061d}" for n in range(4))])
    names = [f"dns:a{n}.example" for n in range(20)]
    issued = await got(certificates.issue(subject, alternative_names=names, lifetime="36525d"))
    assert issued.subject == subject
    with pytest.raises(ProblemError):
        await got(certificates.issue(subject, lifetime="36526d"))


@pytest.mark.parametrize("face", FACES, ids=["blocking", "asynchronous"])
async def test_without_tls_there_are_none(driven, face):
    certificates = face(driven.control_url).certificates
    for ask in (certificates.ca, lambda: certificates.issue(SUBJECT)):
        with pytest.raises(ProblemError, match="start it with --tls") as raised:
            await got(ask())
        assert (raised.value.status, raised.value.slug) == (409, "tls-off")


# Over HTTP


async def test_the_door_keeps_to_its_document_with_tls_on(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        document = f"{running.sandbox.control_url}/api/v1/openapi.json"
        only = ("--include-path-regex", "/certificates")
        code, output = await schemathesis(document, tmp_path, *only)
        assert code == 0, output
        async with running.http.get(f"{running.control}/../../certificates/ca") as answer:
            assert answer.content_type == "application/pem-certificate-chain"
            assert answer.headers["Cache-Control"] == "no-store"


async def test_a_world_tells_its_address_over_tls(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1", strict="1") as running:
        async with running.http.get(running.control) as answer:
            world = await answer.json()
        assert world["tls_base_url"] == running.sandbox.tls_url == running.bank.world.tls_base_url()
        assert world["base_url"] == running.url  # the issuer's stays
        context = client_context((tmp_path / "certificates" / "ca.pem").read_text())
        well_known = "/.well-known/oauth-authorization-server/tomato"
        url = f"{world['tls_base_url']}{well_known}"
        async with running.http.get(url, ssl=context) as answer:
            assert (await answer.json())["issuer"] == f"{running.url}/tomato"


async def test_without_tls_a_world_has_no_such_address(running):
    async with running.http.get(running.control) as answer:
        assert "tls_base_url" not in await answer.json()
    assert running.bank.world.tls_base_url() is None
    assert running.sandbox.tls_url is None


async def test_the_private_key_is_kept_nowhere(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        url = f"{running.sandbox.control_url}/api/v1/certificates"
        async with running.http.post(url, json={"subject": SUBJECT}) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            # Of the key's second line the beginning is all secret (RFC 5915).
            secret = (await answer.json())["private_key"].splitlines()[2][:24]
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) >= 5
    assert not any(secret.encode() in content for content in kept)


# The command


def certs(server, *words, code=0):
    found = run("certs", *words, SANDBOX_CONTROL=server.control_url)
    assert found.returncode == code, found
    assert "Traceback" not in found.stderr
    return found.stderr if code else found.stdout


def test_the_command_prints_the_ca(server, tmp_path):
    text = certs(server, "ca")
    assert json.loads(certs(server, "ca", "--json")) == {"ca": text}
    (tmp_path / "ca.pem").write_text(text)
    assert curl(server, "--cacert", str(tmp_path / "ca.pem")) == '{"status":"ok"}'


@pytest.mark.parametrize("more", [[], ["--self-signed"]], ids=["ca", "self-signed"])
def test_the_command_writes_what_a_client_needs(server, tmp_path, more):
    out = tmp_path / "new" / "folder"
    words = ("client", "--subject", SUBJECT, "--out", str(out), "--san", "dns:a.example", *more)
    said = certs(server, *words)
    assert f"{SUBJECT}, until 2027-12-18T10:00:00+09:00, thumbprint " in said
    assert {path.name for path in out.iterdir()} == {"cert.pem", "key.pem", "ca.pem"}
    assert stat.S_IMODE((out / "key.pem").stat().st_mode) == 0o600
    files = ("--cacert", "ca.pem", "--cert", "cert.pem", "--key", "key.pem")
    found = [str(out / word) if word.endswith(".pem") else word for word in files]
    assert curl(server, *found) == '{"status":"ok"}'
    context = ssl.create_default_context(cafile=out / "ca.pem")
    context.load_cert_chain(out / "cert.pem", out / "key.pem")
    answer = json.loads(certs(server, *words, "--json"))
    assert (answer["subject"], answer["private_key"]) == (SUBJECT, str(out / "key.pem"))


def test_a_lifetime_is_from_the_worlds_time_on(server, tmp_path):
    words = ("client", "--subject", "CN=a", "--out", str(tmp_path), "--lifetime", "90d")
    assert "until 2027-02-14T10:00:00+09:00" in certs(server, *words)
    assert NOW.startswith("2026-11-16T10:00")


def test_the_command_says_what_to_do(server, driven, tmp_path):
    out = ("--out", str(tmp_path / "none"))
    assert "serve --tls" in certs(driven, "ca", code=1)
    assert "serve --tls" in certs(driven, "client", "--subject", SUBJECT, *out, code=1)
    assert "CN=my-app,O=My Company,C=JP" in certs(
        server, "client", "--subject", "x=y", *out, code=1
    )
    assert "worlds list" in certs(
        server, "client", "--subject", SUBJECT, *out, "--world", "nowhere", code=1
    )
    assert not (tmp_path / "none").exists()
    certs(server, "client", *out, code=2)
    (tmp_path / "file").write_text("")
    certs(server, "client", "--subject", SUBJECT, "--out", str(tmp_path / "file"), code=2)
