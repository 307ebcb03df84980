"""Log-ins that a browser keeps (OpenID Connect: ``prompt``, ``max_age``).

For requests with ``openid`` alone. A provider's plain request asks for the identity check each
time, as the terms of use want it (T-10, W-42).
"""

from sandbox.domain.client import Client
from sandbox.domain.contractor import Contractor
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.openid import ASKS_FOR_LOGIN, SignedInAlready
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.services.bank_facts import BankFacts
from sandbox.services.sign_in import SignInRefused, SignInService
from sandbox.services.world import World
from sandbox.storage import contractors, sessions
from sandbox.storage.database import Transaction


class SessionService:
    def __init__(
        self,
        world: World,
        bank: str,
        policy: BankPolicy,
        facts: BankFacts,
        sign_in: SignInService,
    ) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._facts = facts
        self._sign_in = sign_in

    async def open(
        self, db: Transaction, request: AuthorizationRequest, held: SignedInAlready, old: str | None
    ) -> str | None:
        """Keep a log-in that has just happened; return its cookie, or None where none is kept.

        A new cookie at each log-in: the ``old`` one opens nothing any more (O-25).
        """
        if not request.is_openid or not self._policy.session_lifetime_ms:
            return None
        now, cookie = self._world.now(), self._world.secret(32)
        await sessions.forget(db, None if old is None else token_hash(old), now)
        until = now + self._policy.session_lifetime_ms
        await sessions.insert(db, token_hash(cookie), self._bank, held, until)
        return cookie

    async def find(
        self, client: Client, request: AuthorizationRequest, cookie: str | None
    ) -> SignedInAlready | None:
        """Return the log-in that serves ``request``; None where the person must log in."""
        if cookie is None or not request.is_openid or request.prompts & ASKS_FOR_LOGIN:
            return None
        now = self._world.now()
        held = await sessions.find(self._world.database, self._bank, token_hash(cookie), now)
        if held is None or _is_too_old(held, request, now):
            return None
        contractor = await self._admitted(held)
        if contractor is None or contractor.kind not in client.contractor_kinds:
            return None
        return held if self.is_asked_for(request, contractor) else None

    def is_asked_for(self, request: AuthorizationRequest, contractor: Contractor) -> bool:
        """Tell whether a request that names a person, by a hint or a claim, means this one."""
        return request.subject in (None, self._facts.subject(contractor.contractor_id))

    async def _admitted(self, held: SignedInAlready) -> Contractor | None:
        """Return who logged in, while card and contract live."""
        credential = await contractors.find_credential_by_id(
            self._world.database, held.credential_id
        )
        if credential is None:  # the world's people were set back
            return None
        try:
            return (await self._sign_in.admit(credential))[0]
        except SignInRefused:
            return None


def _is_too_old(held: SignedInAlready, request: AuthorizationRequest, now: int) -> bool:
    """``max_age=0`` means a log-in now, also where the clock stands still."""
    max_age = request.max_age
    return max_age is not None and now - held.authenticated_at >= max_age * 1000
