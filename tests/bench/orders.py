"""What a transfer request of one item costs, validated and committed, as a ratio (DESIGN §11)."""

import json
from itertools import count
from typing import Any

from tests.bench.calls import CODES, Measure, Servers, call
from tests.bench.load import Load
from tests.direct import BANK, BASE, CLIENTS, SHOJI, credentials
from tests.ordering import NO_CHECKS, item, request_data
from tests.support import REDIRECT_URI, bearer

IDENTITY = {"client_id": CLIENTS[SHOJI], "contractor_id": SHOJI}
_numbers = count(1)


def register(at: Servers) -> Measure:
    """A request that is sent in for approval: every amount is another."""
    base = f"{at.data_url}{BASE}"
    return at.compare(
        Load(
            pid=at.bank_pid,
            url=f"{base}/bulk_transfers",
            headers=bearer(access_token(at, base)),
            bodies=lambda: [body(next(_numbers)) for _ in range(CODES)],
            example=body(0),
            content_type="application/json",
        )
    )


def body(number: int) -> str:
    sent: dict[str, Any] = {
        **IDENTITY,
        "warning_check_type": NO_CHECKS,
        "fixed_request_data": request_data(item(transfer_amount=1_000 + number)),
    }
    return json.dumps(sent)


def access_token(at: Servers, base: str) -> str:
    wish = {"bank": BANK, "client_id": IDENTITY["client_id"], "persona": "shoji_maker"}
    url = f"{at.control_url}/api/v1/worlds/default/authorize"
    asked = json.dumps({**wish, "scope": "web21.upd"})
    code = call(url, asked, {"Content-Type": "application/json"})["code"]
    form = f"grant_type=authorization_code&code={code}&redirect_uri={REDIRECT_URI}"
    tokens = call(f"{base}/oauth/token", form, credentials(IDENTITY["client_id"]))
    return str(tokens["access_token"])
