"""Which worlds know a client that not every world knows: its calls find their world by it.

In memory alone. A world that this process has not opened yet is found by its path, until it is.
"""

from collections.abc import Iterable


class ClientIndex:
    """``everywhere``: the ids of the ready clients, which say nothing about the world."""

    def __init__(self, everywhere: Iterable[str]) -> None:
        self._everywhere = frozenset(everywhere)
        self._worlds: dict[str, set[str]] = {}  # by client id
        self._clients: dict[str, set[str]] = {}  # by world

    def learn(self, world: str, client_ids: Iterable[str]) -> None:
        """Take in which clients a world knows; what was known of it before is forgotten."""
        self.forget(world)
        for client_id in client_ids:
            self.add(world, client_id)

    def add(self, world: str, client_id: str) -> None:
        if client_id not in self._everywhere:
            self._worlds.setdefault(client_id, set()).add(world)
            self._clients.setdefault(world, set()).add(client_id)

    def forget(self, world: str) -> None:
        """A world is gone, and its clients with it."""
        for client_id in self._clients.pop(world, ()):
            worlds = self._worlds[client_id]
            worlds.discard(world)
            if not worlds:
                del self._worlds[client_id]

    def only_world_of(self, client_id: str) -> str | None:
        """Return the one world that knows a client; None: none does, several do, or all."""
        worlds = self._worlds.get(client_id)
        return next(iter(worlds)) if worlds is not None and len(worlds) == 1 else None
