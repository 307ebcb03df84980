"""Broken TLS, as three clients see it that trust the sandbox's CA and look (F-32)."""

import re

import pytest
import pytest_asyncio

from tests.api.test_worlds import ask
from tests.faults.rows import Row, of_each
from tests.faults.seeing import CLIENTS, Ask
from tests.faults.striking import Striker
from tests.support import BASE, bearer, run_sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

DISTRUST = ("ClientConnectorCertificateError", "SSLError", "exit 60")
NO_COMMON_VERSION = ("ClientConnectorSSLError", "SSLError", "exit 35")
# With TLS 1.3 the client has its connection before the bank misses the certificate.
MISSED = ("ClientOSError|ServerDisconnectedError", "SSLError|ConnectionError", "exit 56|exit 55")
SEEN = {
    "expired": DISTRUST,
    "not_yet_valid": DISTRUST,
    "self_signed": DISTRUST,
    "wrong_host": DISTRUST,
    "rotated": DISTRUST,
    "old_version": NO_COMMON_VERSION,
    "old_version_off": "200",
    "client_certificate_missing": MISSED,
}
ROWS = [Row(kind="tls", effect={"case": case}, outcome=seen) for case, seen in SEEN.items()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory, template):
    directory = tmp_path_factory.mktemp("tls")
    async with run_sandbox(directory, template=template, tls="1") as running:
        url = f"{running.sandbox.control_url}/api/v1/certificates/ca"
        async with running.http.get(url) as answer:
            ca = directory / "ca.pem"
            ca.write_text(await answer.text())
        yield await Striker(running).log_in(), str(ca)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_each_client_that_looks_sees_what_the_row_says(door, row):
    striker, ca = door
    rule = {"effect": {"kind": "tls", **row.effect}}
    status, shown = await ask(striker.running, "POST", "/default/faults", rule)
    assert status == 200, shown
    wanted = Ask(url=f"{shown['url']}{BASE}/accounts", headers=bearer(striker.token), ca=ca)
    for (client, call), expected in zip(CLIENTS.items(), of_each(row.outcome), strict=True):
        seen = await call(wanted)
        assert re.fullmatch(expected, seen.outcome), (client, seen.outcome)
        assert (seen.status, bool(seen.body)) == (
            (200, True) if expected == "200" else (None, False)
        )
    struck = (await striker.show(shown["id"]))["struck"]
    assert struck == (3 if row.outcome == "200" else 0), "who looks sends nothing"
    await striker.remove(shown["id"])


async def test_a_sound_door_is_no_trouble_for_any_of_them(door):
    striker, ca = door
    url = f"{striker.running.sandbox.tls_url}{BASE}/accounts"
    for client, call in CLIENTS.items():
        seen = await call(Ask(url=url, headers=bearer(striker.token), ca=ca))
        assert seen.outcome == "200", client
