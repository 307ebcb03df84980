"""Reads that are kept for as long as nothing at all has been written.

One process owns a world's file, so it knows of every write. Whatever was read between two commits
is still true until the next one: no rule says what to forget, and nothing stale can be served.
"""

from typing import Generic, TypeVar

from sandbox.storage.database import Database

K = TypeVar("K")
V = TypeVar("V")
MOST = 10_000


class Remembered(Generic[K, V]):
    """Keep a value only in the same step of the loop that read it: a write may come in between.

    At most ``most`` values are kept.
    """

    __slots__ = ("_commits", "_database", "_most", "_values")

    def __init__(self, database: Database, most: int = MOST) -> None:
        self._database = database
        self._most = most
        self._commits = -1
        self._values: dict[K, V] = {}

    def find(self, key: K) -> V | None:
        """Return what was kept under ``key`` since the last commit, or None."""
        if self._commits != self._database.commits:
            self._values.clear()
            self._commits = self._database.commits
            return None
        return self._values.get(key)

    def forget(self, key: K) -> None:
        """Drop one value, for a write that changes that one alone and does not count."""
        self._values.pop(key, None)

    def keep(self, key: K, value: V) -> V:
        if len(self._values) >= self._most:
            self._values.clear()
        self._values[key] = value
        return value
