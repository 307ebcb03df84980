"""The tester's bar on the contractor's pages: who there is to sign in as, with one click.

As on the pages of authorization: each button becomes the fields that the real form sends, what it
gets wrong on purpose locks the login and not the address, and strict realism takes the bar away.
"""

from dataclasses import dataclass
from typing import Final

from sandbox.domain.oauth.errors import InvalidRequest
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.persona import Persona
from sandbox.services.population import load_people
from sandbox.services.told_secrets import login_now
from sandbox.web.noting import entry_of
from sandbox.web.oauth.tester import FIELD, LOCK_ATTEMPTS_MAX, Bar, PersonaChoice, typed_by
from sandbox.web.web21.desk.visit import Visit

SIGN_IN_OUTCOMES: Final = ("wrong_secret", "lock")
IDENTITY_OUTCOMES: Final = ("identify", "wrong_secret")


@dataclass(frozen=True, slots=True)
class Typed:
    """``form``: what the real form would send, ``times`` times, as long as it is wrong."""

    form: Parameters
    times: int = 1


def sign_in_bar(visit: Visit) -> Bar | None:
    if _is_strict(visit):
        return None
    personas = tuple(
        PersonaChoice(key=str(person.key), name=person.person_name, kind=person.kind)
        for person in _people(visit)
    )
    return Bar(personas=personas, outcomes=SIGN_IN_OUTCOMES) if personas else None


def identity_bar(visit: Visit) -> Bar | None:
    """Offer the check of whoever is signed in, where that is a persona."""
    if _is_strict(visit) or _visitor(visit) is None:
        return None
    return Bar(personas=(), outcomes=IDENTITY_OUTCOMES)


async def typed_at_sign_in(visit: Visit) -> Typed | None:
    """Return what the pressed button types; None: no button of the bar was pressed.

    Raises:
        InvalidRequest: the page had no such button.
    """
    outcome, key = _pressed(visit)
    if outcome is None:
        return None
    people = {str(person.key): person for person in _people(visit)}
    person = people.get(key or visit.form.get("persona") or "")
    if person is None or outcome not in ("sign_in", *SIGN_IN_OUTCOMES):
        raise InvalidRequest("the page had no such button")
    return await _typed(visit, person, outcome, is_right=outcome == "sign_in")


async def typed_at_identity(visit: Visit) -> Typed | None:
    """As ``typed_at_sign_in``, of the second identity check."""
    outcome, _ = _pressed(visit)
    if outcome is None:
        return None
    person = _visitor(visit)
    if person is None or outcome not in IDENTITY_OUTCOMES:
        raise InvalidRequest("the page had no such button")
    return await _typed(visit, person, outcome, is_right=outcome == "identify")


async def _typed(visit: Visit, person: Persona, outcome: str, *, is_right: bool) -> Typed:
    bank = visit.bank
    entry_of(visit.request).operation = f"tester_{outcome}"
    login = await login_now(bank.world, bank.name, person)
    times = min(bank.policy.lock_after, LOCK_ATTEMPTS_MAX) if outcome == "lock" else 1
    return Typed(typed_by(person, login, is_right=is_right), times)


def _pressed(visit: Visit) -> tuple[str | None, str]:
    """Return (outcome, persona) of the bar's button, (None, "") where none was pressed.

    Raises:
        InvalidRequest: two at once.
    """
    said = None if _is_strict(visit) else visit.form.get(FIELD)
    if said is None:
        return None, ""
    if visit.form.duplicated:
        raise InvalidRequest("one button at a time")
    outcome, _, key = said.partition(":")
    return outcome, key


def _is_strict(visit: Visit) -> bool:
    return visit.bank.policy.strict_realism


def _people(visit: Visit) -> list[Persona]:
    """Return the users who live in this world, whatever their contract allows them."""
    here = visit.bank.world.personas
    return [person for person in load_people(visit.bank.name) if person.lives_in(here)]


def _visitor(visit: Visit) -> Persona | None:
    """Return the persona who is signed in; None: one of the generated customers is."""
    assert visit.visitor is not None  # the door lets nobody else in
    login = visit.visitor.credential.login
    return next((each for each in _people(visit) if each.login.login == login), None)
