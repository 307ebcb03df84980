"""The small language of these tests: calls of a client, one after the other, and their verdict."""

from itertools import count
from typing import Any

from sandbox.domain.api_class import ApiClass
from sandbox.domain.conduct.call import Call, in_order
from sandbox.domain.conduct.checks import CHECKS
from sandbox.domain.conduct.facts import Api, Facts
from sandbox.domain.conduct.finding import Finding, Level
from sandbox.domain.fault import FaultRule
from sandbox.domain.time import SECOND

APP, BANK = "app", "web21"
# A Monday at ten, Tokyo.
START = 1_794_790_800_000
REFERENCE = frozenset({"web21.ref"})
UPDATE = frozenset({"web21.upd"})
APPROVAL = frozenset({"web21.appr"})


def _api(api_class: ApiClass, scopes: frozenset[str], *, changes: bool = False) -> Api:
    return Api(api_class=api_class, scopes=scopes, changes=changes)


APIS = {
    (BANK, "list_accounts"): _api(ApiClass.REFERENCE, REFERENCE),
    (BANK, "list_transactions"): _api(ApiClass.REFERENCE, REFERENCE),
    (BANK, "register_transfer"): _api(ApiClass.UPDATE, UPDATE, changes=True),
    (BANK, "list_transfers"): _api(ApiClass.UPDATE, UPDATE),
    (BANK, "submit_transfer"): _api(ApiClass.APPROVAL, APPROVAL, changes=True),
}
FACTS = Facts(apis=APIS, key_lifetime_ms={BANK: 86_400_000})


class Story:
    """Calls as a client makes them. ``second``: since the beginning, by both clocks.

    What is no field of a call is a trait of it.
    """

    def __init__(self) -> None:
        self._ids = count(1)
        self.calls: list[Call] = []

    def call(self, second: float, operation: str = "list_accounts", /, **more: Any) -> Call:
        moment = START + round(second * SECOND)
        fields = set(Call.__dataclass_fields__)
        traits = {name: value for name, value in more.items() if name not in fields}
        known = {name: value for name, value in more.items() if name in fields}
        found = {
            "id": next(self._ids),
            "at": moment,
            "real_at": moment,
            "latency_us": 1_000,
            "bank": BANK,
            "operation": operation,
            "path": f"/{operation}",
            "client_id": APP,
            "status": 200,
            "traits": traits,
            **known,
        }
        self.calls.append(Call(**found))
        return self.calls[-1]

    def register(self, second: float, **more: Any) -> Call:
        return self.call(second, "register_transfer", **{"method": "POST", "body": "b1", **more})

    def token(self, second: float, grant_type: str, **more: Any) -> Call:
        """A call to the token endpoint. ``form``: what else it said."""
        form = more.pop("form", "")
        body = f"grant_type={grant_type}{form}"
        return self.call(second, "token", **{"method": "POST", "request_body": body, **more})

    def refresh(self, second: float, refresh: str = "r1", **more: Any) -> Call:
        return self.token(second, "refresh_token", refresh=refresh, **more)

    def exchange(self, second: float, code: str = "c1", **more: Any) -> Call:
        return self.token(second, "authorization_code", code=code, **more)

    def authorize(self, second: float, query: str = "", **more: Any) -> Call:
        said = {"path": f"/authorize?{query}", "status": 302, **more}
        return self.call(second, "authorize", **said)

    def consent(
        self, second: float, code: str = "c1", state: str | None = None, **more: Any
    ) -> Call:
        """A person's consent, answered with a redirect to ``location``."""
        back = {"returned_state": state} if state is not None else {}
        uri = more.pop("location", "https://app.example/cb?code=***&state=***")
        said = {"method": "POST", "status": 303, "location": uri, "code": code, **back, **more}
        return self.call(second, "consent", **said)


def found(check_id: str, story: Story, facts: Facts = FACTS) -> list[Finding]:
    """Return what one check finds in a story."""
    (check,) = (each for each in CHECKS if each.id == check_id)
    return list(check.find(in_order(story.calls), facts))


def levels(check_id: str, story: Story, facts: Facts = FACTS) -> list[Level]:
    (check,) = (each for each in CHECKS if each.id == check_id)
    return [each.level or check.level for each in found(check_id, story, facts)]


def ids(check_id: str, story: Story, facts: Facts = FACTS) -> list[tuple[int, ...]]:
    """Return the calls of each finding."""
    return [each.calls for each in found(check_id, story, facts)]


def rule(kind: str, stage: str, **effect: Any) -> FaultRule:
    """Return a fault rule of that effect."""
    return FaultRule(
        fault_id="f1",
        number=1,
        match={},
        effect={"kind": kind, **effect},
        stage=stage,
        times=None,
        skip=0,
        every=1,
        probability=1.0,
        ends_at=None,
    )
