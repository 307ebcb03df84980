"""One warning where clients call the bank by another address than its issuer names."""

import logging
import ssl

import pytest

from sandbox.web.host_watch import SHOWN_MAX, HostWatch
from tests.support import BASE, run_sandbox

METADATA = "/tomato/.well-known/oauth-authorization-server"


def warnings(caplog):
    return [each.getMessage() for each in caplog.records if "SANDBOX_BASE_URL" in each.getMessage()]


async def call(running, host, path=METADATA):
    async with running.http.get(running.url + path, headers={"Host": host}) as answer:
        await answer.read()


async def test_the_first_foreign_host_is_warned_of_once(running, caplog):
    own = running.url.removeprefix("http://")
    await call(running, own)
    assert warnings(caplog) == []
    await call(running, "bank:8080")
    (said,) = warnings(caplog)
    assert "'bank:8080'" in said
    assert running.url in said
    assert caplog.records[-1].levelno == logging.WARNING
    for host in ("bank:8080", "other:1", own):
        await call(running, host)
    assert len(warnings(caplog)) == 1


async def test_the_base_url_is_what_counts(tmp_path, template, caplog):
    settings = {"base_url": "https://bank.example"}
    async with run_sandbox(tmp_path, template=template, **settings) as running:
        await call(running, "bank.example")
        assert warnings(caplog) == []
        await call(running, running.url.removeprefix("http://"), f"{BASE}/accounts")
        assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("is_issuer", [False, True])
async def test_the_tls_door_is_looked_at_where_the_issuer_names_it(
    tmp_path, template, caplog, is_issuer
):
    settings = {"base_url": "https://bank.example"} if is_issuer else {}
    async with run_sandbox(tmp_path, template=template, tls="1", **settings) as running:
        ca = (tmp_path / "certificates" / "ca.pem").read_text()
        context = ssl.create_default_context(cadata=ca)
        async with running.http.get(running.sandbox.tls_url + METADATA, ssl=context) as answer:
            assert answer.status == 200
        assert len(warnings(caplog)) == is_issuer


async def test_probes_and_assets_are_not_clients(running, caplog):
    for path in ("/healthz", "/readyz", "/assets/bank.css", "/reasons", "/nothing"):
        await call(running, "10.0.0.7:8080", path)
    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("host", "base_url", "fits"),
    [
        ("bank.example", "https://bank.example", True),
        ("bank.example:443", "https://bank.example", True),
        ("bank.example", "https://bank.example:443/sandbox", True),
        ("bank.example:80", "http://bank.example", True),
        ("BANK.example", "https://bank.example", True),
        ("[::1]:8080", "http://[::1]:8080", True),
        (None, "https://bank.example", True),
        ("bank.example:80", "https://bank.example", False),
        ("bank.example:8443", "https://bank.example", False),
        ("localhost:8080", "http://127.0.0.1:8080", False),
        ("", "https://bank.example", False),
    ],
)
def test_a_host_fits_or_not(host, base_url, fits, caplog):
    watch = HostWatch()
    watch.look(host, base_url)
    watch.look(host, base_url)
    assert len(warnings(caplog)) == (not fits)


def test_what_a_header_says_cannot_break_the_line(caplog):
    HostWatch().look("x\r\nERROR forged é" + "y" * 1000, "http://bank.example")
    (said,) = warnings(caplog)
    assert said.isascii()
    assert "\n" not in said
    assert "y" * SHOWN_MAX not in said
