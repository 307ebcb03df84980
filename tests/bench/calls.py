"""What one HTTP call costs, as a ratio to the bare handler (DESIGN §11)."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.load import Load, Ratio, ratio
from tests.process import serving
from tests.support import AGGREGATOR, BASE, CHALLENGE, REDIRECT_URI, VERIFIER, basic, bearer

CODES = 400  # per round
Measure = Callable[[int, int], Ratio]
ENVIRONMENT = {
    "SANDBOX_TOMATO_RATE_LIMIT_PER_MINUTE": "0",
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

    def code(self, persona: str) -> str:
        body = {
            "bank": "tomato",
            "client_id": AGGREGATOR,
            "persona": persona,
            "scope": "accounts",
            "code_challenge": CHALLENGE,
        }
        url = f"{self.control_url}/api/v1/worlds/default/authorize"
        return str(call(url, json.dumps(body), {"Content-Type": "application/json"})["code"])

    def access_token(self, persona: str) -> str:
        answer = call(f"{self.base}/oauth/token", form_of(self.code(persona)), basic(AGGREGATOR))
        return str(answer["access_token"])

    def compare(self, own: Load) -> Measure:
        """Return the measure of ``own`` against the bare handler under the same load."""
        base = Load(
            pid=self.bare_pid,
            url=f"{self.bare_url}/bare",
            headers=own.headers,
            # As long as the real ones, and as many.
            bodies=None if own.bodies is None else lambda: [form_of("c" * 51)] * CODES,
        )
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


def balance(at: Servers) -> Measure:
    return at.compare(balance_read(at))


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
    def forms() -> Sequence[str]:
        return [form_of(at.code("taro")) for _ in range(CODES)]

    return at.compare(
        Load(
            pid=at.bank_pid,
            url=f"{at.base}/oauth/token",
            headers=basic(AGGREGATOR),
            bodies=forms,
        )
    )
