"""How often a client may call for one contractor (流量制限)."""

import math
from collections.abc import Callable

from sandbox.domain.errors import TooManyRequests

WINDOW_S = 60.0
MOST_KEYS = 10_000


class RateLimiter:
    """A fixed window per key, opened by its first call.

    Real seconds, not the world's: a client that waits for Retry-After must get through, also
    where the world's clock stands still or runs a thousand times faster.
    """

    def __init__(self, per_minute: int, monotonic_s: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._monotonic_s = monotonic_s
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def count(self, client_id: str, contractor_id: str) -> None:
        """Count one call.

        Raises:
            TooManyRequests: with the whole seconds until the window ends.
        """
        if not self._per_minute:
            return
        key, now = (client_id, contractor_id), self._monotonic_s()
        opened_at, calls = self._windows.get(key, (now, 0))
        if now - opened_at >= WINDOW_S:
            opened_at, calls = now, 0
        if calls >= self._per_minute:
            wait_s = math.ceil(opened_at + WINDOW_S - now)
            raise TooManyRequests(f"more than {self._per_minute} calls in a minute", wait_s)
        if calls == 0 and len(self._windows) >= MOST_KEYS:
            self._forget(now)
        self._windows[key] = (opened_at, calls + 1)

    def _forget(self, now: float) -> None:
        over = [key for key, (at, _) in self._windows.items() if now - at >= WINDOW_S]
        for key in over or [next(iter(self._windows))]:
            del self._windows[key]
