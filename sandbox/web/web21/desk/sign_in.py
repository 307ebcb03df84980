"""Sign-in, the second identity check, and log-out."""

import unicodedata
from dataclasses import replace

from aiohttp import web

from sandbox.domain.contractor import SignIn, user_login
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.time import jst
from sandbox.services.desk.sessions import NoCorporateUser
from sandbox.services.sign_in import SignInRefused
from sandbox.web.noting import entry_of
from sandbox.web.oauth.forms import once_each
from sandbox.web.oauth.screens import FIELD_MAX
from sandbox.web.web21.desk.tester import (
    identity_bar,
    sign_in_bar,
    typed_at_identity,
    typed_at_sign_in,
)
from sandbox.web.web21.desk.visit import Visit

NAMES = ("contractor_id", "user_id")
SECRETS = ("password", "second_factor")
ERRORS = ("incomplete", "wrong", "locked", "lapsed")  # texts: ``desk.sign_in.error.…``


async def show_sign_in(visit: Visit) -> web.Response:
    """The sign-in page; whoever is signed in goes on to the start page."""
    if visit.visitor is not None:
        return visit.go("")
    return _sign_in_page(visit)


async def sign_in(visit: Visit) -> web.Response:
    """Check user id, password and second factor (stub) and open a log-in."""
    tested = await typed_at_sign_in(visit)
    if tested is None:
        return await _open(visit, once_each(visit.form), visit.request.remote)
    for _ in range(tested.times):
        response = await _open(visit, tested.form, None)
        if entry_of(visit.request).error_code != "wrong":
            break
    return response


async def _open(visit: Visit, form: Parameters, address: str | None) -> web.Response:
    """``address``: whose failures are counted too; None: nobody's."""
    typed = _typed(form, (*NAMES, *SECRETS))
    if typed is None:
        return _sign_in_page(visit, form, error="incomplete", status=400)
    number, user_id, password, second_factor = typed
    login = user_login(number, user_id)
    entry_of(visit.request).login = login
    wanted = SignIn(kind="corporate", login=login, secret=password, second_factor=second_factor)
    try:
        cookie = await visit.sessions.open(wanted, address=address, old=visit.cookie)
    except NoCorporateUser:
        return _sign_in_page(visit, form, error="lapsed", status=403)
    except SignInRefused as refused:
        error, details = _said(visit, refused)
        return _sign_in_page(visit, form, error=error, status=403, **details)
    return visit.give_cookie(visit.go(""), cookie)


async def sign_out(visit: Visit) -> web.Response:
    await visit.sessions.close(visit.cookie)
    return visit.take_cookie(visit.go("/sign-in", note="signed_out"))


async def show_identity(visit: Visit) -> web.Response:
    """本人確認 again, before the client's data (W-37)."""
    return _identity_page(visit)


async def identify(visit: Visit) -> web.Response:
    assert visit.visitor is not None  # the door lets nobody else in
    tested = await typed_at_identity(visit)
    form = once_each(visit.form) if tested is None else tested.form
    typed = _typed(form, SECRETS)
    if typed is None:
        return _identity_page(visit, error="incomplete", status=400)
    address, old = (visit.request.remote if tested is None else None), visit.cookie
    try:
        cookie = await visit.sessions.identify(visit.visitor, *typed, address=address, old=old)
    except SignInRefused as refused:
        error, details = _said(visit, refused)
        return _identity_page(visit, error=error, status=403, **details)
    return visit.give_cookie(visit.go("/client", note="identified"), cookie)


def _sign_in_page(
    visit: Visit,
    form: Parameters | None = None,
    *,
    error: str | None = None,
    status: int = 200,
    **details: object,
) -> web.Response:
    if error is not None:
        entry_of(visit.request).error_code = error
    values = {name: form.get(name) or "" for name in NAMES} if form else {}
    response_to = _with_cookie(visit)
    response = response_to.page(
        "sign_in",
        status=status,
        action_url=f"{visit.root}/sign-in",
        tester=sign_in_bar(visit),
        values=values,
        error=error,
        attempts_left=details.get("attempts_left"),
        unlocks_at=details.get("unlocks_at"),
    )
    return response_to.give_cookie(response, response_to.cookie)


def _with_cookie(visit: Visit) -> Visit:
    """Return the visit with a cookie that its form token can be made from."""
    return visit if visit.cookie else replace(visit, cookie=visit.bank.world.secret(32))


def _identity_page(
    visit: Visit, *, error: str | None = None, status: int = 200, **details: object
) -> web.Response:
    if error is not None:
        entry_of(visit.request).error_code = error
    return visit.page(
        "identity",
        here="client",
        status=status,
        action_url=f"{visit.root}/identity",
        tester=identity_bar(visit),
        values={},
        error=error,
        attempts_left=details.get("attempts_left"),
        unlocks_at=details.get("unlocks_at"),
    )


def _typed(form: Parameters, names: tuple[str, ...]) -> list[str] | None:
    """Return what was typed, full-width letters as plain ones; None: missing or far too long."""
    fields = [form.get(name) or "" for name in names]
    if any(not 0 < len(field) <= FIELD_MAX for field in fields):
        return None
    return [unicodedata.normalize("NFKC", field).strip() for field in fields]


def _said(visit: Visit, refused: SignInRefused) -> tuple[str, dict[str, object]]:
    """Return which error a refusal is to the person, with what the text needs."""
    entry_of(visit.request).error_code = refused.code
    if refused.code == "wrong":
        return "wrong", {"attempts_left": refused.attempts_left}
    if refused.code == "locked":
        assert refused.locked_until is not None  # every lock ends
        return "locked", {"unlocks_at": jst(refused.locked_until)}
    return "lapsed", {}
