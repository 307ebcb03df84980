"""The authorization endpoint (RFC 6749 §3.1): sign-in, consent, refusal, and back to the client.

An interaction has an address of its own, ``…/oauth/auth/{interaction}``, and a cookie that is
sent to that address only (O-25). The form token is derived from the cookie, which no other site
can read (O-23).
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.clock import monotonic_s
from sandbox.domain.api_class import ApiClass
from sandbox.domain.availability import Asked, ServiceStopped
from sandbox.domain.errors import OutsideServiceHours
from sandbox.domain.oauth.asked import AuthorizationRequest
from sandbox.domain.oauth.errors import (
    InvalidRequest,
    ShownError,
    TemporarilyUnavailable,
)
from sandbox.domain.oauth.openid import language_of_locales
from sandbox.domain.oauth.parameters import Parameters, TooManyFields, parse_parameters
from sandbox.services.bank import Bank
from sandbox.services.oauth import mischief
from sandbox.services.oauth.answers import RedirectBack
from sandbox.services.oauth.authorize import Interaction
from sandbox.services.oauth.grants import NothingChosen
from sandbox.services.oauth.requests import world_token
from sandbox.services.sign_in import SignInRefused
from sandbox.services.worlds import UnknownWorld
from sandbox.web.closed import Closed, note, shown, waiting
from sandbox.web.front import Front, stamped
from sandbox.web.middleware import log
from sandbox.web.noting import entry_of
from sandbox.web.oauth.answered import Answered, Given, answer_key
from sandbox.web.oauth.forms import exact_form, once_each, read_form
from sandbox.web.oauth.redirects import (
    COOKIE,
    SESSION,
    give_cookie,
    give_session,
    see_other,
)
from sandbox.web.oauth.screens import Screens, csrf_matches, csrf_token, typed_sign_in
from sandbox.web.oauth.tester import FIELD, TesterBar
from sandbox.web.profile import Profile
from sandbox.web.wording import LANGUAGE_PARAMETER, keep_language

NO_FORM = Parameters({}, frozenset())
ASKED = web.RequestKey("asked", Parameters)
INTERACTION_PATH = "/oauth/auth/{interaction}"
OPERATION = "authorize"  # for stops: all that a person does here
OPERATIONS = {"sign_in": "sign_in", "allow": "consent", "deny": "deny"}  # by what was pressed
Act = Callable[[web.Request, Bank], Awaitable[web.Response]]


class AuthorizePages:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile
        self._screens = Screens(front, profile)
        self._answered = Answered(monotonic_s)
        self._tester = TesterBar(self._take, self._screens.leaving)

    async def begin(self, request: web.Request) -> web.Response:
        return await self._answer(request, "authorize", self._begin)

    async def show(self, request: web.Request) -> web.Response:
        return await self._answer(request, "interaction", self._show)

    async def act(self, request: web.Request) -> web.Response:
        return await self._answer(request, "interaction", self._act)

    async def _begin(self, request: web.Request, bank: Bank) -> web.Response:
        """Check the client's request and give the browser an interaction."""
        client, asked = await bank.requests.check(request[ASKED])
        _check_open(request, bank, client.client_id, asked)
        session = request.cookies.get(SESSION)
        interaction_id, cookie = await bank.authorize.begin(client, asked, session)
        base = request.path.removesuffix("/")
        if "world" not in request.match_info:  # found in another way: from here on by its path
            base = bank.world.prefix + base
        language = language_of_locales(asked.ui_locales)
        chosen = f"?{LANGUAGE_PARAMETER}={language}" if language else ""
        response = _sent_on(request, f"{base}/{interaction_id}{chosen}")
        give_cookie(request, response, bank, f"{base}/{interaction_id}", cookie)
        keep_language(request, response)
        return response

    async def _show(self, request: web.Request, bank: Bank) -> web.Response:
        bank.check_open(ApiClass.OAUTH, OPERATION)
        interaction, cookie = await self._find(request, bank)
        token = csrf_token(cookie)
        is_new = interaction.contractor is None
        entry_of(request).operation = "sign_in_page" if is_new else "consent_page"
        if is_new:
            response = self._screens.sign_in(request, interaction, token)
        else:
            refusal = await self._ineligible(request, bank, interaction, token)
            response = refusal or await self._screens.consent(request, bank, interaction, token)
        keep_language(request, response)
        return response

    async def _act(self, request: web.Request, bank: Bank) -> web.Response:
        """Take what a person pressed. Nothing happens without the page's own form token."""
        bank.check_open(ApiClass.OAUTH, OPERATION)
        form = await read_form(request)
        interaction_id = request.match_info["interaction"]
        entry = entry_of(request)
        entry.operation = OPERATIONS.get(form.get("decision") or "", entry.operation)
        cookie, body = request.cookies.get(COOKIE, ""), await request.read()
        key = answer_key(bank.world.name, interaction_id, cookie, body)
        async with self._answered.turn(interaction_id):
            try:
                interaction, cookie = await self._find(request, bank)
            except ShownError:
                if (given := self._answered.find(key)) is None:
                    raise
                entry.location = given.location
                return given.again()
            if not csrf_matches(form.get("csrf"), cookie):
                raise ShownError("csrf", 403)
            act = self._tester.act if self._is_tested(form) else self._take
            response = await act(request, bank, interaction, cookie, form)
            if response.status == 303 or entry.location is not None:
                self._answered.keep(key, Given.of(response, entry.location))
            return response

    def _is_tested(self, form: Parameters) -> bool:
        return form.get(FIELD) is not None and not self._profile.policy.strict_realism

    async def _take(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        form: Parameters,
    ) -> web.Response:
        """Do what the fields of the real form say."""
        decision = form.get("decision")
        if decision == "deny":
            answer = await bank.authorize.deny(interaction)
            return self._screens.leaving(request, bank, answer, cookie)
        if interaction.contractor is None and decision == "sign_in":
            return await self._sign_in(request, bank, interaction, cookie, once_each(form))
        if interaction.contractor is not None and decision == "allow":
            refusal = await self._ineligible(request, bank, interaction, csrf_token(cookie))
            return refusal or await self._allow(request, bank, interaction, cookie, form)
        raise ShownError("invalid_request")

    async def _ineligible(
        self, request: web.Request, bank: Bank, interaction: Interaction, token: str
    ) -> web.Response | None:
        """Return the refusal of someone who lost card, contract or accounts since signing in."""
        try:
            await bank.authorize.check_eligible(interaction)
        except SignInRefused as refused:
            return self._screens.refused(request, interaction, token, NO_FORM, refused)
        return None

    async def _sign_in(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        form: Parameters,
    ) -> web.Response:
        token, entry = csrf_token(cookie), entry_of(request)
        typed = typed_sign_in(form, has_second_factor=self._profile.has_second_factor)
        if typed is None:
            entry.error_code = "incomplete"
            return self._screens.sign_in(
                request, interaction, token, form=form, error="incomplete", status=400
            )
        entry.login = typed.login
        try:
            # What the tester's bar gets wrong on purpose locks the login alone.
            address = None if self._is_tested(form) else request.remote
            signed_in = await bank.authorize.sign_in(
                interaction, typed, address=address, session=request.cookies.get(SESSION)
            )
        except SignInRefused as refused:
            return self._screens.refused(request, interaction, token, form, refused)
        entry.contractor_id = signed_in.contractor.contractor_id
        response = see_other(request.path)
        give_cookie(request, response, bank, request.path, signed_in.cookie)
        give_session(request, response, bank, signed_in.session)
        keep_language(request, response)
        return response

    async def _allow(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        cookie: str,
        form: Parameters,
    ) -> web.Response:
        chosen_functions = form.all("function")
        chosen_accounts = form.all("account")
        try:
            allowed = await mischief.allow(
                bank.authorize,
                bank.world,
                interaction,
                functions=chosen_functions,
                account_ids=chosen_accounts,
            )
        except NothingChosen as nothing:
            token = csrf_token(cookie)
            entry_of(request).error_code = f"no_{nothing.what}"
            return await self._screens.consent(
                request,
                bank,
                interaction,
                token,
                chosen=(chosen_functions, chosen_accounts),
                missing=nothing.what,
            )
        entry = entry_of(request)
        entry.grant_id, entry.fault = allowed.grant_id, allowed.fault
        return self._screens.leaving(request, bank, allowed.answer, cookie)

    async def _find(self, request: web.Request, bank: Bank) -> tuple[Interaction, str]:
        cookie = request.cookies.get(COOKIE, "")
        found = await bank.authorize.find(request.match_info["interaction"], cookie)
        entry = entry_of(request)
        entry.client_id, entry.login = found.client.client_id, found.login
        if found.contractor is not None:
            entry.contractor_id = found.contractor.contractor_id
        bank.check_open_to(Asked(ApiClass.OAUTH, OPERATION, client_id=entry.client_id))
        return found, cookie

    async def _bank(self, request: web.Request) -> Bank:
        """Return the bank of the world that the request is for: its request URI may name it."""
        if "interaction" in request.match_info:
            return await self._front.bank(request, self._profile.name)
        refusal: Exception | None = None
        try:
            request[ASKED] = asked = await _parameters(request)
        except (ShownError, InvalidRequest, web.HTTPRequestEntityTooLarge) as error:
            asked, refusal = NO_FORM, error  # in a moment: it belongs in some world's journal
        entry_of(request).client_id = asked.get("client_id")
        token = world_token(asked.get("request_uri"))
        bank = await self._front.bank(request, self._profile.name, token=token)
        if refusal is not None:
            raise refusal
        return bank

    async def _answer(self, request: web.Request, operation: str, act: Act) -> web.Response:
        entry_of(request).operation = operation
        return stamped(request, await self._page(request, act))

    def _closed(self, request: web.Request, error: Exception) -> web.Response:
        world = entry_of(request).world
        assert world is not None  # its bank is what is closed
        page = self._screens.error(request, shown(error, world.now()))
        note(entry_of(request), error)
        return waiting(page, error)

    async def _page(self, request: web.Request, act: Act) -> web.Response:
        """Show what may not be redirected; redirect the rest (O-2)."""
        try:
            return await act(request, await self._bank(request))
        except RedirectBack as back:
            entry_of(request).grant_id = back.grant_id
            return self._screens.sent_on(request, back.answer)
        except ShownError as error:
            return self._screens.error(request, error)
        except Closed as error:
            return self._closed(request, error)
        except InvalidRequest:
            return self._screens.error(request, ShownError("invalid_request"))
        except UnknownWorld:
            return self._screens.error(request, ShownError("not_found", 404))
        except web.HTTPRequestEntityTooLarge:
            return self._screens.error(request, ShownError("too_large", 413))
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return self._screens.error(request, ShownError("internal", 500))


def _check_open(
    request: web.Request, bank: Bank, client_id: str, asked: AuthorizationRequest
) -> None:
    """Send a new request back while the bank is closed; what has ended, and a bank that answers
    with pages, is shown instead."""
    try:
        bank.check_open(ApiClass.OAUTH, OPERATION)
        bank.check_open_to(Asked(ApiClass.OAUTH, OPERATION, client_id=client_id))
    except (OutsideServiceHours, ServiceStopped) as error:
        note(entry_of(request), error)
        if isinstance(error, ServiceStopped) and error.is_page:
            raise
        closed = TemporarilyUnavailable(str(error).partition(":")[0])
        raise RedirectBack(bank.authorize.refusal(asked, closed)) from None


async def _parameters(request: web.Request) -> Parameters:
    """Return an authorization request's parameters: of the query, or (Core §3.1.2.1) of a form."""
    if request.method == "POST":
        return await exact_form(request)
    try:
        return parse_parameters(request.rel_url.raw_query_string)
    except TooManyFields:
        raise ShownError("invalid_request") from None


def _sent_on(request: web.Request, location: str) -> web.Response:
    """Send the browser on, after a form by 303 (O-22)."""
    return see_other(location, status=303 if request.method == "POST" else 302)
