"""User ids (利用者ID): who is security administrator (W-34), and who may do what (W-35)."""

import unicodedata
from dataclasses import dataclass

from aiohttp import web

from sandbox.domain.corporate.contract import Service
from sandbox.domain.corporate.user import Act, BankUser, Role
from sandbox.domain.transfer.draft import TOTAL_MAX
from sandbox.services.corporate import Limits, Usable
from sandbox.services.staff import UnknownSubject
from sandbox.web.noting import entry_of
from sandbox.web.web21.desk.visit import Visit

LIMITS = ("per_transaction", "per_item")
ERRORS = ("limit", "no_right", "no_account", "confirm")  # texts: ``desk.user.error.…``


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wished:
    """What the form of a user says. ``limits``: as they were typed."""

    has_service_right: bool
    rights: frozenset[Service]
    limits: dict[str, str]
    accounts: frozenset[str] | None  # ids; None: all of the contract

    def read(self) -> Limits:
        """Raises ValueError for a limit that is no amount."""
        per_transaction, per_item = (_amount(self.limits[name]) for name in LIMITS)
        return Limits(per_transaction_yen=per_transaction, per_item_yen=per_item)


async def list_users(visit: Visit) -> web.Response:
    firm = await visit.people.firm(visit.contractor_id)
    return visit.page(
        "users",
        here="users",
        users=firm.users,
        can_name=visit.user.may(Act.NAME_SECURITY_ADMINISTRATOR),
        can_set=visit.user.may(Act.SET_RIGHTS),
        services=list(Service),
    )


async def name_administrator(visit: Visit) -> web.Response:
    """Name a security administrator, or take it back (W-34)."""
    user = await _target(visit)
    is_named = visit.form.get("decision") == "name"
    await visit.bank.corporate.name_security_administrator(
        visit.contractor_id, visit.user.user_id, user.user_id, is_named=is_named
    )
    return visit.go("/users", note="named" if is_named else "taken_back")


async def show_user(visit: Visit) -> web.Response:
    user = await _target(visit)
    limits = (user.limit_per_transaction_yen, user.limit_per_item_yen)
    written = ["" if limit is None else str(limit) for limit in limits]
    held = _Wished(
        has_service_right=user.has_service_right,
        rights=user.rights,
        limits=dict(zip(LIMITS, written, strict=True)),
        accounts=user.accounts,
    )
    return await _user_page(visit, user, held)


async def set_rights(visit: Visit) -> web.Response:
    """Give and take rights and limits; what lapses for good has to be confirmed (W-54)."""
    user, wished = await _target(visit), _wished(visit)
    try:
        limits = wished.read()
    except ValueError:
        return await _user_page(visit, user, wished, error="limit", status=400)
    if wished.has_service_right and not wished.rights:
        return await _user_page(visit, user, wished, error="no_right", status=400)
    if wished.accounts is not None and not wished.accounts:
        return await _user_page(visit, user, wished, error="no_account", status=400)
    ends = user.has_service_right and not wished.has_service_right
    if ends and visit.form.get("confirmed") != "1":
        return await _user_page(visit, user, wished, error="confirm", status=409)
    await visit.bank.corporate.set_rights(
        visit.contractor_id,
        visit.user.user_id,
        user.user_id,
        has_service_right=wished.has_service_right,
        rights=wished.rights,
        limits=limits,
        usable=Usable(accounts=wished.accounts),
    )
    return visit.go("/users", note="rights_removed" if ends else "rights_saved")


async def _target(visit: Visit) -> BankUser:
    """Return the user that the path names; an admin id is for administering alone."""
    user = await visit.people.user(visit.contractor_id, visit.named("user_id"))
    if user.role is not Role.USER:
        raise UnknownSubject(user.user_id)
    return user


def _wished(visit: Visit) -> _Wished:
    known = {service.value for service in Service}
    is_limited = visit.form.get("limited") == "1"
    return _Wished(
        has_service_right=visit.form.get("service_right") == "1",
        rights=frozenset(Service(each) for each in visit.form.all("right") if each in known),
        limits={name: visit.form.get(name) or "" for name in LIMITS},
        accounts=frozenset(visit.form.all("account")) if is_limited else None,
    )


def _amount(typed: str) -> int | None:
    """Return an amount as a person writes it (``1,000,000``, full-width too); None for nothing."""
    plain = unicodedata.normalize("NFKC", typed).replace(",", "").replace("円", "").strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit()) or len(plain) > len(str(TOTAL_MAX)):
        raise ValueError(typed)
    return int(plain)


async def _user_page(
    visit: Visit, user: BankUser, wished: _Wished, *, error: str | None = None, status: int = 200
) -> web.Response:
    if error is not None:
        entry_of(visit.request).error_code = error
    granted = await visit.people.consents(visit.contractor_id, visit.user)
    return visit.page(
        "user",
        here="users",
        status=status,
        user=user,
        wished=wished,
        services=list(Service),
        accounts=await visit.bank.contracts.list_accounts(visit.contractor_id),
        live_grants=sum(grant.user_id == user.user_id for grant in granted),
        error=error,
    )
