"""The authorization endpoint's use cases: from a client's request to the redirect back to it.

One ``interaction`` is one authorization request in one browser. It is bound to a cookie of its
own, so that two tabs cannot approve each other's requests, and the cookie changes at sign-in,
so that one planted before is worth nothing afterwards (O-25).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from sandbox.domain.client import Client
from sandbox.domain.contractor import Contractor, SignIn
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.errors import (
    AccessDenied,
    ConsentRequired,
    InteractionRequired,
    LoginRequired,
    OAuthError,
    ShownError,
)
from sandbox.domain.oauth.openid import SignedInAlready
from sandbox.domain.policy import BankPolicy
from sandbox.domain.secrets import token_hash
from sandbox.domain.time import Instant
from sandbox.services.oauth.answers import Answer, RedirectBack, answer_of, error_of
from sandbox.services.oauth.grants import (
    Consent,
    Granted,
    GrantService,
    NothingChosen,
    use_pushed,
)
from sandbox.services.oauth.offers import Asker, Offer, Offers
from sandbox.services.oauth.sessions import SessionService
from sandbox.services.sign_in import SignInRefused, SignInService
from sandbox.services.world import World
from sandbox.storage import clients, contractors, interactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """An authorization request under way. ``contractor`` is None until someone signed in.

    ``interaction_id`` is None where no browser is in the game.
    """

    interaction_id: str | None
    client: Client
    request: AuthorizationRequest
    contractor: Contractor | None
    credential_id: int | None
    login: str | None = None
    authenticated_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """``cookie``: the interaction's new one; ``session``: of a log-in that is kept, if it is."""

    cookie: str
    contractor: Contractor
    session: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What the browser carries back to the client: its code, state, iss.

    ``fault``: the rule because of which it is something else.
    """

    answer: Answer
    grant_id: str | None
    fault: str | None = None


class AuthorizeService:
    def __init__(
        self,
        world: World,
        bank: str,
        policy: BankPolicy,
        sign_in: SignInService,
        grants: GrantService,
        sessions: SessionService,
        offers: Offers,
    ) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._sign_in = sign_in
        self._grants = grants
        self._sessions = sessions
        self._offers = offers

    async def begin(
        self, client: Client, request: AuthorizationRequest, session: str | None = None
    ) -> tuple[str, str]:
        """Open an interaction for a checked request; return its id and its browser's cookie.

        ``session``: the cookie of a log-in that the browser still has, if any.

        Raises:
            RedirectBack: no page may be shown (``prompt=none``); carries a code or an error.
            ShownError: the pushed request was used meanwhile.
        """
        held = await self._sessions.find(client, request, session)
        if "none" in request.prompts:
            raise await self._answer_at_once(client, request, held)
        interaction_id, cookie = self._world.secret(16), self._world.secret(32)
        now = self._world.now()
        async with self._world.database.transaction() as db:
            await interactions.forget_before(db, now - self._policy.interaction_lifetime_ms)
            await interactions.insert(
                db,
                interaction_id=interaction_id,
                browser_hash=token_hash(cookie),
                bank=self._bank,
                client_id=client.client_id,
                request=json.dumps(asdict(request)),
                expires_at=now + self._policy.interaction_lifetime_ms,
                held=held,
            )
        return interaction_id, cookie

    async def _answer_at_once(
        self, client: Client, request: AuthorizationRequest, held: SignedInAlready | None
    ) -> RedirectBack:
        """Answer without a page (OpenID Connect Core §3.1.2.6)."""
        granted = await self._granted_at_once(client, request, held)
        if isinstance(granted, OAuthError):
            async with self._world.database.transaction(counts=False) as db:
                await use_pushed(db, request, self._world.now())  # it has had its answer
            return RedirectBack(self.refusal(request, granted))
        return RedirectBack(self._code_answer(request, granted.code), granted.grant_id)

    async def _granted_at_once(
        self, client: Client, request: AuthorizationRequest, held: SignedInAlready | None
    ) -> Granted | OAuthError:
        if held is None:
            return LoginRequired("nobody is logged in for this request")
        contractor, _ = await self._contractor_of(held.credential_id)
        asker = Asker(
            client=client,
            request=request,
            contractor=contractor,
            credential_id=held.credential_id,
        )
        try:
            await self._offers.find(asker)
        except SignInRefused as refused:
            return InteractionRequired(f"the bank has something to say: {refused.code}")
        granted = await self._grants.consent_again(client, request, held)
        return granted or ConsentRequired("the contractor has not allowed this yet")

    async def find(self, interaction_id: str, cookie: str | None) -> Interaction:
        """Return a running interaction to the browser that it belongs to.

        Raises:
            ShownError: unknown, over, expired, another browser's; or the client, or its redirect
                URI, is good no more.
        """
        row = await interactions.find(self._world.database, self._bank, interaction_id)
        if row is None or cookie is None or token_hash(cookie) != row.browser_hash:
            raise ShownError("interaction_unknown", 400)
        if row.ended_at is not None:  # answered: perhaps with a consent, so not "nothing shared"
            raise ShownError("interaction_unknown", 400)
        if self._world.now() >= row.expires_at:
            raise ShownError("interaction_expired", 400)
        client = await clients.find(self._world.database, self._bank, row.client_id)
        assert client is not None  # clients are never deleted, only ended
        if not client.is_active:
            raise ShownError("client_blocked", 400, client_id=client.client_id)
        request = AuthorizationRequest(**json.loads(row.request))
        if not client.knows_redirect_uri(request.redirect_uri):  # taken away meanwhile
            raise ShownError("redirect_uri_mismatch", redirect_uri=request.redirect_uri)
        contractor = login = None
        if row.credential_id is not None:
            contractor, login = await self._contractor_of(row.credential_id)
        return Interaction(
            interaction_id=interaction_id,
            client=client,
            request=request,
            contractor=contractor,
            credential_id=row.credential_id,
            login=login,
            authenticated_at=row.authenticated_at,
        )

    async def sign_in(
        self,
        interaction: Interaction,
        sign_in: SignIn,
        *,
        address: str | None = None,
        session: str | None = None,
    ) -> SignedIn:
        """Bind a person to the interaction and return the browser's new cookie, and who it is.

        ``address``: where the person calls from, as far as that counts (O-24). ``session``: the
        cookie of the log-in that this one replaces.

        Raises:
            SignInRefused: wrong, locked, not eligible, or of a kind that the client cannot serve.
            ShownError: somebody signed in meanwhile, or the interaction is over.
            RedirectBack: the client asked for somebody else.
        """
        if sign_in.kind not in interaction.client.contractor_kinds:
            raise SignInRefused("wrong_kind")
        contractor, credential = await self._sign_in.check(sign_in, address=address)
        request, now = interaction.request, self._world.now()
        if not self._sessions.is_asked_for(request, contractor):
            someone_else = LoginRequired("somebody else logged in than was asked for")
            raise RedirectBack(await self.deny(interaction, someone_else))
        await self.offer(
            replace(interaction, contractor=contractor, credential_id=credential.credential_id)
        )
        assert interaction.interaction_id is not None
        cookie = self._world.secret(32)
        held = SignedInAlready(credential_id=credential.credential_id, authenticated_at=now)
        async with self._world.database.transaction() as db:
            await use_pushed(db, request, now)
            is_bound = await interactions.sign_in(
                db,
                interaction.interaction_id,
                held=held,
                browser_hash=token_hash(cookie),
                request=json.dumps(asdict(replace(request, pushed=None))),
            )
            if not is_bound:
                raise ShownError("interaction_unknown", 400)
            kept = await self._sessions.open(db, request, held, session)
        return SignedIn(cookie=cookie, contractor=contractor, session=kept)

    async def check_eligible(self, interaction: Interaction) -> None:
        """Raise ``SignInRefused`` where card, contract or accounts ended after the sign-in."""
        assert interaction.contractor is not None
        assert interaction.credential_id is not None
        credential = await contractors.find_credential_by_id(
            self._world.database, interaction.credential_id
        )
        assert credential is not None  # credentials change their state, and stay
        await self._sign_in.admit(credential)
        await self.offer(interaction)

    async def offer(self, interaction: Interaction) -> Offer:
        """Return what the person who signed in can allow.

        Raises:
            SignInRefused: nothing.
        """
        assert interaction.contractor is not None
        assert interaction.credential_id is not None
        return await self._offers.find(
            Asker(
                client=interaction.client,
                request=interaction.request,
                contractor=interaction.contractor,
                credential_id=interaction.credential_id,
            )
        )

    async def allow(
        self, interaction: Interaction, *, functions: tuple[str, ...], account_ids: tuple[str, ...]
    ) -> Allowed:
        """Record the consent and return what the browser carries back: code, state, iss.

        What was not ticked is not granted, and what was never offered cannot be (O-26).
        """
        assert interaction.contractor is not None
        assert interaction.credential_id is not None
        assert interaction.authenticated_at is not None
        offer, request = await self.offer(interaction), interaction.request
        chosen = tuple(function for function in offer.functions if function in functions)
        if request.opens_apis and not chosen:
            raise NothingChosen("functions")
        ticked = tuple(a for a in offer.accounts if a.account_id in account_ids)
        scope = self._offers.granted_scope(request, chosen)
        granted = await self._grants.consent(
            Consent(
                client=interaction.client,
                request=replace(request, scope=scope),
                contractor=interaction.contractor,
                credential_id=interaction.credential_id,
                authenticated_at=interaction.authenticated_at,
                functions=chosen,
                accounts=ticked if offer.are_accounts_ticked else (),
                needs_account=request.opens_apis and offer.are_accounts_ticked,
            ),
            interaction_id=interaction.interaction_id,
        )
        return Allowed(answer=self._code_answer(request, granted.code), grant_id=granted.grant_id)

    async def deny(self, interaction: Interaction, why: OAuthError | None = None) -> Answer:
        """End the interaction and return what the browser carries back: ``access_denied``.

        Raises:
            ShownError: the interaction was answered already.
        """
        assert interaction.interaction_id is not None
        request, now = interaction.request, self._world.now()
        async with self._world.database.transaction() as db:
            is_first = await interactions.end(db, interaction.interaction_id, now)
            if not is_first:  # an answer was given already, and may have been a consent
                raise ShownError("interaction_unknown", 400)
            await use_pushed(db, request, now)
        refusal = why or AccessDenied("the contractor did not allow the access")
        return self.refusal(request, refusal)

    async def expire(self, interaction: Interaction) -> None:
        """Let the time for sign-in and consent be over now."""
        assert interaction.interaction_id is not None
        async with self._world.database.transaction() as db:
            await interactions.expire(db, interaction.interaction_id, self._world.now())

    def granted_until(self) -> Instant:
        return self._grants.expires_at(self._world.now())

    def refusal(self, request: AuthorizationRequest, error: OAuthError) -> Answer:
        """Return what the browser carries back instead of a code."""
        return _answer(request, error_of(self._world, self._bank, request.state, error))

    def _code_answer(self, request: AuthorizationRequest, code: str) -> Answer:
        values = answer_of(self._world, self._bank, code=code, state=request.state)
        return _answer(request, values)

    async def _contractor_of(self, credential_id: int) -> tuple[Contractor, str]:
        database = self._world.database
        credential = await contractors.find_credential_by_id(database, credential_id)
        assert credential is not None
        contractor = await contractors.find(database, credential.contractor_id)
        assert contractor is not None
        return contractor, credential.login


def _answer(request: AuthorizationRequest, values: Mapping[str, str]) -> Answer:
    return Answer(redirect_uri=request.redirect_uri, values=values, mode=request.response_mode)
