"""What the fixture ``bank`` gives to a test: one bank of one fresh world."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sandbox.client import AsyncSandbox, AsyncWorld, Sandbox, World
from sandbox.client.answers import Client, Clock, Consent, Persona, Snapshot, Tokens
from sandbox.client.faults import Fault

# One moment for all tests: the same people with the same statements in every run.
CLOCK = "frozen:2026-12-01T10:00"
CLIENT, PERSONA, SCOPE, BANK = "sandbox-aggregator", "taro", "accounts", "tomato"
SNAPSHOT = "test"
ARGUMENTS = {"seed", "clock", "bank"}


class TestBank:
    """One bank of a test's own world. Every method waits for its answer; ``aio`` is to be awaited.

    ``world``, ``aio``: the whole world (``sandbox.client.World``, ``AsyncWorld``);
    ``clock``, ``accounts``, ``grants``, ``journal``, ``faults``: parts of it;
    ``issuer``, ``api_base``, ``authorization_endpoint``, ``token_endpoint``,
    ``revocation_endpoint``: the bank's addresses.
    """

    __test__ = False  # pytest, this is no class of tests

    def __init__(self, sandbox: Sandbox, world: World, name: str) -> None:
        self.sandbox = sandbox
        self.world = world
        self.aio: AsyncWorld = AsyncSandbox(sandbox.url).world(world.name)
        self._bank = world.bank(name)
        self.name = name
        self.issuer = self._bank.issuer
        self.api_base = self._bank.api_base
        self.authorization_endpoint = self._bank.authorization_endpoint
        self.token_endpoint = self._bank.token_endpoint
        self.revocation_endpoint = self._bank.revocation_endpoint
        self.clock = world.clock
        self.accounts = world.accounts
        self.grants = world.grants
        self.journal = world.journal
        self.faults = world.faults

    def __repr__(self) -> str:
        return f"<bank {self.name} of world {self.world.name}>"

    def persona(self, name: str = PERSONA) -> Persona:
        """Return a persona and what it types to sign in, or raise ``UnknownName``."""
        return self._bank.persona(name)

    def client(self, client_id: str = CLIENT) -> Client:
        """Return a ready client with its secret, or raise ``UnknownName``."""
        return self._bank.client(client_id)

    def authorize(
        self, persona: str = PERSONA, client_id: str = CLIENT, *, scope: str = SCOPE, **more: Any
    ) -> Consent:
        """Let a persona consent; ``more`` is what ``World.authorize`` takes."""
        return self.world.authorize(client_id, persona, scope=scope, bank=self.name, **more)

    def approve(
        self, address: str, persona: str = PERSONA, *, accounts: Sequence[str] | None = None
    ) -> Consent:
        """Be the person whom the software under test has sent to ``address``: log in, allow."""
        return self.world.approve(address, persona, bank=self.name, accounts=accounts)

    def tokens(
        self, persona: str = PERSONA, client_id: str = CLIENT, *, scope: str = SCOPE
    ) -> Tokens:
        """Return tokens as the client would get them, without its taking part."""
        return self.world.tokens.mint(client_id, persona, scope=scope, bank=self.name)

    @contextmanager
    def struck_by(self, effect: str | Mapping[str, Any], **rule: Any) -> Iterator[Fault]:
        """Let calls of this bank go wrong during the block; ``rule`` is what ``faults.add`` takes.

        A ``match`` of its own counts beside the bank's name.
        """
        match = {"bank": self.name, **rule.pop("match", {})}
        fault = self.faults.add(effect, match, **rule)
        try:
            yield fault
        finally:
            self.faults.remove(fault.id)

    def snapshot(self, name: str = SNAPSHOT) -> Snapshot:
        """Keep the world as it stands."""
        return self.world.snapshots.take(name)

    def restore(self, name: str = SNAPSHOT) -> Clock:
        """Bring back data, tokens, grants and clock together."""
        return self.world.snapshots.restore(name)


@contextmanager
def world_for(sandbox: Sandbox, chosen: Mapping[str, Any]) -> Iterator[TestBank]:
    """Make a world for the block. ``chosen``: seed, clock and bank as the marker gives them."""
    unknown = sorted(chosen.keys() - ARGUMENTS)
    if unknown:
        raise TypeError(f"the marker bank_world takes {sorted(ARGUMENTS)}, not {unknown}")
    # The server draws the name: no two processes that share one can meet in a world.
    world = sandbox.worlds.create(seed=chosen.get("seed"), clock=chosen.get("clock", CLOCK))
    try:
        yield TestBank(sandbox, world, chosen.get("bank", BANK))
    finally:
        world.delete()
