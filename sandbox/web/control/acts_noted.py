"""Which control calls are acts of the bank or of people, and how the journal tells of them."""

from aiohttp import web

from sandbox.clock import machine_now
from sandbox.services.act_notes import Done, note
from sandbox.services.world import World

# Of grants, tokens and clients; whatever is posted below a bank is an act as well.
VERBS = frozenset({"revoke", "expire", "leak", "block", "unblock", "rotate-secret"})
SUBJECTS = {"grants": "grant_id", "tokens": "token_id", "clients": "client_id"}
NAMED = ("client_id", "contractor_id", "grant_id", "token_id")


def is_act(method: str, path: str) -> bool:
    """Tell whether a row of the control API does something at a bank."""
    return method == "POST" and ("/bank/{bank}/" in path or path.rpartition("/")[2] in VERBS)


async def note_act(
    world: World, request: web.Request, body: bytes, told: dict[str, object], answer: bytes | None
) -> None:
    """Note an act that was done. ``told``: its body, read; ``answer``: what may be kept of it."""
    matched, parts = request.match_info, request.path.split("/")
    resource = parts[5]  # after /api/v1/worlds/{world}
    named = {name: str(told[name]) for name in NAMED if name in told}
    named |= {name: matched[name] for name in NAMED if name in matched}
    if resource in SUBJECTS:
        named[SUBJECTS[resource]] = matched["id"]
    done = Done(
        bank=matched.get("bank"),
        name=str(told.get("act") or _last_word(request)),
        path=request.raw_path,
        named=named,
        body=body,
        answer=answer,
        real_at=machine_now(),
        latency_us=0,
    )
    await note(world, done)


def _last_word(request: web.Request) -> str:
    """Return the last part of the path that is no id."""
    values = set(request.match_info.values())
    words = [part for part in request.path.split("/") if part not in values]
    return words[-1]
