"""Grants and tokens beside a model of one screen: which token lives, and why another does not."""

from dataclasses import dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.domain.errors import TokenRejected
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.errors import InvalidGrant
from sandbox.domain.time import DAY, MINUTE, SECOND, Instant
from sandbox.services.oauth.grants import Consent
from sandbox.services.staff import StaffService
from sandbox.storage import accounts, clients, contractors
from tests.properties.pace import machine
from tests.properties.small_world import CLIENTS, CONTRACTORS, POLICY, REDIRECT_URI, WorldMachine

CLIENT = st.sampled_from(CLIENTS)
CONTRACTOR = st.sampled_from(CONTRACTORS)
STEPS = st.sampled_from([1, 59 * SECOND, 60 * SECOND, 30 * MINUTE, 10 * DAY, 30 * DAY, 90 * DAY])


@dataclass(eq=False)
class Grant:
    client_id: str
    contractor_id: str
    expires_at: Instant
    ended: str | None = None  # the first cause stands, whatever comes after it


@dataclass(eq=False)
class Secret:
    """A code, an access token or a refresh token."""

    text: str
    grant: Grant
    expires_at: Instant
    is_spent: bool = False


class TokenMachine(WorldMachine):
    codes = Bundle("codes")
    refresh_tokens = Bundle("refresh_tokens")

    def __init__(self) -> None:
        super().__init__()
        self.grants: list[Grant] = []
        self.access_tokens: list[Secret] = []
        self.blocked: set[str] = set()
        self.without_contract: set[str] = set()

    # What the model knows

    def reason(self, grant: Grant) -> str | None:
        """Return why nothing of the grant works now, or None."""
        if grant.ended is not None:
            return grant.ended
        if self.now >= grant.expires_at:
            return "grant_expired"
        if grant.client_id in self.blocked:
            return "client_blocked"
        return "contract_ended" if grant.contractor_id in self.without_contract else None

    def end(self, grant: Grant, reason: str) -> None:
        if grant.ended is None and self.now < grant.expires_at:
            grant.ended = reason

    def issued(self, pair, grant: Grant) -> Secret:
        """Note a token answer, and check the lifetimes it promises."""
        access_until = min(self.now + POLICY.access_token_lifetime_ms, grant.expires_at)
        refresh_until = min(self.now + POLICY.refresh_token_lifetime_ms, grant.expires_at)
        assert pair.expires_in == (access_until - self.now) // 1000
        assert pair.refresh_token_expires_in == (refresh_until - self.now) // 1000
        self.access_tokens.append(Secret(pair.access_token, grant, access_until))
        return Secret(pair.refresh_token, grant, refresh_until)

    # What can happen

    @rule(target=codes, contractor=CONTRACTOR, client=CLIENT)
    def consent(self, contractor, client):
        for earlier in self.grants:
            if (earlier.contractor_id, earlier.client_id) == (contractor, client):
                self.end(earlier, "superseded")
        text = self.run(self._consent(contractor, client))
        grant = Grant(client, contractor, self.now + POLICY.grant_lifetime_ms)
        self.grants.append(grant)
        return Secret(text, grant, self.now + POLICY.code_lifetime_ms)

    @rule(target=refresh_tokens, contractor=CONTRACTOR, client=CLIENT)
    def consent_and_exchange(self, contractor, client):
        """The usual way to a token in one step, so that the machine gets further with it."""
        return self.exchange(self.consent(contractor, client))

    @rule(target=refresh_tokens, code=codes)
    def exchange(self, code):
        """A code is good once, for a minute, and not after its grant; a replay ends the grant."""
        grant, act = code.grant, self._exchange(code.text, code.grant.client_id)
        if code.is_spent:
            self.refused(act, "code_replayed")
            self.end(grant, "code_replayed")
            return multiple()
        if self.now >= code.expires_at:
            self.refused(act, None)
            return multiple()
        code.is_spent = True
        if self.reason(grant):
            self.refused(act, self.reason(grant))
            return multiple()
        return self.issued(self.run(act), grant)

    @rule(target=refresh_tokens, token=refresh_tokens)
    def refresh(self, token):
        """A refresh token is good once and ends the pair before it; its reuse ends the grant."""
        grant, act = token.grant, self._refresh(token.text, token.grant.client_id)
        if token.is_spent:
            self.refused(act, "refresh_reused")
            self.end(grant, "refresh_reused")
            return multiple()
        expired = "refresh_expired" if self.now >= token.expires_at else None
        if refusal := self.reason(grant) or expired:
            self.refused(act, refusal)
            return multiple()
        token.is_spent = True
        for access in self.access_tokens:
            if access.grant is grant:
                access.expires_at = min(access.expires_at, self.now)
        return self.issued(self.run(act), grant)

    @rule(target=refresh_tokens, code=codes)
    def exchange_twice(self, code):
        """What a thief and the client would do with the same code."""
        first = self.exchange(code)
        self.exchange(code)
        return first

    @rule(target=refresh_tokens, token=refresh_tokens)
    def refresh_twice(self, token):
        first = self.refresh(token)
        self.refresh(token)
        return first

    @rule(code=codes)
    def another_client_brings_the_code(self, code):
        self.refused(self._exchange(code.text, other_than(code.grant.client_id)), None)

    @rule(token=refresh_tokens)
    def another_client_brings_the_refresh_token(self, token):
        self.refused(self._refresh(token.text, other_than(token.grant.client_id)), None)

    @rule(token=refresh_tokens, client=CLIENT)
    def revoke(self, token, client):
        """Only its own client's word counts."""
        self.run(self._revoke(token.text, client))
        if client == token.grant.client_id:
            self.end(token.grant, "revoked_by_provider")

    @precondition(lambda self: self.access_tokens)
    @rule(data=st.data())
    def revoke_by_access_token(self, data):
        token = data.draw(st.sampled_from(range(len(self.access_tokens))))
        self.revoke(self.access_tokens[token], self.access_tokens[token].grant.client_id)

    @rule(client=CLIENT)
    def block_or_let_in_again(self, client):
        self.blocked ^= {client}
        status = "blocked" if client in self.blocked else "active"
        self.run(StaffService(self.world).set_client_status(client, status))

    @rule(contractor=CONTRACTOR)
    def end_or_renew_the_contract(self, contractor):
        self.without_contract ^= {contractor}
        state = "ended" if contractor in self.without_contract else "active"
        self.run(StaffService(self.world).set_contract_state(contractor, state))

    @rule(step=STEPS)
    def let_time_pass(self, step):
        self.advance(step)

    @rule()
    def restart(self):
        self.reopen()

    # What must hold

    @invariant()
    def each_access_token_is_live_or_dead_as_the_model_says(self):
        for token in self.access_tokens:
            expired = "access_expired" if self.now >= token.expires_at else None
            dead = self.reason(token.grant) or expired
            assert self.answer(token, None) == dead
            assert self.answer(token, token.grant.client_id) == dead
            foreign = self.answer(token, other_than(token.grant.client_id))
            assert foreign == (dead or "foreign_token")

    @rule(token=refresh_tokens)
    def a_refresh_token_opens_no_account(self, token):
        assert self.answer(token, None) == "refresh_token_sent"

    def answer(self, token: Secret, presented_by: str | None) -> str | None:
        """Return the reason with which the bank rejects the token, or None if it lets it in."""
        try:
            access = self.run(self._check(token.text, presented_by))
        except TokenRejected as rejected:
            return rejected.reason.value
        assert access.standing.client_id == token.grant.client_id
        assert access.standing.contractor_id == token.grant.contractor_id
        return None

    def refused(self, act, reason: str | None) -> None:
        with pytest.raises(InvalidGrant) as refusal:
            self.run(act)
        assert refusal.value.reason == reason

    # How it is done at the bank

    @property
    def bank(self):
        return self.worlds.bank(self.world, "tomato")

    async def _check(self, token, presented_by):
        return await self.bank.access.check(token, presented_by)

    async def _client(self, client_id):
        return await clients.find(self.world.database, "tomato", client_id)

    async def _exchange(self, code, client_id):
        client = await self._client(client_id)
        return await self.bank.tokens.exchange(client, code, REDIRECT_URI, None)

    async def _refresh(self, token, client_id):
        return await self.bank.tokens.refresh(await self._client(client_id), token, None)

    async def _revoke(self, token, client_id):
        await self.bank.tokens.revoke(await self._client(client_id), token)

    async def _consent(self, contractor_id, client_id):
        database = self.world.database
        contractor = await contractors.find(database, contractor_id)
        request = AuthorizationRequest(
            client_id=client_id,
            redirect_uri=REDIRECT_URI,
            scope="accounts",
            state=None,
            nonce=None,
            code_challenge=None,
        )
        consent = Consent(
            client=await self._client(client_id),
            request=request,
            contractor=contractor,
            credential_id=CONTRACTORS.index(contractor_id) + 1,
            authenticated_at=self.world.now(),
            functions=("balances",),
            accounts=tuple(await accounts.list_of_contractor(database, contractor_id)),
        )
        return (await self.bank.grants.consent(consent, interaction_id=None)).code


def other_than(client_id: str) -> str:
    return next(other for other in CLIENTS if other != client_id)


@pytest.mark.requirement(
    "T-11", "T-12", "T-22", "T-24", "T-40", "O-4", "O-5", "O-12", "O-13", "O-33"
)
def test_a_token_lives_exactly_as_long_as_the_model_says():
    run_state_machine_as_test(TokenMachine, settings=machine(60))
