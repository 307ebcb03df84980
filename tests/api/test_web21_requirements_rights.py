"""``web21``: what is taken while somebody is calling, for every class of token (W-35, W-44…)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from tests.direct import SHOJI, Direct
from tests.ordering import APPROVAL, UPDATE, Orders
from tests.support import run_sandbox

MAKER, CHECKER, CHECKER2, SECURITY = "keiri01", "buchou01", "buchou02", "security01"
REF, UPD, APPR = "web21.ref", "web21.upd", APPROVAL
Probe = Callable[[], Awaitable[tuple[int, str | None]]]


async def contract_act(running, act: str, contractor_id: str = SHOJI, **body) -> None:
    """Do it as a tester does: over the control door."""
    url = f"{running.control}/bank/web21/contracts/{contractor_id}"
    async with running.http.post(url, json={"act": act, **body}) as answer:
        assert answer.status == 200, await answer.text()


async def let(running, user_id: str, *rights: str, has_service_right: bool = True) -> None:
    await contract_act(
        running,
        "set_rights",
        by=SECURITY,
        user_id=user_id,
        has_service_right=has_service_right,
        rights=list(rights),
    )


async def verdict(direct: Direct, token: str, path: str) -> tuple[int, str | None]:
    return await direct.verdict(token, path)


@dataclass
class Holder:
    """A token of one class, and the call that it is for."""

    persona: str
    scope: str
    user_id: str
    right: str
    others: tuple[str, ...]

    async def probe(self, direct: Direct, token: str) -> tuple[int, str | None]:
        """Make the call of the class; an approval is of a request that is not there."""
        if self.right == "reference":
            return await direct.verdict(token, "/accounts")
        if self.right == "update":
            return await direct.verdict(token, "/bulk_transfers/list")
        status, body = await Orders(direct, token).act("261116000000999", "submissions")
        return status, body["error_code"]

    @property
    def works(self) -> tuple[int, str | None]:
        return (404, "transaction_not_found") if self.right == "approval" else (200, None)


HOLDERS = {
    "reference": Holder("shoji_maker", REF, MAKER, "reference", ("update",)),
    "update": Holder("shoji_maker", UPD, MAKER, "update", ("reference",)),
    "approval": Holder("shoji_checker", APPR, CHECKER, "approval", ("reference",)),
}


@dataclass
class Polling:
    """Calls without a pause. ``seen``: (phases in which it began and ended, verdict) of each."""

    call: Probe
    phase: str = "given"
    seen: list[tuple[set[str], tuple[int, str | None]]] = field(default_factory=list)
    answered: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        while self.phase != "over":
            begun = self.phase
            found = await self.call()
            self.seen.append(({begun, self.phase}, found))
            self.answered.put_nowait(None)

    async def some_more(self, count: int) -> None:
        for _ in range(count + self.answered.qsize()):
            await self.answered.get()

    def within(self, phase: str) -> set[tuple[int, str | None]]:
        return {found for phases, found in self.seen if phases == {phase}}


@pytest.mark.requirement("W-35", "W-45", "W-46")
@pytest.mark.parametrize("name", HOLDERS)
async def test_a_right_that_is_taken_stops_the_very_next_call(running, name):
    """Whoever polls is answered until the administrator's act is done, and never after it."""
    holder, direct = HOLDERS[name], Direct(running)
    tokens = await direct.log_in(holder.persona, holder.scope)
    polling = Polling(lambda: holder.probe(direct, tokens["access_token"]))
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(polling.run())
        await polling.some_more(10)
        await let(running, holder.user_id, *holder.others)
        polling.phase = "taken"
        await polling.some_more(10)
        polling.phase = "being given back"
        await let(running, holder.user_id, *holder.others, holder.right)
        polling.phase = "given back"
        await polling.some_more(10)
        polling.phase = "over"
    assert holder.works in polling.within("given")
    assert polling.within("taken") == {(403, "right_removed")}
    assert polling.within("given back") == {holder.works}


@pytest.mark.requirement("W-46")
@pytest.mark.parametrize("name", HOLDERS)
async def test_a_refresh_does_not_bring_a_taken_right_back(running, name):
    holder, direct = HOLDERS[name], Direct(running)
    tokens = await direct.log_in(holder.persona, holder.scope)
    await let(running, holder.user_id, *holder.others)
    assert await holder.probe(direct, tokens["access_token"]) == (403, "right_removed")
    status, renewed = await direct.refresh(tokens["refresh_token"])
    if status == 200:
        assert await holder.probe(direct, renewed["access_token"]) == (403, "right_removed")
    else:
        assert renewed["error"] == "invalid_grant"
    await let(running, holder.user_id, *holder.others, holder.right)
    current = renewed if status == 200 else tokens
    assert await holder.probe(direct, current["access_token"]) == holder.works


