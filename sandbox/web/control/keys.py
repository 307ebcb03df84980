"""``…/keys``: the banks' signing keys, and new ones in their place."""

from sandbox.domain.oauth.signing_key import SigningKey
from sandbox.domain.time import iso
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json


async def list_keys(call: ControlCall) -> Json:
    """List the signing keys in the key sets of the world's banks, oldest first."""
    banks = [await bank_of(call, name) for name in call.controls.profiles]
    return {"keys": [_shown(key) for bank in banks for key in await bank.keys.list_published()]}


async def rotate_keys(call: ControlCall) -> Json:
    """Let new keys sign from now on; the old ones stay published until their tokens have ended."""
    bank = await bank_of(call, call.body["bank"])
    await bank.keys.rotate(call.body.get("alg"))
    return {"keys": [_shown(key) for key in await bank.keys.list_published()]}


def _shown(key: SigningKey) -> Json:
    """Return all of a key but the key (O-31)."""
    shown: Json = {
        "kid": key.kid,
        "bank": key.bank,
        "alg": key.alg,
        "is_signing": key.retired_at is None,
        "created_at": iso(key.created_at),
    }
    if key.retired_at is not None and key.published_until is not None:
        shown["retired_at"] = iso(key.retired_at)
        shown["published_until"] = iso(key.published_until)
    return shown
