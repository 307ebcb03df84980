"""Transfer requests filed over HTTP at a server of another process, by who waits."""

import json
from typing import Any
from urllib.request import Request, urlopen

from sandbox.client import World
from tests.direct import BASE, SHOJI

MAKER, CHECKER = "shoji_maker", "shoji_checker"
CLIENT = "10000001"
IDENTITY = {"client_id": CLIENT, "contractor_id": SHOJI}


def item(number: int, yen: int = 1_000) -> dict[str, Any]:
    return {
        "item_id": str(number),
        "beneficiary_bank_code": "9999",
        "beneficiary_branch_code": "001",
        "account_type_code": "01",
        "account_number": f"{number:07}",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "transfer_amount": yen,
        "new_code": "0",
    }


def _request(items: list[dict[str, Any]], effort_date: str) -> dict[str, Any]:
    return {
        "category_code": "21",
        "remitter_code": "0000000001",
        "remitter_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
        "effort_date": effort_date,
        "remitting_bank_code": "0009",
        "remitting_branch_code": "001",
        "remitting_account_type_code": "01",
        "remitting_account_number": "1000001",
        "transactions": items,
    }


class Filing:
    """What shoji's own web server does in one world."""

    def __init__(self, world: World, data_url: str) -> None:
        self._world = world
        self._base = f"{data_url}/w/{world.name}{BASE}"

    def register(self, *items: dict[str, Any], on: str = "11-20") -> str:
        """Register a bulk transfer; return its transaction id."""
        wanted = {
            "warning_check_type": "0000000000",
            "fixed_request_data": _request(list(items) or [item(1)], on),
        }
        answer = self._post("/bulk_transfers", MAKER, "web21.upd", **wanted)
        return str(answer["transaction_id"])

    def approve(self, reference: str) -> None:
        self._post(f"/bulk_transfers/{reference}/submissions", CHECKER, "web21.appr")

    def pull_back(self, reference: str) -> None:
        self._post(f"/bulk_transfers/{reference}/withdrawal", MAKER, "web21.upd")

    def settled(self, *items: dict[str, Any]) -> str:
        """Register, approve and let time pass until all is paid."""
        reference = self.register(*items)
        self.approve(reference)
        self._world.clock.advance("4d")
        return reference

    def _post(self, path: str, persona: str, scope: str, **body: Any) -> dict[str, Any]:
        request = Request(
            self._base + path,
            json.dumps(IDENTITY | body).encode(),
            {
                "Authorization": f"Bearer {self._token(persona, scope)}",
                "Content-Type": "application/json",
            },
        )
        with urlopen(request) as answer:
            return dict(json.load(answer))

    def _token(self, persona: str, scope: str) -> str:
        # A new one each time: access tokens lapse while time is moved.
        minted = self._world.tokens.mint(CLIENT, persona, scope=scope, bank="web21")
        return minted.access_token
