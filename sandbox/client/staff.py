"""What the bank's staff do, as calls of the control API."""

from sandbox.client.answers import Done
from sandbox.client.request import Request, encoded, one, path

BANK = "tomato"


def unlock(
    world: str, *, login: str | None = None, address: str | None = None, bank: str = BANK
) -> Request[Done]:
    """Let a locked login, or all logins from a locked address, try again.

    Args:
        login: as the journal shows it: ``card:001:1234567``, ``user:0566000001:tanaka``.
        address: IPv4 or IPv6.

    Raises:
        ProblemError: ``unknown-bank``, ``invalid-request`` (at least one of the two).
    """
    return Request(
        method="POST",
        path=path("worlds", world, "bank", bank, "unlock"),
        read=one(Done),
        content=encoded(login=login, address=address),
    )
