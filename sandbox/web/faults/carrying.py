"""The one place where the effects of fault rules are carried out around a call (DESIGN §9)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from sandbox.clock import machine_now
from sandbox.domain.effect_reply import Reply, changed
from sandbox.domain.effect_script import SILENT, Script, Step, script_of
from sandbox.domain.effect_timing import delay_ms
from sandbox.services.faults import Strike
from sandbox.services.oauth.tampering import skewed
from sandbox.services.world import World
from sandbox.web.faults.answers import answer_of, refusal, stamped_response
from sandbox.web.faults.facts import Facts, Known, Peek
from sandbox.web.faults.scripted import Scripted, reply_of, response_of
from sandbox.web.front import Front, http_date
from sandbox.web.noting import CallEntry, entry_of

if TYPE_CHECKING:
    from sandbox.web.profile import Profile

HEADER = "X-Sandbox-Fault"
DELAYS = frozenset({"fixed_delay", "uniform_delay", "long_tail_delay", "ramp_delay"})
DRAIN_S = 1.0
RANDOM_BYTES = 64
LOST_PAGE = {
    "status": 400,
    "code": "invalid_parameter",
    "message": "ページキーが無効です。最初から照会してください。",
}
Effect = Mapping[str, Any]


def struck(front: Front, profile: "Profile") -> Middleware:
    """Return what lets fault rules strike the calls of a bank. It sees errors as answers."""
    board, peek = front.worlds.fault_board, Peek(front, profile)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if board.is_quiet:
            return await handler(request)
        await front.listeners.note(request)
        known = await peek.look(request)
        if known is None:
            return await handler(request)
        strike = await known.world.faults.strike(known.facts, known.kinds)
        if strike is None:
            return named(request, profile, await handler(request))
        return await Carrier(front, profile, request, handler, known, strike).answer()

    return middleware


def named(
    request: web.Request, profile: "Profile", response: web.StreamResponse
) -> web.StreamResponse:
    """Let an answer name the rule, also one that struck where tokens and consents are made."""
    fault_id = entry_of(request).fault
    if fault_id is not None and not profile.policy.strict_realism:
        response.headers[HEADER] = fault_id
    return response


class Carrier:
    """Carries one strike out on one call."""

    def __init__(
        self,
        front: Front,
        profile: "Profile",
        request: web.Request,
        handler: Handler,
        known: Known,
        strike: Strike,
    ) -> None:
        self._front = front
        self._profile = profile
        self._request = request
        self._handler = handler
        self._world: World = known.world
        self._facts: Facts = known.facts
        self._strike = strike
        self._fault_id = strike.rule.fault_id
        self._entry: CallEntry = entry_of(request)

    async def answer(self) -> web.StreamResponse:
        self._note()
        match self._strike.rule.stage:
            case "connection" | "before":
                response = await self._before()
            case "read":
                response = await self._read()
            case _:
                response = await self._after(self._effect())
        return named(self._request, self._profile, response)

    def _note(self) -> None:
        """Write down what is known: whoever would learn more may never be asked."""
        entry, facts = self._entry, self._facts
        entry.fault, entry.rule = self._fault_id, self._strike.rule
        if entry.world is None:
            entry.world = self._world
            self._world.users += 1
        entry.operation = _text(facts.get("operation"))
        entry.client_id = _text(facts.get("client_id"))
        entry.contractor_id = _text(facts.get("contractor_id"))
        entry.login, entry.grant_id = _text(facts.get("user")), _text(facts.get("grant_id"))

    def _effect(self) -> Effect:
        """Return what is done: a lost answer is one of several effects."""
        effect = self._strike.rule.effect
        if effect["kind"] != "lost_answer":
            return effect
        how = effect.get("how", "empty_close")
        return effect if how == "gateway_timeout" else {**effect, "kind": how}

    # Before any work is done

    async def _before(self) -> web.StreamResponse:
        effect = self._strike.rule.effect
        kind = effect["kind"]
        if kind in DELAYS:
            await self._hang(self._delay_ms())
            return await self._handler(self._request)
        if kind in SILENT:
            return await self._silent(SILENT[kind](effect))
        if kind == "random_bytes":
            data = self._strike.draws.randbytes(effect.get("bytes", RANDOM_BYTES))
            return self._lost(Script((Step(data),), is_answer=False))
        return self._refused()

    async def _silent(self, script: Script) -> web.StreamResponse:
        """Say nothing; go on with the call where the rule is taken away meanwhile."""
        for step in script.steps:
            if not await self._hang(step.pause_ms) and self._is_there():
                return await self._handler(self._request)
        await self._drain()
        return self._lost(Script((), script.end, is_answer=False))

    def _lost(self, script: Script, reply: Reply | None = None) -> Scripted:
        self._entry.is_lost = True
        nothing = Reply(status=500, reason="", headers=(), body=b"")
        return self._scripted(reply or nothing, lambda _: script)

    def _refused(self) -> web.Response:
        is_oauth = self._facts.get("class") == "oauth"
        response, code = answer_of(
            self._strike, self._request, self._profile, self._world, is_oauth=is_oauth
        )
        self._entry.error_code = code
        return response

    async def _drain(self) -> None:
        """Read what the caller sends: a close with unread bytes would be a reset."""
        with suppress(Exception):
            async with asyncio.timeout(DRAIN_S):
                async for _ in self._request.content.iter_any():
                    continue

    # Once the work is done

    async def _after(self, effect: Effect) -> web.StreamResponse:
        try:
            response = await self._handler(self._request)
        except web.HTTPException as redirect:
            response = redirect
        kind = effect["kind"]
        if kind in DELAYS:
            await self._hang(self._delay_ms())
        elif kind in ("status", "lost_answer"):
            return self._refused()
        elif isinstance(response, web.Response):
            return await self._harmed(response, effect)
        if isinstance(response, web.HTTPException):
            raise response
        return response

    async def _harmed(self, response: web.Response, effect: Effect) -> web.StreamResponse:
        if "Date" not in response.headers:
            response.headers["Date"] = http_date(self._world.now())
        reply = reply_of(response)
        if effect["kind"] in SILENT and self._strike.rule.stage == "after_commit":
            return self._lost(SILENT[effect["kind"]](effect), reply)
        if effect["kind"] == "clock_skew" and "exp" in effect.get("on", ()):
            reply = await self._skewed(reply, effect)
        # A swollen body takes a while to pack.
        reply = await asyncio.to_thread(changed, reply, effect)
        if script_of(effect, reply) is None:
            return response_of(reply)
        return self._scripted(reply, lambda late: script_of(effect, late) or Script(()))

    async def _skewed(self, reply: Reply, effect: Effect) -> Reply:
        bank = self._front.worlds.bank(self._world, self._profile.name)
        return await skewed(bank.keys, reply, effect["skew_ms"])

    async def _read(self) -> web.StreamResponse:
        effect = self._strike.rule.effect
        if effect["kind"] == "lost_cursor":
            is_followed = effect.get("key") in self._request.query
            return await (self._lost_page() if is_followed else self._after(effect))
        self._entry.reading = effect
        return await self._handler(self._request)

    async def _lost_page(self) -> web.StreamResponse:
        """Refuse the page that was announced, to whoever would have seen it."""
        response = await self._handler(self._request)
        if response.status != 200:
            return response
        refused, self._entry.error_code = refusal(LOST_PAGE, self._profile, is_oauth=False)
        return stamped_response(self._request, refused)

    # What both need

    def _scripted(self, reply: Reply, write: Any) -> Scripted:
        return Scripted(reply, write, self._world, self._fault_id)

    def _delay_ms(self) -> int:
        rule = self._strike.rule
        is_machine = rule.window is not None and rule.window.is_machine
        now = machine_now() if is_machine else self._world.now()
        draws, calendar = self._strike.draws, self._world.calendar
        return delay_ms(rule.effect, rule.window, draws, now, calendar)

    async def _hang(self, wait_ms: int | None) -> bool:
        return await self._world.faults.hang(self._fault_id, wait_ms, self._is_there)

    def _is_there(self) -> bool:
        return self._request.transport is not None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
