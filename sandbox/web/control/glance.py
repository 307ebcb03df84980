"""What the dashboard shows of one world, read at the moment of the call. No secret token is in it:
the database holds none."""

import json
import shlex
from dataclasses import dataclass

from sandbox.clock import machine_now
from sandbox.domain.fault import FaultRule
from sandbox.domain.time import SECOND, Instant, iso
from sandbox.services import overview
from sandbox.services.journal import Filters, readable
from sandbox.services.world import World
from sandbox.web.control import describe, maintenance, notices
from sandbox.web.control.endpoint import ControlCall, Json

CALLS_SHOWN = 30
ROWS_SHOWN = 20
CLIENTS_SHOWN = 40
_ANY = Filters(equal={})


async def glance(call: ControlCall, world: World) -> Json:
    """Return the page's context: lists of rows, each cut to what a person reads."""
    now = world.now()
    found = await describe.world(world, call.controls)
    calls = await world.journal.read_last(_ANY, count=CALLS_SHOWN)
    return {
        "world": found,
        "starts_at": iso(world.starts_at),
        "faults": _faults(world),
        "stops": _stops(world, now),
        "notices": (await notices.list_notices(call))["notices"][:ROWS_SHOWN],
        "calls": [readable(entry) for entry in reversed(calls)],
        "grants": [_dated(each) for each in await overview.live_grants(world)],
        "tokens": [_dated(each) for each in await overview.live_tokens(world)],
        "coming": await overview.coming(world),
        "transfers": await overview.transfers_by_status(world),
        "runs": [run.brief() for run in call.controls.runs.list_of(world.name)][-ROWS_SHOWN:],
        "clients_shown": CLIENTS_SHOWN,
        "iso": iso,
    }


def _faults(world: World) -> list[Json]:
    real_now = machine_now()
    return [_fault(rule, real_now) for rule in world.faults.list_live()[:ROWS_SHOWN]]


def _fault(rule: FaultRule, real_now: Instant) -> Json:
    """Return a rule with what is left of it: strikes, and machine time (R-2)."""
    effect = {name: value for name, value in rule.effect.items() if name != "kind"}
    return {
        "id": rule.fault_id,
        "kind": rule.kind,
        "effect": _short(effect),
        "match": _short(dict(rule.match)),
        "stage": rule.stage,
        "struck": rule.struck,
        "times": rule.times,
        "is_spent": rule.is_spent,
        "left": None if rule.ends_at is None else countdown(rule.ends_at - real_now),
    }


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False) if value else ""
    return text if len(text) <= 160 else f"{text[:159]}…"


def countdown(left_ms: int) -> str:
    """Return a length of time as a banner counts it down: ``9:59`` or ``1:02:03``."""
    minutes, seconds = divmod(max(0, -(-left_ms // SECOND)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _stops(world: World, now: Instant) -> list[Json]:
    """Return what is stopped and what will be; what is over is left out."""
    there = [stop for stop in world.availability.stops if stop.holds_at(now) or stop.from_at > now]
    return [maintenance.shown(stop, now) for stop in there[:ROWS_SHOWN]]


def _dated(row: Json) -> Json:
    return {
        name: iso(value) if name.endswith("_at") and value is not None else value
        for name, value in row.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """How a tester does something: there is no button for it, since no page may drive the door."""

    key: str
    lines: tuple[str, ...]


def acts(door_url: str, world: str, *, is_guarded: bool) -> list[Act]:
    """Return lines for a shell, of the command line and of curl."""
    to = f"--world {world} --control {shlex.quote(door_url)}"
    base = f"{door_url}/api/v1/worlds/{world}"

    def curl(path: str, body: Json) -> str:
        token = ' -H "Authorization: Bearer $SANDBOX_CONTROL_TOKEN"' if is_guarded else ""
        where, sent = shlex.quote(base + path), shlex.quote(json.dumps(body))
        return f"curl -s {where}{token} -H 'Content-Type: application/json' -d {sent}"

    def both(key: str, command: str, path: str, body: Json) -> Act:
        return Act(key=key, lines=(f"bank-sandbox {command} {to}", curl(path, body)))

    rule = {"effect": {"kind": "status", "status": 503}, "times": 3, "ttl": "10m"}
    person = {"client_id": "sandbox-aggregator", "persona": "taro", "scope": "accounts"}
    stop = {"bank": "tomato", "kind": "outage", "for": "30m"}
    run = {"scenario": "d01_standard_flow", "against": "http://127.0.0.1:8000"}
    fault = "faults add status --set status=503 --times 3 --ttl 10m"
    return [
        both("advance", "clock advance 1d", "/clock/advance", {"by": "1d"}),
        both("mint", "tokens mint", "/tokens", {"bank": "tomato", **person}),
        both("fault", fault, "/faults", rule),
        both("unfault", "faults clear", "/reset", {"what": "faults"}),
        both("stop", "maintenance add --kind outage --for 30m", "/maintenance", stop),
        both(
            "revoke",
            "revoke --client sandbox-aggregator",
            "/bank/tomato/revoke",
            {"client_id": "sandbox-aggregator"},
        ),
        both("snapshot", "snapshot take before", "/snapshots", {"name": "before"}),
        both("restore", "snapshot restore before", "/snapshots/before/restore", {}),
        # One line: who tries both would find the run of the first under way.
        Act(key="run", lines=(curl("/scenarios", run),)),
        both("reset", "reset all", "/reset", {"what": "all"}),
    ]
