"""Grants under load: consent, code + PKCE, refresh, revocation, reuse, introspection."""

from collections import deque
from itertools import count

from tests.bench.soak.door import Answer, Door
from tests.bench.soak.record import MINUTE, Grant, Record, Span
from tests.bench.soak.roles import ROLES, Role
from tests.support import CHALLENGE, REDIRECT_URI, VERIFIER

AT_WORK = 12  # grants of a role that are used; older ones are left alone until the end
DEAD = {"active": False}


class Consents:
    """The grants of all roles. One that is in use is in nobody else's hands."""

    def __init__(self, door: Door, record: Record) -> None:
        self.door = door
        self.record = record
        self.idle: dict[str, deque[Grant]] = {name: deque() for name in ROLES}
        self._turns = count()

    def base(self, role: Role) -> str:
        return self.door.data_url + role.base

    def put_back(self, grant: Grant) -> None:
        """Hand a grant in after use. The oldest may rest once there are enough."""
        if grant.is_ended:
            return
        idle = self.idle[grant.role]
        idle.append(grant)
        if len(idle) > AT_WORK:
            idle.popleft()

    async def take(self, role: Role) -> Grant | None:
        """Return a grant whose access token works, for this caller alone; None: not this time."""
        idle = self.idle[role.name]
        if not idle:
            return await self.consent(role)
        grant = idle.popleft()
        if grant.alive("access", self.present) is True:
            return grant
        return await self.refresh(grant)

    @property
    def present(self) -> Span:
        """From what is known to a minute later: a token that lasts so long can be used."""
        return Span(self.door.now, self.door.now + MINUTE)

    async def consent(self, role: Role) -> Grant | None:
        """Get a new grant, and hold it."""
        low = self.door.now
        persona = role.personas[next(self._turns) % len(role.personas)]
        wish = {"bank": role.bank, "client_id": role.client_id, "persona": persona}
        wish |= {"scope": role.scope, "code_challenge": CHALLENGE}
        consented = await self.door.control("POST", "/default/authorize", **wish)
        if consented.status != 200:
            self.record.complain(f"consent of {persona}: {consented}")
            return None
        answer = await self.token(
            role,
            grant_type="authorization_code",
            code=consented.body["code"],
            redirect_uri=REDIRECT_URI,
            code_verifier=VERIFIER,
        )
        at = Span(low, answer.at.high)
        if answer.status == 200:
            grant = Grant.made(role.name, role.bank, role.client_id, answer.body, at)
            self.record.grants.append(grant)
            self.record.acts["consents"] += 1
            return grant
        if at.high - at.low < MINUTE:  # else the clock went on in between, and the code is too old
            self.record.complain(f"exchange: {answer}")
        return None

    async def token(self, role: Role, **form: str) -> Answer:
        url = f"{self.base(role)}/oauth/token"
        return await self.door.call("POST", url, role.credentials, data=form)

    async def refresh(self, grant: Grant) -> Grant | None:
        """Refresh a grant that this caller holds. None: it has lapsed."""
        answer = await self.token(
            ROLES[grant.role], grant_type="refresh_token", refresh_token=grant.refresh
        )
        if answer.status == 200:
            grant.renew(answer.body["access_token"], answer.body["refresh_token"], answer.at)
            self.record.acts["refreshes"] += 1
            return grant
        if grant.alive("refresh", answer.at) is True:
            self.record.complain(f"refresh of a live grant: {answer}")
        return None

    async def end(self, grant: Grant) -> None:
        """Revoke what this caller holds (RFC 7009)."""
        role = ROLES[grant.role]
        url, form = f"{self.base(role)}/oauth/revoke", {"token": grant.refresh}
        answer = await self.door.call("POST", url, role.credentials, data=form)
        if answer.status == 200:
            grant.is_ended = True
            self.record.acts["revocations"] += 1
        else:
            self.record.complain(f"revocation: {answer}")

    async def steal(self, grant: Grant) -> None:
        """Use a refresh token again that was replaced: all of the grant ends with that."""
        if grant.replaced is None:
            self.put_back(grant)
            return
        stolen = grant.replaced[1]
        answer = await self.token(
            ROLES[grant.role], grant_type="refresh_token", refresh_token=stolen
        )
        if answer.status == 200:
            self.record.complain(f"a replaced refresh token worked again: {answer}")
        # One that is past its time is refused for that, and its reuse ends nothing.
        grant.is_ended = answer.reason == "refresh_reused"
        self.record.acts["reuses"] += 1

    async def introspect(self, role: Role, token: str) -> Answer:
        url = f"{self.base(role)}/oauth/introspect"
        return await self.door.call("POST", url, role.credentials, data={"token": token})

    async def check(self, grant: Grant) -> None:
        """Compare what introspection says of all its tokens with what must be so."""
        role = ROLES[grant.role]
        for kind, token in (("access", grant.access), ("refresh", grant.refresh)):
            answer = await self.introspect(role, token)
            expected = grant.alive(kind, answer.at)
            if answer.status != 200 or expected not in (None, answer.body["active"]):
                self.record.complain(f"{kind} token of {grant}, expected {expected}: {answer}")
        for token in grant.replaced or ():
            answer = await self.introspect(role, token)
            if answer.status != 200 or answer.body != DEAD:
                self.record.complain(f"a replaced token of {grant}: {answer}")
