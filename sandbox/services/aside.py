"""Work of the processor that grows with what was sent: small work at once, large work aside."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# From so many items on, looking at them holds up the loop longer than a thread costs.
THREAD_ITEMS = 200


async def aside(items: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``work`` returns; of many ``items`` it is done in a thread."""
    if items < THREAD_ITEMS:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
