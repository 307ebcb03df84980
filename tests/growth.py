"""How the cost of reading a text grows with its length: what a caller could stop the loop by."""

from collections.abc import Callable
from time import thread_time
from typing import Any

SHORT, TIMES = 1_000, 8
# Reading each letter once costs eight times as much; each one again for every other, 64 times.
LINEAR_AT_MOST = 3 * TIMES
_ATTEMPTS = 7


def growth(read: Callable[[str], Any], piece: str) -> float:
    """Return how many times longer ``read`` takes for eight times as much of ``piece``."""
    short = piece * (SHORT // len(piece))
    return _best(read, short * TIMES) / _best(read, short)


def _best(read: Callable[[str], Any], text: str) -> float:
    return min(_taken(read, text) for _ in range(_ATTEMPTS))


def _taken(read: Callable[[str], Any], text: str) -> float:
    began = thread_time()
    read(text)
    return max(thread_time() - began, 1e-6)