@pytest.mark.requirement("W-54")
@pytest.mark.parametrize("name", HOLDERS)
async def test_without_the_service_right_every_class_is_dead_for_good(running, name):
    holder, direct = HOLDERS[name], Direct(running)
    tokens = await direct.log_in(holder.persona, holder.scope)
    await let(running, holder.user_id, holder.right, has_service_right=False)
    reason = (401, "right_removed_by_admin")
    assert await direct.verdict(tokens["access_token"]) == reason
    await let(running, holder.user_id, *holder.others, holder.right)
    assert await direct.verdict(tokens["access_token"]) == reason
    assert (await direct.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"
    again = await direct.log_in(holder.persona, holder.scope)
    assert await holder.probe(direct, again["access_token"]) == holder.works


@pytest.mark.requirement("W-29")
@pytest.mark.parametrize("name", HOLDERS)
async def test_a_service_taken_from_the_contract_stops_its_class_alone(running, name):
    direct = Direct(running)
    tokens = {
        each: (await direct.log_in(holder.persona, holder.scope))["access_token"]
        for each, holder in HOLDERS.items()
    }
    left = [each for each in HOLDERS if each != name]
    await contract_act(running, "change_services", services=left)
    for each, holder in HOLDERS.items():
        expected = (403, "service_not_contracted") if each == name else holder.works
        assert await holder.probe(direct, tokens[each]) == expected


@pytest.mark.requirement("W-58", "W-60", "W-61")
@pytest.mark.parametrize(
    ("act", "reason"),
    [("terminate", "contract_ended"), ("end", "contract_ended"), ("suspend", "contract_ended")],
)
async def test_the_end_of_a_contract_ends_every_class(running, act, reason):
    direct = Direct(running)
    tokens = [
        (await direct.log_in(holder.persona, holder.scope))["access_token"]
        for holder in HOLDERS.values()
    ]
    await contract_act(running, act)
    assert {await direct.verdict(token) for token in tokens} == {(401, reason)}


# What a token has done, and what becomes of it


@pytest.fixture
async def maker(running):
    return await Orders.of(Direct(running))


async def approve(direct: Direct, reference: str, persona: str = "shoji_checker") -> dict:
    checker = await Orders.of(direct, persona, APPROVAL)
    status, body = await checker.act(reference, "submissions")
    assert status == 200, body
    return body


@pytest.mark.requirement("W-50", "W-59")
async def test_what_a_stolen_token_approved_stays_approved_and_is_settled(running, maker):
    """Its grant is revoked, the rights are gone: the reserved request runs on all the same."""
    direct = maker.direct
    reference = (await maker.register())["transaction_id"]
    stolen = await direct.log_in("shoji_checker", APPROVAL)
    status, body = await Orders(direct, stolen["access_token"]).act(reference, "submissions")
    assert (status, body["transaction_status"]) == (200, "30")
    await running.advance("10m")
    await direct.post("/oauth/revoke", token=stolen["access_token"])
    assert await direct.verdict(stolen["access_token"]) == (401, "revoked_by_provider")
    await let(running, CHECKER, has_service_right=False)
    assert (await maker.detail(reference))["transaction_status"] == "31"
    await running.advance("8d")  # past 08:00 of 24 November
    maker = await Orders.of(direct)
    shown = await maker.detail(reference)
    assert shown["transaction_status"] == "40"
    assert [each["item_status"] for each in shown["fixed_request_data"]["transactions"]] == ["2"]


@pytest.mark.requirement("W-59")
async def test_what_waits_is_approved_by_another_when_the_first_has_lost_the_right(running, maker):
    direct = maker.direct
    reference = (await maker.register())["transaction_id"]
    first = await Orders.of(direct, "shoji_checker", APPROVAL)
    await let(running, CHECKER, "reference")
    status, body = await first.act(reference, "submissions")
    assert (status, body["error_code"]) == (403, "right_removed")
    assert (await maker.detail(reference))["transaction_status"] == "10"
    assert (await approve(direct, reference, "shoji_checker2"))["transaction_status"] == "30"


@pytest.mark.requirement("W-44", "W-57")
@pytest.mark.parametrize("scope", [UPDATE, UPD])
async def test_one_users_end_is_not_anothers(running, scope):
    direct = Direct(running)
    await let(running, "etsuran01", "reference", "update")
    one, other = (
        await direct.log_in("shoji_maker", scope),
        await direct.log_in("shoji_viewer", scope),
    )
    await direct.post("/oauth/revoke", token=one["refresh_token"])
    path = "/bulk_transfers/list"
    assert await direct.verdict(one["access_token"], path) == (401, "revoked_by_provider")
    assert await direct.verdict(other["access_token"], path) == (200, None)


@pytest.mark.requirement("W-6", "W-55")
@pytest.mark.parametrize("name", HOLDERS)
@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_either_token_of_a_family_ends_both(running, name, which):
    holder, direct = HOLDERS[name], Direct(running)
    tokens = await direct.log_in(holder.persona, holder.scope)
    await direct.post("/oauth/revoke", token=tokens[which])
    assert await direct.verdict(tokens["access_token"]) == (401, "revoked_by_provider")
    assert (await direct.refresh(tokens["refresh_token"]))[1]["error"] == "invalid_grant"


@pytest.mark.requirement("W-56")
async def test_until_the_bank_has_confirmed_a_revocation_requests_can_be_sent(tmp_path, template):
    async with run_sandbox(tmp_path, template=template, web21_revocation_lag="90s") as running:
        direct = Direct(running)
        tokens = await direct.log_in("shoji_maker", UPDATE)
        await direct.post("/oauth/revoke", token=tokens["refresh_token"])
        orders = Orders(direct, tokens["access_token"])
        await running.advance("89s")
        assert (await orders.register())["transaction_status"] == "10"
        await running.advance("1s")
        status, body, headers = await orders.try_register()
        assert (status, body["error_code"]) == (401, "invalid_token")
        assert headers["X-Sandbox-Reason"] == "revoked_by_provider"


@pytest.mark.requirement("W-51", "W-52", "W-53")
@pytest.mark.parametrize("name", HOLDERS)
async def test_each_class_ends_on_the_second_and_a_new_grant_works(running, name):
    holder, direct = HOLDERS[name], Direct(running)
    token = (await direct.log_in(holder.persona, holder.scope))["access_token"]
    await running.advance("1799s")
    assert await holder.probe(direct, token) == holder.works
    await running.advance("1s")
    assert await direct.verdict(token) == (401, "access_expired")
    again = (await direct.log_in(holder.persona, holder.scope))["access_token"]
    assert await holder.probe(direct, again) == holder.works
    assert await direct.verdict(token) == (401, "access_expired")
