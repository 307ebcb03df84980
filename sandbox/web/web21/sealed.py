"""Field encryption at the door of ``web21`` (specs: web21 §9): which fields, for which calls.

``beneficiary_name_kana`` is the name that came in as ``beneficiary_name``; told in clear, it would
undo the encryption of the other. Ids, codes and amounts stay clear: paths and sums need them.
"""

import re
from typing import TYPE_CHECKING, Any

from sandbox.domain.corporate.encryption import Keyring, SealedFields
from sandbox.domain.errors import InvalidParameter

if TYPE_CHECKING:
    from sandbox.web.call import Call, Json

FIELDS = SealedFields(
    names=frozenset(
        {
            "account_number",
            "beneficiary_name",
            "beneficiary_name_kana",
            "contact_name",
            "abstract",
            "remitter_name",
        }
    )
)
ERRORS, MESSAGE = "transaction_error_data", "transaction_error_message"
_QUOTED = re.compile("「[^」]*」")
NO_FILES = (
    "項目暗号化をご利用中はファイルを送受信できません。JSONをご利用ください / "
    "no files while field encryption is on: use JSON"
)


class FieldSealing:
    """What ``Profile.sealing`` asks for."""

    fields = FIELDS

    async def opened(self, call: "Call", body: "Json") -> "Json":
        """Return a request's body with its fields open; the very same where encryption is off.

        Raises:
            InvalidParameter: a field that does not open, a clear one among them.
        """
        ring = await _ring_of(call)
        return body if ring is None else await call.bank.encryption.open(ring, body)

    async def sealed(self, call: "Call", body: "Json") -> "Json":
        """Return an answer's body as this caller may have it."""
        ring = await _ring_of(call)
        if ring is None:
            return body
        sealed: Json = await call.bank.encryption.seal(ring, _discreet(body))
        return sealed

    async def check_file(self, call: "Call", field: str) -> None:
        """Refuse a file of either direction where encryption is on: its fields have no names.

        Raises:
            InvalidParameter: with ``field``, the header that asks for it or brings it.
        """
        if await _ring_of(call) is not None:
            problem = {"field": field, "code": "encryption_on", "message": NO_FILES}
            raise InvalidParameter("no files while field encryption is on", [problem])


async def _ring_of(call: "Call") -> Keyring | None:
    return await call.bank.encryption.find(call.access.standing.contractor_id)


def _discreet(body: "Json") -> "Json":
    """Return an answer whose warnings do not quote the names that they are about."""
    if not body.get(ERRORS):
        return body
    remarks: list[dict[str, Any]] = [
        {**each, MESSAGE: _QUOTED.sub("「***」", each[MESSAGE])} for each in body[ERRORS]
    ]
    return {**body, ERRORS: remarks}
