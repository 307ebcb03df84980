"""The small language of the tests of Zengin files over HTTP."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from tests.direct import Direct
from tests.support import bearer

TEXT = "text/plain; charset=Shift_JIS"
PATHS = {"transfer": "/transfers", "bulk": "/bulk_transfers", "payroll": "/payroll_transfers"}
ALL, NONE = "1111100000", "0000000000"


@dataclass
class Filing:
    """A user's files. ``token`` may register."""

    direct: Direct
    token: str

    @classmethod
    async def of(cls, direct: Direct, persona: str = "shoji_maker") -> "Filing":
        tokens = await direct.log_in(persona, "web21.upd")
        return cls(direct, tokens["access_token"])

    async def send(
        self, data: bytes, kind: str = "bulk", *, content_type: str = TEXT, **query: str
    ) -> tuple[int, dict[str, Any]]:
        """POST a file; asks for no warnings unless ``query`` does."""
        named = {
            "client_id": self.direct.client_id,
            "contractor_id": self.direct.contractor_id,
            "warning_check_type": NONE,
            **query,
        }
        url = f"{self.direct.base}{PATHS[kind]}"
        headers = {"Content-Type": content_type, **bearer(self.token)}
        session = self.direct.running.http
        async with session.post(url, params=named, data=BytesIO(data), headers=headers) as answer:
            return answer.status, await answer.json()

    async def registered(self, data: bytes, kind: str = "bulk", **query: str) -> str:
        """Return the id of a file's request."""
        status, body = await self.send(data, kind, **query)
        assert (status, body["result_type"]) == (200, "fixed"), body
        reference: str = body["transaction_id"]
        return reference

    async def refused(self, data: bytes, kind: str = "bulk", **query: str) -> list[dict[str, str]]:
        """Return the details of a refused file."""
        status, body = await self.send(data, kind, **query)
        assert (status, body["error_code"]) == (400, "file_rejected"), body
        details: list[dict[str, str]] = body["error_details"]
        return details

    async def codes(self, data: bytes, kind: str = "bulk", **query: str) -> list[str]:
        return [each["code"] for each in await self.refused(data, kind, **query)]

    async def fetch(self, path: str, token: str | None = None, **query: str) -> tuple[int, Any]:
        """GET a file; returns (status, bytes), or the JSON of whatever is no file."""
        named = {"client_id": self.direct.client_id, "contractor_id": self.direct.contractor_id}
        headers = {"Accept": "text/plain", **bearer(token or self.token)}
        session, url = self.direct.running.http, f"{self.direct.base}{path}"
        async with session.get(url, params=named | query, headers=headers) as answer:
            if answer.content_type != "text/plain":
                return answer.status, await answer.json()
            assert answer.headers["Content-Type"] == TEXT
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, await answer.read()

    async def written(self, reference: str, kind: str = "bulk") -> bytes:
        status, data = await self.fetch(f"{PATHS[kind]}/{reference}")
        assert status == 200, data
        assert isinstance(data, bytes)
        return data

    async def count(self, kind: str = "bulk") -> int:
        """Return how many requests there are."""
        _, body, _ = await self.direct.get(f"{PATHS[kind]}/list", self.token)
        found: int = body["count"]
        return found
