"""What one HTTP call costs, as a ratio to the bare handler (DESIGN §11)."""

import base64
import hashlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import import_key

from tests.bench.load import CONNECTIONS, Load, Ratio, ratio
from tests.process import serving
from tests.support import AGGREGATOR, BASE, CHALLENGE, NOW, REDIRECT_URI, VERIFIER, basic, bearer

CODES = 400  # per round
SIGNED, BOUND = "sandbox-jwt-tokens", "sandbox-dpop"
ISSUED_S = int(datetime.fromisoformat(NOW).timestamp())
Measure = Callable[[int, int], Ratio]
ENVIRONMENT = {
    "SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE": "0",
    "SANDBOX_WEB21_RATE_LIMIT_PER_MINUTE": "0",
    "SANDBOX_TOMATO_ONE_GRANT_PER_PROVIDER": "0",  # each code of a round keeps its grant
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The bank and the bare handler, each in its process."""

    bank_pid: int
    data_url: str
    control_url: str
    bare_pid: int
    bare_url: str

    @property
    def base(self) -> str:
        return self.data_url + BASE

    def code(self, persona: str, client_id: str = AGGREGATOR) -> str:
        body = {
            "bank": "tomato",
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
            "persona": persona,
            "scope": "accounts",
            "code_challenge": CHALLENGE,
        }
        url = f"{self.control_url}/api/v1/worlds/default/authorize"
        return str(call(url, json.dumps(body), {"Content-Type": "application/json"})["code"])

    def access_token(self, persona: str) -> str:
        answer = call(f"{self.base}/oauth/token", form_of(self.code(persona)), basic(AGGREGATOR))
        return str(answer["access_token"])

    def bare(self, own: Load) -> Load:
        """Return the same load on the bare handler."""
        return Load(
            pid=self.bare_pid,
            url=f"{self.bare_url}/bare",
            headers=own.headers,
            # As long as the real ones, and as many.
            bodies=None if own.bodies is None else lambda: [own.example] * CODES,
            content_type=own.content_type,
            connections=own.connections,
        )

    def compare(self, own: Load) -> Measure:
        """Return the measure of ``own`` against the bare handler under the same load."""
        base = self.bare(own)
        return lambda rounds, seconds: ratio(own, base, rounds=rounds, seconds=seconds)

    def read(self, path: str, token: str, status: int = 200) -> Load:
        return Load(
            pid=self.bank_pid, url=f"{self.base}{path}", headers=bearer(token), status=status
        )


def call(url: str, body: str | None, headers: dict[str, str]) -> dict[str, Any]:
    data = None if body is None else body.encode()
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return dict(json.load(answer))


def form_of(code: str) -> str:
    callback = urllib.request.quote(REDIRECT_URI, safe="")
    return (
        f"grant_type=authorization_code&redirect_uri={callback}"
        f"&code_verifier={VERIFIER}&code={code}"
    )


@contextmanager
def servers(directory: Path, **environment: str) -> Iterator[Servers]:
    """Run the bank on a world that stands still, and the bare handler beside it."""
    with ExitStack() as stack:
        bank = stack.enter_context(
            serving("--data", str(directory), **ENVIRONMENT, **environment)
        ).addresses
        bare = stack.enter_context(
            subprocess.Popen([sys.executable, "-m", "tests.bench.bare"], stdout=subprocess.PIPE)
        )
        stack.callback(bare.kill)
        assert bare.stdout is not None
        yield Servers(
            bank_pid=bank["pid"],
            data_url=bank["data_url"],
            control_url=bank["control_url"],
            bare_pid=bare.pid,
            bare_url=bare.stdout.readline().decode().strip(),
        )


def first_account(at: Servers, token: str) -> str:
    accounts = call(f"{at.base}/accounts", None, bearer(token))["accounts"]
    return str(accounts[0]["account_id"])


def balance_read(at: Servers) -> Load:
    token = at.access_token("taro")
    return at.read(f"/accounts/{first_account(at, token)}", token)


def balance(at: Servers, connections: int = CONNECTIONS) -> Measure:
    return at.compare(replace(balance_read(at), connections=connections))


def journal(at: Servers, directory: Path, rounds: int, seconds: int) -> Ratio:
    """A balance read with the journal, over the same without one."""
    with servers(directory, SANDBOX_JOURNAL_ROWS="0") as without:
        own, base = balance_read(at), balance_read(without)
        return ratio(own, base, rounds=rounds, seconds=seconds)


def page(at: Servers) -> Measure:
    """The days of an account that hold about a hundred lines."""
    token = at.access_token("taro")
    path = f"/accounts/{first_account(at, token)}/transactions"
    lines = call(f"{at.base}{path}?date_from=2026-01-01", None, bearer(token))["transactions"]
    first, last = lines[0]["transaction_date"], lines[99]["transaction_date"]
    return at.compare(at.read(f"{path}?date_from={first}&date_to={last}", token))


def unauthorized(at: Servers) -> Measure:
    token = at.access_token("taro")
    wrong = token[:8] + "x" * (len(token) - 8)
    return at.compare(at.read("/accounts", wrong, status=401))


def exchange(at: Servers) -> Measure:
    return at.compare(exchanges(at, AGGREGATOR, basic(AGGREGATOR)))


def signed_exchange(at: Servers) -> Measure:
    """Access tokens that are JWTs (RFC 9068)."""
    return at.compare(exchanges(at, SIGNED, basic(SIGNED)))


def dpop_exchange(at: Servers) -> Measure:
    key, url = proof_key(), f"{at.base}/oauth/token"
    own = exchanges(at, BOUND, {})
    return at.compare(
        replace(
            own,
            bodies=lambda: [f"{form}&client_id={BOUND}" for form in own.bodies()],
            proofs=lambda count: [proof(key, "POST", url) for _ in range(count)],
        )
    )


def dpop_balance(at: Servers) -> Measure:
    """A balance read whose token is bound to a key, each with a proof of its own."""
    key, token_url = proof_key(), f"{at.base}/oauth/token"
    form = f"{form_of(at.code('taro', BOUND))}&client_id={BOUND}"
    token = call(token_url, form, {"DPoP": proof(key, "POST", token_url)})["access_token"]
    accounts = f"{at.base}/accounts"
    headers = {"Authorization": f"DPoP {token}"}
    listed = call(accounts, None, {**headers, "DPoP": proof(key, "GET", accounts, token)})
    url = f"{accounts}/{listed['accounts'][0]['account_id']}"
    return at.compare(
        Load(
            pid=at.bank_pid,
            url=url,
            headers=headers,
            proofs=lambda count: [proof(key, "GET", url, token) for _ in range(count)],
        )
    )


def exchanges(at: Servers, client_id: str, headers: dict[str, str]) -> Load:
    def forms() -> Sequence[str]:
        return [form_of(at.code("taro", client_id)) for _ in range(CODES)]

    return Load(
        pid=at.bank_pid,
        url=f"{at.base}/oauth/token",
        headers=headers,
        bodies=forms,
        example=form_of("c" * 51),
    )


def proof_key() -> dict[str, Any]:
    from sandbox.services.oauth import jose

    return jose.new_key("ES256", "bench")


def proof(key: dict[str, Any], method: str, url: str, token: str | None = None) -> str:
    """Return a DPoP proof of the world's frozen moment (RFC 9449 §4.2)."""
    claims = {"htm": method, "htu": url, "iat": ISSUED_S, "jti": uuid4().hex}
    if token is not None:
        digest = hashlib.sha256(token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    public = {name: key[name] for name in ("kty", "crv", "x", "y")}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public}
    return jwt.encode(header, claims, import_key(key), algorithms=["ES256"])
