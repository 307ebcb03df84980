"""The tester's bar (試験用ツールバー): one click for what a person would type and press.

Each button becomes the very fields that the real form sends, and goes the real form's way. Three
outcomes have no field of their own: time running out, and two errors that a bank may answer.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import web

from sandbox.domain.client import Client
from sandbox.domain.oauth.errors import (
    OAuthError,
    ServerError,
    ShownError,
    TemporarilyUnavailable,
)
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.persona import Persona
from sandbox.services.bank import Bank
from sandbox.services.oauth.answers import Answer
from sandbox.services.oauth.authorize import Interaction
from sandbox.services.oauth.offers import Offer
from sandbox.services.population import load_people
from sandbox.services.told_secrets import LoginNow, login_now
from sandbox.services.world import World
from sandbox.web.noting import entry_of
from sandbox.web.oauth.redirects import COOKIE, SESSION, see_other

Boxes: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]  # functions, account ids
Take: TypeAlias = Callable[
    [web.Request, Bank, Interaction, str, Parameters], Awaitable[web.Response]
]

Leave: TypeAlias = Callable[[web.Request, Bank, Answer, str], web.Response]

FIELD: Final = "tester"
# On the consent page the person is known; on the sign-in page it is chosen.
CONSENT_OUTCOMES: Final = ("allow_all", "allow_part")
SIGN_IN_OUTCOMES: Final = ("allow_all", "allow_part", "wrong_secret", "lock")
ANY_TIME: Final = ("deny", "time_out", "server_error", "temporarily_unavailable")
# A bank may be told to lock after thousands; one click stays one click.
LOCK_ATTEMPTS_MAX: Final = 100
ERRORS: Final[Mapping[str, type[OAuthError]]] = {
    "server_error": ServerError,
    "temporarily_unavailable": TemporarilyUnavailable,
}
_WRONG = ("0000", "9999")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaChoice:
    """Somebody who can be signed in with one click."""

    key: str
    name: str
    kind: str  # individual, corporate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What the bar offers. ``personas`` is empty on the consent page."""

    personas: tuple[PersonaChoice, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button of the bar: what shall come of it, and as whom, where nobody has signed in."""

    outcome: str
    persona: Persona | None


def sign_in_bar(bank: str, world: World, client: Client) -> Bar:
    personas = tuple(
        PersonaChoice(key=str(persona.key), name=persona.person_name, kind=persona.kind)
        for persona in personas_of(bank, world, client)
    )
    return Bar(personas=personas, outcomes=(*(SIGN_IN_OUTCOMES if personas else ()), *ANY_TIME))


def consent_bar() -> Bar:
    return Bar(personas=(), outcomes=(*CONSENT_OUTCOMES, *ANY_TIME))


def personas_of(bank: str, world: World, client: Client) -> list[Persona]:
    """Return the bank's personas who live in the world and whom ``client`` serves.

    A client that was issued to a firm serves that firm's users alone.
    """
    return [
        persona
        for persona in load_people(bank)
        if persona.kind in client.contractor_kinds
        and persona.lives_in(world.personas)
        and (persona.firm is None or persona.firm.client_id == client.client_id)
    ]


def pressed(form: Parameters, bank: Bank, interaction: Interaction) -> Pressed:
    """Return which button of the bar was pressed.

    Raises:
        ShownError: the page had no such button.
    """
    is_signed_in = interaction.contractor is not None
    outcome, _, key = (form.get(FIELD) or "").partition(":")
    known = CONSENT_OUTCOMES if is_signed_in else (*SIGN_IN_OUTCOMES, "sign_in")
    if form.duplicated or outcome not in (*known, *ANY_TIME):
        raise ShownError("invalid_request")
    if is_signed_in or outcome in ANY_TIME:
        return Pressed(outcome=outcome, persona=None)
    wanted = key or form.get("persona")
    for persona in personas_of(bank.name, bank.world, interaction.client):
        if persona.key == wanted:
            return Pressed(outcome=outcome, persona=persona)
    raise ShownError("invalid_request")


def typed_by(persona: Persona, login: LoginNow, *, is_right: bool = True) -> Parameters:
    """Return the sign-in form as the persona fills it in, with a wrong secret if not right.

    What only its owner knows is wrong too: the bank has to say so.

    ``FIELD`` stays in it: such failures lock the login, and not the address that they come from.
    """
    fields = dict(login.fields) | dict.fromkeys(login.unknown, _WRONG[0])
    if not is_right:
        name = "pin" if "pin" in fields else "password"
        fields[name] = next(wrong for wrong in _WRONG if wrong != fields[name])
    fields |= {"kind": persona.kind, "decision": "sign_in", FIELD: "sign_in"}
    return Parameters(fields, frozenset())


def ticked(functions: tuple[str, ...], account_ids: tuple[str, ...]) -> Parameters:
    """Return the consent form with these boxes ticked."""
    pairs = [("function", function) for function in functions]
    pairs += [("account", account_id) for account_id in account_ids]
    return Parameters({"decision": "allow"}, frozenset(), tuple(pairs))


def _all_of(offer: Offer) -> Boxes:
    return offer.functions, offer.account_ids


def _part_of(offer: Offer) -> Boxes:
    """Return the boxes of a consent to less than all: one account, or one service."""
    if offer.are_accounts_ticked:
        return offer.functions, offer.account_ids[:1]
    return offer.functions[:1], ()


class TesterBar:
    """Does what the bar's buttons say. ``take`` is what the real form's fields go through,
    ``leave`` what goes back to the client."""

    def __init__(self, take: Take, leave: Leave) -> None:
        self._take = take
        self._leave = leave

    async def act(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        form: Parameters,
    ) -> web.Response:
        """Answer as the bank would answer a person who did what the button says.

        Raises:
            ShownError: the page had no such button, or the interaction was answered meanwhile.
        """
        button = pressed(form, bank, interaction)
        entry_of(request).operation = f"tester_{button.outcome}"
        if button.outcome == "time_out":
            await bank.authorize.expire(interaction)
            return see_other(request.path)
        if error := ERRORS.get(button.outcome):
            why = error("a tester asked for this answer")
            answer = await bank.authorize.deny(interaction, why)
            return self._leave(request, bank, answer, cookie)
        if button.outcome == "deny":
            denial = Parameters({"decision": "deny"}, frozenset())
            return await self._take(request, bank, interaction, cookie, denial)
        if button.outcome in ("wrong_secret", "lock"):
            return await self._fail(request, bank, interaction, cookie, button)
        return await self._go_on(request, bank, interaction, cookie, button)

    async def _fail(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        button: Pressed,
    ) -> web.Response:
        """Type a wrong secret once, or until the login is locked."""
        assert button.persona is not None
        times = 1 if button.outcome == "wrong_secret" else bank.policy.lock_after
        login = await login_now(bank.world, bank.name, button.persona)
        wrong = typed_by(button.persona, login, is_right=False)
        response = await self._take(request, bank, interaction, cookie, wrong)
        for _ in range(min(times, LOCK_ATTEMPTS_MAX) - 1):
            if entry_of(request).error_code == "wrong":
                response = await self._take(request, bank, interaction, cookie, wrong)
        return response

    async def _go_on(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        button: Pressed,
    ) -> web.Response:
        """Sign in where nobody has, and allow where the button says so."""
        session = None
        if button.persona is not None:
            login = await login_now(bank.world, bank.name, button.persona)
            typed = typed_by(button.persona, login)
            response = await self._take(request, bank, interaction, cookie, typed)
            if button.outcome == "sign_in" or response.status != 303:
                return response
            cookie, session = response.cookies[COOKIE].value, response.cookies.get(SESSION)
            interaction = await bank.authorize.find(request.match_info["interaction"], cookie)
        offer = await bank.authorize.offer(interaction)
        boxes = ticked(*_part_of(offer) if button.outcome == "allow_part" else _all_of(offer))
        response = await self._take(request, bank, interaction, cookie, boxes)
        if session is not None:  # of the log-in on the way
            response.cookies[SESSION] = session
        return response
