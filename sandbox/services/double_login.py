"""二重ログイン: while a user is signed in at the bank's own pages, API calls of that user fail."""

from sandbox.domain.errors import BankError
from sandbox.domain.policy import BankPolicy
from sandbox.domain.time import Instant
from sandbox.services.remembered import Remembered
from sandbox.services.world import World
from sandbox.storage import desk


class DoubleLogin(BankError):
    """The same user id is signed in at the bank's pages."""


class DoubleLogins:
    def __init__(self, world: World, bank: str, policy: BankPolicy) -> None:
        self._world = world
        self._bank = bank
        self._policy = policy
        self._known: Remembered[int, tuple[Instant]] = Remembered(world.database)

    async def check(self, credential_id: int) -> None:
        """Raise ``DoubleLogin`` where the bank minds, and that user is signed in elsewhere."""
        if self._policy.double_login and await self.is_signed_in(credential_id):
            raise DoubleLogin("this user id is signed in at the bank's pages")

    async def is_signed_in(self, credential_id: int) -> bool:
        """Tell whether that user is at the bank's pages, whether the bank minds or not."""
        found = self._known.find(credential_id)
        if found is None:
            until = await desk.signed_in_until(self._world.database, self._bank, credential_id)
            found = self._known.keep(credential_id, (until,))
        return self._world.now() < found[0]
