"""Rate limits and quotas of fault rules (F-26, F-27): counted by key, in real milliseconds."""

from collections import deque
from typing import Any, Protocol

from sandbox.domain.effect_rules import Effect

MOST_KEYS = 10_000
WINDOW_MS = 60_000
MAX_WAIT_S = 3_600
QUIET_MS = 250


class Quota(Protocol):
    def wait_ms(self, key: str, now_ms: int) -> int:
        """Return how long a call must wait; 0: it may pass. Changes nothing."""

    def take(self, key: str, now_ms: int) -> int:
        """As ``wait_ms``, and count the call."""


def quota_of(effect: Effect) -> Quota | None:
    """Return the fresh counter of a rule that needs one."""
    if effect["kind"] == "punish_early_retry":
        return Patience(effect["retry_after_s"] * 1000, effect.get("max_s", MAX_WAIT_S) * 1000)
    if "until" in effect:
        return OneError()
    if effect["kind"] != "rate_limit":
        return None
    kind = Rolling if effect.get("mode") == "rolling" else Fixed
    return kind(effect["limit"], effect.get("window_ms", WINDOW_MS))


class Fixed:
    """A window opens with its first call. A refused call is not counted."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self._limit, self._window_ms = limit, window_ms
        self._windows: dict[str, tuple[int, int]] = {}  # when it opened, calls in it

    def wait_ms(self, key: str, now_ms: int) -> int:
        opened_at, calls = self._window(key, now_ms)
        return 0 if calls < self._limit else opened_at + self._window_ms - now_ms

    def take(self, key: str, now_ms: int) -> int:
        wait_ms = self.wait_ms(key, now_ms)
        opened_at, calls = self._window(key, now_ms)
        _make_room(self._windows, key)
        self._windows[key] = (opened_at, calls if wait_ms else calls + 1)
        return wait_ms

    def _window(self, key: str, now_ms: int) -> tuple[int, int]:
        opened_at, calls = self._windows.get(key, (now_ms, 0))
        return (now_ms, 0) if now_ms - opened_at >= self._window_ms else (opened_at, calls)


class Rolling:
    """At any moment, so many calls within the window before it."""

    def __init__(self, limit: int, window_ms: int) -> None:
        self._limit, self._window_ms = limit, window_ms
        self._calls: dict[str, deque[int]] = {}

    def wait_ms(self, key: str, now_ms: int) -> int:
        recent = [at for at in self._calls.get(key, ()) if now_ms - at < self._window_ms]
        if len(recent) < self._limit:
            return 0
        return (recent[0] if recent else now_ms) + self._window_ms - now_ms

    def take(self, key: str, now_ms: int) -> int:
        wait_ms = self.wait_ms(key, now_ms)
        if not wait_ms:
            _make_room(self._calls, key)
            calls = self._calls.setdefault(key, deque())
            calls.append(now_ms)
            while now_ms - calls[0] >= self._window_ms:
                calls.popleft()
        return wait_ms


class Patience:
    """Refuses once; whoever comes back early waits twice as long. Then lets everything pass."""

    def __init__(self, first_ms: int, most_ms: int) -> None:
        self._first_ms, self._most_ms = first_ms, most_ms
        self._until: dict[str, tuple[int, int]] = {}  # not before, and the wait that said so

    def wait_ms(self, key: str, now_ms: int) -> int:
        not_before, wait_ms = self._until.get(key, (None, 0))
        if not_before is None:
            return self._first_ms
        return 0 if now_ms >= not_before else min(wait_ms * 2, self._most_ms)

    def take(self, key: str, now_ms: int) -> int:
        wait_ms = self.wait_ms(key, now_ms)
        if wait_ms:
            _make_room(self._until, key)
            self._until[key] = (now_ms + wait_ms, wait_ms)
        return wait_ms


class OneError:
    """Strikes the first call and what its client repeats by itself, at once (faults §2).

    Once it has been quiet for a moment the client has given up, and its caller has seen an error:
    then everything passes, as do other calls meanwhile. The key is the call.
    """

    def __init__(self) -> None:
        self._key: str | None = None
        self._last_ms = 0

    def wait_ms(self, key: str, now_ms: int) -> int:
        if self._key is None:
            return QUIET_MS
        return max(0, self._last_ms + QUIET_MS - now_ms) if key == self._key else 0

    def take(self, key: str, now_ms: int) -> int:
        wait_ms = self.wait_ms(key, now_ms)
        if wait_ms:
            self._key, self._last_ms = key, now_ms
        return wait_ms


def _make_room(kept: dict[str, Any], key: str) -> None:
    if key not in kept and len(kept) >= MOST_KEYS:
        del kept[next(iter(kept))]
