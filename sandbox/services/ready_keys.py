"""Keys of the ready clients: published on purpose, and in no file.

A private half is the SHA-256 of a label that names the client, as a number. So everybody has it
who has the sandbox, and nothing checked in is a private key.
"""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from sandbox.domain.client import Client

Json = dict[str, Any]
# FIPS 186-4 D.1.2.3: the order of P-256. A private key is a number from 1 to one less.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KID = "derived:"  # begins the id of every key that is made so


def private_number(client_id: str) -> int:
    """Return the private half of the ES256 key of a ready client."""
    digest = sha256(f"bank-sandbox/ready-client/{client_id}/ES256".encode()).digest()
    return int.from_bytes(digest) % (ORDER - 1) + 1


def shown_keys(client: Client) -> Json | None:
    """Return a client's JWK set: of derived keys both halves, of others the public one."""
    if not client.options.jwks:
        return None
    keys: list[Json] = json.loads(client.options.jwks)["keys"]
    return {"keys": [_with_private_half(client.client_id, key) for key in keys]}


def _with_private_half(client_id: str, key: Json) -> Json:
    if key.get("kid") != f"{KID}{client_id}" or key.get("crv") != "P-256":
        return key
    number = private_number(client_id).to_bytes(32)
    return {**key, "d": urlsafe_b64encode(number).rstrip(b"=").decode()}
