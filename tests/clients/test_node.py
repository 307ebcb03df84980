"""openid-client and oauth4webapi, unmodified, against a server in another process.

Both run in Node, which the test dependencies bring; the two libraries come from their registry
once, into the folder that ``node_modules`` names.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.clients.node_modules import node, with_modules
from tests.process import Server, serving
from tests.support import REDIRECT_URI
from tests.walk import SHOJI, TARO, consent

LIBRARIES = ["openid-client", "oauth4webapi"]


@dataclass(frozen=True)
class Case:
    """What a client of one kind does on top of code, PKCE, refresh and revocation."""

    client_id: str
    method: str
    redirect_uri: str = REDIRECT_URI
    scope: str = "accounts"
    par: bool = False
    dpop: bool = False
    introspect: bool = True
    typed: Mapping[str, str] = field(default_factory=lambda: TARO)
    holder: str = "架空 太郎"

    @property
    def is_openid(self) -> bool:
        return "openid" in self.scope


CASES = {
    "basic": Case("sandbox-aggregator", "client_secret_basic"),
    "form": Case(
        "sandbox-accounting", "client_secret_post", typed=SHOJI, holder="サンプル商事株式会社"
    ),
    "bcp": Case("sandbox-bcp", "client_secret_basic"),
    "public, loopback": Case(
        "sandbox-native", "none", redirect_uri="http://127.0.0.1:53682/callback", introspect=False
    ),
    "private_key_jwt": Case("sandbox-jwt-auth", "private_key_jwt"),
    "DPoP": Case("sandbox-dpop", "none", dpop=True, introspect=False),
    "FAPI 2.0": Case("sandbox-fapi", "private_key_jwt", par=True, dpop=True),
    "OpenID": Case(
        "sandbox-openid", "client_secret_basic", scope="openid profile email accounts", par=True
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A bank whose time is the machine's: these clients look at theirs."""
    with serving("--strict", clock=None) as running:
        yield running


def told(server, case: Case) -> dict[str, Any]:
    """Return what the script is started with."""
    world = requests.get(server.control, timeout=10).json()
    clients = {client["client_id"]: client for client in world["banks"][0]["clients"]}
    client = clients[case.client_id]
    return {
        "issuer": server.issuer,
        "client_id": case.client_id,
        "client_secret": client.get("client_secret"),
        "jwk": next(iter(client.get("jwks", {}).get("keys", [])), None),
        "method": case.method,
        "redirect_uri": case.redirect_uri,
        "scope": case.scope,
        "resource": f"{server.base}/accounts",
        "par": case.par,
        "dpop": case.dpop,
        "openid": case.is_openid,
        "introspect": case.introspect,
    }


def run(library: str, server, case: Case) -> dict[str, Any]:
    """Let the script talk with the bank, and be the person in between; return what it found."""
    with subprocess.Popen(
        [node(), f"{library}.mjs", json.dumps(told(server, case))],
        cwd=with_modules(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        asked = process.stdout.readline()
        assert asked, process.stderr.read()
        location = consent(server.data_url, json.loads(asked)["open"], case.typed)
        out, err = process.communicate(json.dumps({"location": location}) + "\n", timeout=60)
        assert process.returncode == 0, err
    return json.loads(out)["done"]


@pytest.mark.requirement("O-7", "O-8", "O-17", "O-19", "O-21", "O-30")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("name", CASES)
def test_a_client_from_npm_gets_through(server, library, name):
    case = CASES[name]
    found = run(library, server, case)
    assert found["token_type"].lower() == ("dpop" if case.dpop else "bearer")
    for reading in ("first", "second"):
        assert found[reading]["status"] == 200
        assert found[reading]["body"]["accounts"][0]["account_name"] == case.holder
    assert found["after_revocation"]["status"] == 401
    if case.introspect:
        assert found["introspection"]["active"] is True
        assert found["introspection"]["client_id"] == case.client_id
    if case.is_openid:
        assert found["userinfo"]["sub"] == found["claims"]["sub"]
        assert found["userinfo"]["name"] == case.holder
