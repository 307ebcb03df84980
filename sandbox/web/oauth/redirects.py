"""Sending the browser on, with or without the cookie of its interaction."""

from aiohttp import web

from sandbox.services.bank import Bank

COOKIE = "interaction"
SESSION = "bank_session"
KEEP_S = 30.0  # how long a given answer, and the cookie that asks for it again, are kept


def see_other(location: str, *, status: int = 303) -> web.Response:
    """Send the browser on. 303 after a form: never repeat a credential POST (O-22)."""
    headers = {
        "Location": location,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(status=status, headers=headers)


def is_secure(request: web.Request, bank: Bank) -> bool:
    """Tell whether the browser is on https: at the TLS door, or by the bank's public address."""
    return request.secure or bank.world.base_url().startswith("https:")


def give_cookie(
    request: web.Request,
    response: web.Response,
    bank: Bank,
    path: str,
    cookie: str,
    *,
    max_age: int | None = None,
) -> None:
    """Give the browser the cookie of the interaction at ``path``, for that path alone (O-25)."""
    response.set_cookie(
        COOKIE,
        cookie,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=is_secure(request, bank),
        max_age=max_age,
    )


def give_session(
    request: web.Request, response: web.Response, bank: Bank, session: str | None
) -> None:
    """Give the browser the cookie of a log-in that is kept, for the pages of this bank alone."""
    if session is None:
        return
    response.set_cookie(
        SESSION,
        session,
        path=f"{bank.world.prefix}/{bank.name}",
        httponly=True,
        samesite="Lax",
        secure=is_secure(request, bank),
    )
