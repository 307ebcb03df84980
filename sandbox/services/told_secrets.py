"""What a persona signs in with now: a PIN or password may be another than the published one.

A world's file keeps hashes alone (O-29). What somebody set over the control door is remembered
here, by its hash, for as long as the process lives: so it is told for as long as it is true, in
whichever world, and also after a snapshot has brought the older or the newer one back.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.domain.contractor import Credential
from sandbox.domain.persona import Persona
from sandbox.domain.secrets import secret_hash, secret_matches
from sandbox.services.population import load_people
from sandbox.services.world import World
from sandbox.storage import contractors

SECOND = "second_factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginNow:
    """``fields``: what to type. ``unknown``: those of them that only their owner knows."""

    fields: Mapping[str, str]
    unknown: tuple[str, ...] = ()


async def logins_now(world: World, bank: str) -> dict[str, LoginNow]:
    """Return by key what the bank's personas of this world sign in with."""
    credentials = await contractors.list_persona_credentials(world.database, bank)
    return {
        str(person.key): _login_now(world, person, credentials[str(person.key)])
        for person in load_people(bank)
        if person.key in credentials
    }


async def login_now(world: World, bank: str, person: Persona) -> LoginNow:
    """Return what one persona signs in with."""
    credential = await contractors.find_persona_credential(world.database, bank, str(person.key))
    assert credential is not None  # whoever lives in a world can sign in
    return _login_now(world, person, credential)


def _login_now(world: World, person: Persona, credential: Credential) -> LoginNow:
    fields = person.login.fields()
    name = "pin" if "pin" in fields else "password"
    stored = {name: credential.secret_hash, SECOND: credential.second_factor_hash}
    unknown = []
    for field, hashed in stored.items():
        if hashed is None or field not in fields:
            continue
        if secret_matches(hashed, credential.login, fields[field]):
            continue  # the published one
        now = world.told.find(hashed)
        if now is None:
            del fields[field]
            unknown.append(field)
        else:
            fields[field] = now
    return LoginNow(fields=fields, unknown=tuple(unknown))


def told_hash(world: World, login: str, secret: str) -> bytes:
    """Return the hash of a secret that was set over the control door, and remember it."""
    hashed = secret_hash(login, secret)
    world.told.keep(hashed, secret)
    return hashed
