"""Whether any world has fault rules: what every call asks, before it asks its own world."""

from collections.abc import Iterable


class FaultBoard:
    """``is_quiet``: no rule is anywhere, so that a call need not find out which world it is of.

    A world whose file has not been read in this process may have rules: it counts as one.
    """

    __slots__ = ("_loud", "is_quiet")

    def __init__(self, unread: Iterable[str] = ()) -> None:
        self._loud = set(unread)
        self.is_quiet = not self._loud

    def note(self, world: str, *, has_rules: bool) -> None:
        (self._loud.add if has_rules else self._loud.discard)(world)
        self.is_quiet = not self._loud

    def forget(self, world: str) -> None:
        """A world is deleted."""
        self.note(world, has_rules=False)
