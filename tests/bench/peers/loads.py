"""The same call at the bank and at a peer: a code for a token, or the balance of an account."""

import json
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench.calls import CODES, Servers, balance_read, exchanges, form_of
from tests.bench.load import Load
from tests.bench.peers.install import NODE
from tests.bench.peers.running import Started
from tests.support import AGGREGATOR, CHALLENGE, REDIRECT_URI, basic, secret_of

DOCUMENT = "openapi.json"
OIDC_CODES = 200  # a round: its store of the process forgets after some thousand rows
OIDC_ARGUMENTS = (AGGREGATOR, secret_of(AGGREGATOR), REDIRECT_URI)


class StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect is what we came for."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def own_exchange(at: Servers) -> Load:
    return exchanges(at, AGGREGATOR, basic(AGGREGATOR))


def mock_server(at: Servers, peer: Started) -> tuple[Load, Load]:
    """Its codes come from its authorization endpoint, which asks nobody."""
    browser = urllib.request.build_opener(StayHere)
    wish = {"response_type": "code", "client_id": AGGREGATOR, "redirect_uri": REDIRECT_URI}
    wish |= {"scope": "accounts", "state": "s"}
    wish |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    url = f"{peer.url}/authorize?{urlencode(wish)}"

    def code() -> str:
        try:
            browser.open(url, timeout=60).read()
        except HTTPError as redirect:
            return parse_qs(urlsplit(redirect.headers["Location"]).query)["code"][0]
        raise AssertionError("it does not redirect")

    def forms() -> Sequence[str]:
        return [form_of(code()) for _ in range(CODES)]

    return own_exchange(at), token_load(peer, forms)


def oidc_provider(at: Servers, peer: Started) -> tuple[Load, Load]:
    """Its codes are made as its log-in pages would make them (node/oidc.mjs)."""

    def forms() -> Sequence[str]:
        url = f"{peer.url}/codes?count={OIDC_CODES}&challenge={CHALLENGE}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return [form_of(code) for code in json.load(answer)["codes"]]

    return own_exchange(at), token_load(peer, forms)


def token_load(peer: Started, forms: Any) -> Load:
    return Load(pid=peer.pid, url=f"{peer.url}/token", headers=basic(AGGREGATOR), bodies=forms)


def prism(at: Servers, peer: Started) -> tuple[Load, Load]:
    own = balance_read(at)
    path = own.url.removeprefix(at.base)
    return own, Load(pid=peer.pid, url=f"{peer.url}{path}", headers=own.headers)


def keep_document(at: Servers, directory: Path) -> None:
    """Keep the OpenAPI document of the bank for those who serve such."""
    with urllib.request.urlopen(f"{at.data_url}/tomato/openapi.json", timeout=60) as answer:
        (directory / DOCUMENT).write_bytes(answer.read())


def node_version() -> str:
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return f"Node {said.strip().removeprefix('v')}"
