"""The calls that the banks know, for whoever says what a fault rule is to match."""

from collections.abc import Iterable

from sandbox.domain.fault_match import KnownCall
from sandbox.web.faults.facts import operations_of
from sandbox.web.profile import Profile


def known_calls(profiles: Iterable[Profile]) -> list[KnownCall]:
    """Return every operation of every bank, as a rule's match names it."""
    return [
        KnownCall(profile.name, operation.name, operation.api_class.value, operation.function)
        for profile in profiles
        for operation in operations_of(profile).values()
    ]
