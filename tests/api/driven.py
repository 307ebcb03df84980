"""Both faces of the client in one test: ``await got(world.clock.get())`` waits for either."""

import inspect
from typing import Any

from sandbox.client import AsyncSandbox, Sandbox

FACES = [Sandbox, AsyncSandbox]


async def got(answer: Any) -> Any:
    """Return the answer of the blocking face, or await that of the other."""
    return await answer if inspect.isawaitable(answer) else answer
