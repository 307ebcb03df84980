"""Client id and encryption key, shown once (W-38), then client password and web servers (W-40)."""

from base64 import b64encode

from aiohttp import web

from sandbox.domain.corporate.client_data import (
    MOST_WEB_SERVERS,
    ClientDataRefused,
    check_password,
    check_web_servers,
)
from sandbox.domain.errors import IllegalTransition
from sandbox.web.noting import entry_of
from sandbox.web.web21.desk.visit import Visit

ERRORS = ("password", "password_again", "web_servers")  # texts: ``desk.client.error.…``


async def show_client(visit: Visit) -> web.Response:
    """Where the procedure stands: to be issued, to be registered, or ready. The key is masked."""
    firm = await visit.people.firm(visit.contractor_id)
    registered = () if firm.client is None else firm.client.redirect_uris
    return await _client_page(visit, registered)


async def issue(visit: Visit) -> web.Response:
    """Issue once. This answer alone holds the key: it is no redirect, and kept by nobody."""
    try:
        issued = await visit.bank.corporate.issue_client(visit.contractor_id, visit.user.user_id)
    except IllegalTransition:  # a second click, or a colleague was faster
        return visit.go("/client", note="issued_before")
    entry_of(visit.request).client_id = issued.client_id
    key = b64encode(issued.encryption_key).decode()
    return visit.page("issued", here="client", client_id=issued.client_id, key=key)


async def register(visit: Visit) -> web.Response:
    """Register password and web servers, together and only after the issue."""
    password = visit.form.get("client_password") or ""
    urls = tuple(url.strip() for url in visit.form.all("web_server") if url.strip())
    errors = _errors(password, visit.form.get("client_password_again") or "", urls)
    if errors:
        entry_of(visit.request).error_code = errors[0]
        return await _client_page(visit, urls, errors=errors, status=400)
    await visit.bank.corporate.register_client(
        visit.contractor_id, visit.user.user_id, password=password, web_servers=urls
    )
    return visit.go("/client", note="registered")


def _errors(password: str, again: str, urls: tuple[str, ...]) -> list[str]:
    """Return all that is wrong, so that a person mends it in one go."""
    found = []
    try:
        check_password(password)
    except ClientDataRefused:
        found.append("password")
    else:
        if password != again:
            found.append("password_again")
    try:
        check_web_servers(urls)
    except ClientDataRefused:
        found.append("web_servers")
    return found


async def _client_page(
    visit: Visit, urls: tuple[str, ...], *, errors: list[str] | None = None, status: int = 200
) -> web.Response:
    firm = await visit.people.firm(visit.contractor_id)
    shown = [*urls[:MOST_WEB_SERVERS], *[""] * MOST_WEB_SERVERS][:MOST_WEB_SERVERS]
    return visit.page(
        "client",
        here="client",
        status=status,
        client=firm.client,
        is_in_force=firm.contract is not None and firm.contract.is_in_force,
        urls=shown,
        errors=errors or [],
        authorize_url=f"{visit.bank.world.issuer(visit.bank.name)}{visit.bank.facts.base}/oauth/auth",
    )
