"""Broken TLS, seen by clients that look and by clients that do not (F-32, C-24)."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from sandbox.clock import machine_now
from sandbox.domain.conduct.traits import HANDSHAKE
from sandbox.domain.effect_tls import CASES, UNACCEPTABLE
from sandbox.domain.time import jst
from sandbox.web.faults import listeners
from sandbox.web.faults.greeting import HUNG_UP, UNUSED
from tests.api.test_worlds import ask
from tests.faults.striking import PATIENCE_S, Striker
from tests.process import run
from tests.support import BASE, bearer, run_sandbox

FAULTS = "/default/faults"
# What a careful client of aiohttp says, and curl's exit code.
SEEN = {
    "expired": ("ClientConnectorCertificateError", "certificate has expired", 60),
    "not_yet_valid": ("ClientConnectorCertificateError", "certificate is not yet valid", 60),
    "self_signed": ("ClientConnectorCertificateError", "self-signed certificate", 60),
    "wrong_host": ("ClientConnectorCertificateError", "IP address mismatch", 60),
    "rotated": ("ClientConnectorCertificateError", "certificate verify failed", 60),
    "old_version": ("ClientConnectorSSLError", "", 35),
}
# How curl refuses: most by an alert in the handshake, whose name is OpenSSL's choice.
ALERTED = {
    "expired": "certificate_expired",
    "not_yet_valid": "bad_certificate",
    "self_signed": "unknown_ca",
    "wrong_host": UNUSED,
    "rotated": "unknown_ca",
    "old_version": "internal_error",
}


class TlsStriker(Striker):
    """``ca``: what a client that was set up with care trusts."""

    ca: Path

    async def listen(self, case: str, **rule) -> dict:
        status, shown = await ask(
            self.running, "POST", FAULTS, {"effect": {"kind": "tls", "case": case}, **rule}
        )
        assert status == 200, shown
        return shown

    def careful(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca))

    async def over(self, url: str, context: ssl.SSLContext) -> tuple[int, str]:
        """Ask the bank for the accounts over a listener: its status, or 0 and the error."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S * 10)
        connector = aiohttp.TCPConnector(ssl=context)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                async with session.get(
                    f"{url}{BASE}/accounts", headers=bearer(self.token)
                ) as answer:
                    await answer.read()
                    return answer.status, ""
            except (aiohttp.ClientError, OSError) as error:
                return 0, f"{type(error).__name__}: {error}"

    async def by_curl(self, url: str, *more: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "5"),
            *("-H", f"Authorization: Bearer {self.token}", *more, f"{url}{BASE}/accounts"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
        return output.decode() if not process.returncode else f"exit {process.returncode}"

    async def refused(self, count: int) -> list[dict]:
        """Return the journal's handshakes that came to nothing, once there are so many."""
        for _ in range(40):
            found = await self.journal(operation=HANDSHAKE)
            if len(found) >= count:
                break
            await asyncio.sleep(0.05)
        assert len(found) == count, found
        return found

    async def finding(self) -> tuple[str, list[str]]:
        """Return what C-24 says, and in which words."""
        status, report = await ask(self.running, "GET", "/default/conduct")
        assert status == 200, report
        (found,) = [each for each in report["checks"] if each["id"] == "C-24"]
        said = [each["what"]["en"] for each in report["findings"] if each["id"] == "C-24"]
        return found["verdict"], said


def careless(*, is_old: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if is_old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@pytest.fixture
async def door(tmp_path: Path, template: Path) -> AsyncIterator[TlsStriker]:
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        striker = TlsStriker(running)
        await striker.log_in()
        url = f"{running.sandbox.control_url}/api/v1/certificates/ca"
        async with running.http.get(url) as answer:
            striker.ca = tmp_path / "ca.pem"
            striker.ca.write_text(await answer.text())
        yield striker


@pytest.mark.parametrize("case", UNACCEPTABLE)
async def test_a_careful_client_sends_nothing(door, case):
    shown = await door.listen(case)
    name, said, code = SEEN[case]
    status, error = await door.over(shown["url"], door.careful())
    assert status == 0
    assert (error.startswith(name), said in error) == (True, True), error
    assert await door.by_curl(shown["url"], "--cacert", str(door.ca)) == f"exit {code}"
    assert (await door.show(shown["id"]))["struck"] == 0
    assert await door.finding() == ("clean", [])
    refused = await door.refused(2)
    assert {(each["fault"], each["traits"]["tls_drill"]) for each in refused} == {
        (shown["id"], case)
    }
    assert [each["error_code"] for each in refused] == [HUNG_UP, ALERTED[case]]
    assert {each["remote"] for each in refused} == {"127.0.0.1"}


@pytest.mark.parametrize("case", UNACCEPTABLE)
async def test_a_careless_client_is_served_and_found(door, case):
    shown = await door.listen(case)
    assert await door.over(shown["url"], careless(is_old=case == "old_version")) == (200, "")
    verdict, (what,) = await door.finding()
    assert verdict == "found"
    assert case in what
    entry = (await door.journal(operation="list_accounts"))[-1]
    assert entry["fault"] == shown["id"]
    assert (await door.show(shown["id"]))["struck"] == 1


async def test_curl_without_its_check_is_found_too(door):
    shown = await door.listen("self_signed")
    assert await door.by_curl(shown["url"], "--insecure") == "200"
    assert (await door.finding())[0] == "found"


async def test_tls_1_3_alone_is_no_trouble_for_a_client_of_today(door):
    shown = await door.listen("old_version_off")
    assert await door.over(shown["url"], door.careful()) == (200, "")
    assert await door.finding() == ("not_asked", [])
    context = door.careful()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    status, error = await door.over(shown["url"], context)
    assert (status, "alert protocol version" in error.lower()) == (0, True), error
    assert await door.by_curl(shown["url"], "--cacert", str(door.ca), "--tls-max", "1.2") == (
        "exit 35"
    )


async def test_a_client_certificate_is_missed(door, tmp_path):
    shown = await door.listen("client_certificate_missing")
    status, _ = await door.over(shown["url"], door.careful())
    assert status == 0
    assert (await door.by_curl(shown["url"], "--cacert", str(door.ca))).startswith("exit")
    url = f"{door.running.sandbox.control_url}/api/v1/certificates"
    async with door.running.http.post(url, json={"subject": "CN=my-app"}) as answer:
        issued = await answer.json()
    pem = tmp_path / "client.pem"
    pem.write_text(issued["certificate"] + issued["private_key"])
    context = door.careful()
    context.load_cert_chain(pem)
    assert await door.over(shown["url"], context) == (200, "")
    assert await door.finding() == ("not_asked", [])


@pytest.mark.parametrize("case", ["expired", "not_yet_valid"])
async def test_certificates_are_dated_by_the_sandbox_s_clock(tmp_path, template, case):
    """R-5: they are wrong by the world's time, wherever that stands, and by the machine's."""
    settings = {"clock": "frozen:2031-03-03T10:00:00+09:00", "tls": "1"}
    async with run_sandbox(tmp_path, **settings) as running:
        shown = await TlsStriker(running).listen(case)
        port = int(shown["url"].rpartition(":")[2])
        pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
        found = x509.load_pem_x509_certificate(pem.encode())
        for now in (jst(running.sandbox.world.now()), jst(machine_now())):
            is_over, is_young = found.not_valid_after_utc < now, found.not_valid_before_utc > now
            assert (is_over, is_young) == (case == "expired", case == "not_yet_valid")


async def gone(url: str) -> bool:
    """Tell whether nobody listens at a URL any more, a moment later at most."""
    port = int(url.rpartition(":")[2].split("/")[0])
    for _ in range(40):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        writer.close()
        await asyncio.sleep(0.05)
    return False


@pytest.mark.parametrize("how", ["removed", "cleared", "ended"])
async def test_a_listener_closes_with_its_rule(door, how):
    shown = await door.listen("expired", ttl="1s" if how == "ended" else "10m")
    connector = aiohttp.TCPConnector(ssl=careless())
    async with aiohttp.ClientSession(connector=connector) as session:
        async with session.get(f"{shown['url']}/healthz") as answer:
            assert answer.status == 200
        if how == "removed":
            await door.remove(shown["id"])
        elif how == "cleared":
            await door.clear()
        assert await gone(shown["url"])
        with pytest.raises(aiohttp.ClientError):  # what was kept alive is cut too
            await session.post(f"{shown['url']}/healthz")
    assert await ask(door.running, "GET", FAULTS) == (200, {"faults": []})


async def test_a_listener_closes_with_the_server(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, tls="1") as running:
        url = (await TlsStriker(running).listen("expired", ttl="0s"))["url"]
    assert await gone(url)


async def test_a_rule_that_stays_is_open_again_after_a_restart(tmp_path):
    async with run_sandbox(tmp_path, tls="1") as running:
        first = await TlsStriker(running).listen("expired", ttl="0s")
    async with run_sandbox(tmp_path, tls="1") as running:
        _, listed = await ask(running, "GET", FAULTS)
        (again,) = listed["faults"]
        assert again["id"] == first["id"]
        status, _ = await TlsStriker(running).over(again["url"], careless())
        assert status == 401  # nobody has logged in; the bank was reached


async def test_the_url_leads_into_its_world(door):
    assert (await ask(door.running, "POST", "", {"name": "other"}))[0] == 200
    rule = {"effect": {"kind": "tls", "case": "expired"}}
    status, shown = await ask(door.running, "POST", "/other/faults", rule)
    assert status == 200
    assert shown["url"].endswith("/w/other")
    assert (await door.over(shown["url"], careless()))[0] == 401
    _, report = await ask(door.running, "GET", "/other/conduct")
    (found,) = [each for each in report["checks"] if each["id"] == "C-24"]
    assert found["verdict"] == "found"


async def test_every_case_has_its_own_listener(door):
    urls = {(await door.listen(case))["url"] for case in CASES}
    assert len(urls) == len(CASES)
    _, listed = await ask(door.running, "GET", FAULTS)
    assert {each["url"] for each in listed["faults"]} == urls


async def test_there_are_so_many_and_no_more(door, monkeypatch):
    monkeypatch.setattr(listeners, "MOST_LISTENERS", 1)
    await door.listen("expired")
    rule = {"effect": {"kind": "tls", "case": "expired"}}
    status, problem = await ask(door.running, "POST", FAULTS, rule)
    assert (status, problem["detail"]) == (409, "there are 1 such listeners already")
    _, listed = await ask(door.running, "GET", FAULTS)
    assert len(listed["faults"]) == 1


@pytest.mark.parametrize("given", [{"match": {"path": "/x"}}, {"times": 1}, {"every": 2}])
async def test_a_listener_chooses_no_calls(door, given):
    rule = {"effect": {"kind": "tls", "case": "expired"}, **given}
    status, problem = await ask(door.running, "POST", FAULTS, rule)
    assert (status, problem["errors"][0]["field"]) == (422, next(iter(given)))


async def test_the_command_line_opens_one_and_says_where(door):
    control = door.running.sandbox.control_url
    call = partial(run, "faults", "add", "tls", "--set", "case=expired", SANDBOX_CONTROL=control)
    found = await asyncio.to_thread(call)
    (listed,) = (await ask(door.running, "GET", FAULTS))[1]["faults"]
    assert (found.returncode, f"at stage connection at {listed['url']}." in found.stdout) == (
        0,
        True,
    ), found


async def test_without_tls_there_is_none(running):
    rule = {"effect": {"kind": "tls", "case": "expired"}}
    status, problem = await ask(running, "POST", FAULTS, rule)
    assert (status, "--tls" in problem["detail"]) == (409, True)
    assert await ask(running, "GET", FAULTS) == (200, {"faults": []})
