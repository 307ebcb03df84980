"""Keys of clients, and what they sign with them: assertions (RFC 7523), proofs (RFC 9449)."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from joserfc import jws
from joserfc.jwk import import_key

from sandbox.services.oauth import jose
from sandbox.services.world import World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_numbers = count()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def packed(*parts: dict[str, Any], signature: bytes = b"") -> str:
    """Return a token whose signature nobody has made properly."""
    return ".".join([*(b64(json.dumps(part).encode()) for part in parts), b64(signature)])


def new_jti() -> str:
    return f"jti-{next(_numbers)}"


@dataclass
class Key:
    """A private key. ``kid`` empty: it has none."""

    alg: str = "ES256"
    kid: str = "test-key"
    jwk: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.jwk = jose.new_key(self.alg, self.kid)

    @property
    def public(self) -> dict[str, Any]:
        return import_key(self.jwk).as_dict(private=False)

    @property
    def bare(self) -> dict[str, Any]:
        """The public key as proofs carry it: without what says how it is used."""
        return {k: v for k, v in self.public.items() if k not in ("kid", "use", "alg")}

    @property
    def jwks(self) -> str:
        return json.dumps({"keys": [self.public]})

    @property
    def thumbprint(self) -> str:
        return jose.thumbprint(self.bare)

    def sign(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        alg = header.get("alg", self.alg)
        unused = {k: v for k, v in self.jwk.items() if k not in ("alg", "use")}
        payload = json.dumps(claims).encode()  # in ASCII: whatever a text holds, it is written
        key = import_key(unused)
        return jws.serialize_compact({"alg": alg, **header}, payload, key, algorithms=[alg])

    def assertion(
        self, world: World, client_id: str, header: dict[str, Any] | None = None, **changes: Any
    ) -> str:
        """Return a sound assertion for the world's issuer, but for ``changes``; None takes out."""
        now = world.now() // 1000
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": world.issuer("tomato"),
            "jti": new_jti(),
            "iat": now,
            "exp": now + 60,
            **changes,
        }
        said = {"kid": self.kid, **(header or {})}
        return self.sign(_present(said), _present(claims))

    def proof(
        self,
        world: World,
        htu: str,
        htm: str = "POST",
        *,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        **changes: Any,
    ) -> str:
        """Return a sound DPoP proof for a call, but for ``changes``; None takes a claim out."""
        claims = {
            "jti": new_jti(),
            "htm": htm,
            "htu": htu,
            "iat": world.now() // 1000,
            "ath": None if token is None else ath(token),
            **changes,
        }
        said = {"typ": "dpop+jwt", "jwk": self.bare, **(header or {})}
        return self.sign(_present(said), _present(claims))


def ath(token: str) -> str:
    return b64(hashlib.sha256(token.encode()).digest())


def by_assertion(assertion: str) -> dict[str, str]:
    """Return the form fields of private_key_jwt."""
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
