"""Checking DPoP proofs (RFC 9449): a caller shows that it holds a key, one call at a time.

What was used is remembered in memory, not in the world's file: a write for each call of an API
would cost more than the call, and would make every other read forget what it knows. So after a
restart, or once the world was closed and opened again, a proof passes a second time while its
minute lasts; a client that must bring nonces is safe from that too, since the old ones die with
the process. Where the clock is frozen the minute never ends: then the ``SEEN_MOST`` latest proofs
are remembered.
"""

import base64
import hashlib
import hmac

from sandbox.domain.oauth import dpop
from sandbox.domain.oauth.dpop import ProvenCall
from sandbox.domain.oauth.errors import InvalidDpopProof, UseDpopNonce
from sandbox.domain.time import MINUTE, Instant
from sandbox.services.world import World

SEEN_MOST = 100_000
NONCE_MS = 5 * MINUTE  # how long one is handed out; it is taken for as long again


class ProofChecker:
    def __init__(self, world: World) -> None:
        self._world = world
        self._nonce_key = world.secret(32).encode()
        self._seen: dict[bytes, Instant] = {}  # until when; oldest first

    def nonces(self) -> tuple[str, str]:
        """Return the nonce to hand out now, and the one before, which is good as well."""
        period = self._world.now() // NONCE_MS
        return self._nonce(period), self._nonce(period - 1)

    def check(self, proof: str, call: ProvenCall, algorithms: tuple[str, ...]) -> str:
        """Return the thumbprint of the key whose holder made ``proof`` for ``call``.

        There is no await in here: of two uses at once, one is the second.

        Raises:
            InvalidDpopProof: saying what is wrong with it.
            UseDpopNonce: it lacks a nonce, or carries an old one.
        """
        from sandbox.services.oauth.jose import JoseRefused, thumbprint, unverified_header, verify

        try:
            header = unverified_header(proof)
            self._refuse(dpop.header_refusal(header))
            claims = verify(proof, {"keys": [header["jwk"]]}, algorithms).claims
            key = thumbprint(header["jwk"])
        except JoseRefused as error:
            raise InvalidDpopProof(f"the DPoP proof: {error}") from None
        self._refuse(dpop.claims_refusal(claims, call, self._world.now()))
        if not dpop.knows_nonce(claims, call):
            raise UseDpopNonce("the DPoP proof must carry the nonce of this answer")
        if not self._is_first(key, claims["jti"]):
            raise InvalidDpopProof("the DPoP proof: jti was used before")
        return key

    def _refuse(self, why: str | None) -> None:
        if why is not None:
            raise InvalidDpopProof(f"the DPoP proof: {why}")

    def _is_first(self, key: str, jti: str) -> bool:
        now = self._world.now()
        while self._seen and self._seen[oldest := next(iter(self._seen))] < now:
            del self._seen[oldest]
        use = hashlib.sha256(f"{key} {jti}".encode("utf-8", "surrogatepass")).digest()
        if use in self._seen:
            return False
        if len(self._seen) >= SEEN_MOST:
            del self._seen[next(iter(self._seen))]
        # The latest that any proof of now can be used, so that the oldest always goes first.
        self._seen[use] = now + 2 * dpop.WINDOW_MS
        return True

    def _nonce(self, period: int) -> str:
        digest = hmac.digest(self._nonce_key, str(period).encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()
