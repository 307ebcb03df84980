"""Transfer requests as the tests of ``web21``'s update functions send them."""

from typing import Any

from tests.direct import Direct
from tests.support import bearer

PATHS = {"transfer": "/transfers", "bulk": "/bulk_transfers", "payroll": "/payroll_transfers"}
CATEGORIES = {"transfer": None, "bulk": "21", "payroll": "11"}
NO_CHECKS, ALL_CHECKS = "0000000000", "1111100000"
UPDATE, APPROVAL = "web21.ref web21.upd", "web21.appr"
Json = dict[str, Any]


def item(number: int = 1, **changes: Any) -> Json:
    """One payment to an account of another bank."""
    return {
        "item_id": str(number),
        "beneficiary_bank_code": "9999",
        "beneficiary_branch_code": "001",
        "account_type_code": "01",
        "account_number": f"{7_000_000 + number}",
        "beneficiary_name": "ｶｸｳ ﾀﾛｳ",
        "transfer_amount": 10_000 + number,
        "new_code": "0",
        **changes,
    }


def request_data(*items: Json, kind: str = "bulk", **changes: Any) -> Json:
    """A request of サンプル商事, paid from its main account. None: left out."""
    data = {
        "category_code": CATEGORIES[kind],
        "remitter_code": "0000000001",
        "remitter_name": "ｻﾝﾌﾟﾙｼﾖｳｼﾞ(ｶ",
        "effort_date": "11-24",
        "remitting_bank_code": "0009",
        "remitting_branch_code": "001",
        "remitting_account_type_code": "01",
        "remitting_account_number": "1000001",
        "transactions": list(items) or [item()],
        **changes,
    }
    return {name: value for name, value in data.items() if value is not None}


class Orders:
    """What a contractor's server sends with one token."""

    def __init__(self, direct: Direct, token: str, kind: str = "bulk") -> None:
        self.direct = direct
        self.token = token
        self.kind = kind
        self.path = PATHS[kind]

    @classmethod
    async def of(
        cls, direct: Direct, persona: str = "shoji_maker", scope: str = UPDATE, kind: str = "bulk"
    ) -> "Orders":
        return cls(direct, (await direct.log_in(persona, scope))["access_token"], kind)

    async def send(self, path: str, body: Any, **headers: str) -> tuple[int, Json, Any]:
        """POST with the identity in the body, unless ``body`` says otherwise (None: left out)."""
        direct = self.direct
        if isinstance(body, dict):
            named = {"client_id": direct.client_id, "contractor_id": direct.contractor_id, **body}
            body = {name: value for name, value in named.items() if value is not None}
        sent = {**bearer(self.token), **{k.replace("_", "-"): v for k, v in headers.items()}}
        url = f"{direct.base}{path}"
        async with direct.running.http.post(url, json=body, headers=sent) as answer:
            return answer.status, await answer.json(), answer.headers

    async def register(self, *items: Json, body: Json | None = None, **changes: Any) -> Json:
        """Register a request and return the answer, which must be 200."""
        status, answer, _ = await self.try_register(*items, body=body, **changes)
        assert status == 200, answer
        return answer

    async def try_register(
        self, *items: Json, body: Json | None = None, headers: Json | None = None, **changes: Any
    ) -> tuple[int, Json, Any]:
        data = request_data(*items, **{"kind": self.kind, **changes})
        sent = {"warning_check_type": NO_CHECKS, "fixed_request_data": data, **(body or {})}
        return await self.send(self.path, sent, **(headers or {}))

    async def act(self, reference: str, act: str, body: Json | None = None) -> tuple[int, Json]:
        """Do ``submissions``, ``withdrawal``, ``return`` or ``deletion``."""
        status, answer, _ = await self.send(f"{self.path}/{reference}/{act}", body or {})
        return status, answer

    async def detail(self, reference: str) -> Json:
        status, body, _ = await self.direct.get(f"{self.path}/{reference}", self.token)
        assert status == 200, body
        return body


def code_of(answer: tuple[int, Json, Any] | tuple[int, Json]) -> tuple[int, str | None]:
    """Return status and error code."""
    return answer[0], answer[1].get("error_code")
