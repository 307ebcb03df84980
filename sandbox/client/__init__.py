"""A typed client of the control API: worlds, clock, snapshots, tokens, journal.

Two faces of the same requests, and of the same answers (``sandbox.client.answers``)::

    from sandbox.client import Sandbox

    with Sandbox("http://127.0.0.1:8081") as sandbox:
        world = sandbox.worlds.create(clock="frozen:2026-12-01T09:00")
        tokens = world.tokens.mint("sandbox-aggregator", "taro")
        for event in world.clock.advance("91d").events:
            ...

``AsyncSandbox`` has the same methods to be awaited. Instants are aware ``datetime``, amounts are
whole yen. Every call may raise ``ProblemError`` (the server refused) or ``Unreachable`` (there is
no server); both are a ``SandboxError``.
"""

from sandbox.client.asynchronous import AsyncSandbox, AsyncWorld
from sandbox.client.blocking import Sandbox, World
from sandbox.client.errors import ProblemError, SandboxError, UnknownName, Unreachable

__all__ = [
    "AsyncSandbox",
    "AsyncWorld",
    "ProblemError",
    "Sandbox",
    "SandboxError",
    "UnknownName",
    "Unreachable",
    "World",
]
