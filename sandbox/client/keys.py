"""The banks' signing keys, as calls of the control API."""

import json

from sandbox.client.answers import Key, read
from sandbox.client.request import Request, encoded, path

BANK = "tomato"


def list_keys(world: str) -> Request[tuple[Key, ...]]:
    """List the keys that the world's banks publish, oldest first."""
    return Request(method="GET", path=path("worlds", world, "keys"), read=_keys)


def rotate(world: str, alg: str | None = None, *, bank: str = BANK) -> Request[tuple[Key, ...]]:
    """Let new keys of a bank sign from now on; the old ones stay published for their tokens.

    Args:
        alg: such as ``ES256``. Default: every algorithm that the bank has a key of.

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request``.
    """
    return Request(
        method="POST",
        path=path("worlds", world, "keys", "rotate"),
        read=_keys,
        content=encoded(bank=bank, alg=alg),
    )


def _keys(content: bytes) -> tuple[Key, ...]:
    return tuple(read(Key, each) for each in json.loads(content)["keys"])
