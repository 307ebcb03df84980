"""Update and approval functions (更新系・承認) of ``web21``: the same eight for each kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeAlias

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.errors import InvalidParameter, InvalidPeriod
from sandbox.domain.time import jst_date
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.request import Outcome, TransferRequest
from sandbox.domain.transfer.window import Kind, nearest
from sandbox.services.aside import aside
from sandbox.services.idempotency import Books
from sandbox.web.call import Answer, Call, FileAnswer, Json
from sandbox.web.endpoint import Endpoint
from sandbox.web.web21 import files, request_reading, request_wire, wire

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9999, 12, 30)
Retreat: TypeAlias = Callable[..., Awaitable[TransferRequest]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The requests of one path. ``kind``: the one that the path is named after."""

    kind: Kind
    path: str
    noun: str  # of the operations' names
    title: str


FAMILIES = (
    Family(kind=Kind.TRANSFER, path="/transfers", noun="transfer", title="振込振替"),
    Family(kind=Kind.BULK, path="/bulk_transfers", noun="bulk_transfer", title="総合振込"),
    Family(kind=Kind.PAYROLL, path="/payroll_transfers", noun="payroll", title="給与・賞与振込"),
)


def caller_of(call: Call) -> Caller:
    """Return who calls, with what the token may do at this moment."""
    standing = call.access.standing
    powers = standing.powers
    assert powers is not None  # a grant of this bank is a corporate user's
    services = call.bank.facts.services
    granted = {services[scope] for scope in call.access.scope if scope in services}
    return Caller(
        contractor_id=standing.contractor_id,
        user_code=powers.user_code,
        powers=powers.contracted & powers.rights & granted,
        limit_per_transaction_yen=powers.limit_per_transaction_yen,
        limit_per_item_yen=powers.limit_per_item_yen,
        accounts=powers.accounts,
    )


class FamilyApi:
    """What can be asked of one family; each method is the answer of one row."""

    def __init__(self, family: Family) -> None:
        self._kind = family.kind

    async def register(self, call: Call) -> Json:
        """Register a transfer request, or save it where it has warnings nobody has accepted."""
        if call.file is not None:
            return await files.register(call, self._kind, caller_of(call), _registered)
        count = len(call.body["fixed_request_data"]["transactions"])
        draft = await aside(count, request_reading.draft, call.body, self._kind)
        outcome = await call.bank.transfers.register.register(
            caller_of(call),
            draft,
            warning_check_type=call.body["warning_check_type"],
            accepts_warnings=call.body.get("warning_data_fixed_flag", False),
            replaces=call.body.get("temporary_transaction_id", ""),
            keep=call.keeping(_registered),
        )
        return request_wire.registered(outcome)

    async def list(self, call: Call) -> Json:
        """List the newest 500 requests sent in on the days asked for, oldest first."""
        first = wire.day(call.query, "date_from") or FIRST_DAY
        last = wire.day(call.query, "date_to") or LAST_DAY
        if first > last:
            raise InvalidPeriod("date_from is after date_to")
        last = min(last, jst_date(call.bank.world.now()))
        found = await call.bank.transfers.inquiry.list_operated(
            caller_of(call), self._kind, first, last
        )
        names = await call.bank.contracts.user_names(call.access.standing.contractor_id)
        rows = [request_wire.row(each, names.get(each.requester, "")) for each in found]
        return {"count": len(rows), "transaction_list_info": rows}

    async def show(self, call: Call) -> Json:
        """Show a request with its items and what has become of each."""
        found = await call.bank.transfers.inquiry.detail(
            caller_of(call), self._kind, _reference(call)
        )
        names = await call.bank.contracts.user_names(call.access.standing.contractor_id)
        operator = names.get(found.request.requester, "")
        return await aside(len(found.items), request_wire.detail, found, operator)

    async def write(self, call: Call) -> web.Response:
        """Return a request as a file."""
        found = await call.bank.transfers.files.write(caller_of(call), self._kind, _reference(call))
        return files.text_response(call, found)

    async def submit(self, call: Call) -> Json:
        """Approve a request, or take back its approval before the cut-off."""
        inquiry = call.bank.transfers.inquiry

        async def answer(db: Books, outcome: Outcome) -> Json:
            items = [state.item for state in await inquiry.items(outcome.request, db)]
            return await aside(len(items), request_wire.submitted, outcome, items)

        outcome = await call.bank.transfers.approval.submit(
            caller_of(call),
            self._kind,
            _reference(call),
            request_reading.submission(call.body),
            keep=call.keeping(answer),
        )
        return await answer(call.bank.world.database, outcome)

    async def withdraw(self, call: Call) -> Json:
        """Take an own request back (引戻) before it is approved; it can be sent again."""
        return await self._retreat(call, call.bank.transfers.retreat.pull_back)

    async def return_(self, call: Call) -> Json:
        """Send a request back to its requester (差戻) instead of approving it."""
        return await self._retreat(call, call.bank.transfers.retreat.return_)

    async def delete(self, call: Call) -> Json:
        """End a request that could be sent again (削除). Its record stays."""
        return await self._retreat(call, call.bank.transfers.retreat.delete)

    async def quote(self, call: Call) -> Json:
        """Quote the fees of a transfer on a day, as far as they are known today (手数料照会)."""
        bank, body = call.bank, call.body
        day = _designated(body["effort_date"], jst_date(bank.world.now()))
        sent = [
            (
                each["item_id"],
                each["beneficiary_bank_code"],
                request_reading.whole(each["transfer_amount"], f"transactions.{number}"),
            )
            for number, each in enumerate(body["transactions"])
        ]
        pays = bank.policy.beneficiary_pays
        found = await bank.transfers.charges.quote(
            day, [(code, yen) for _, code, yen in sent], beneficiary_pays=pays
        )
        charges = list(zip([item_id for item_id, _, _ in sent], found, strict=True))
        return {
            "transfer_designated_date": day.isoformat(),
            "fee_of_beneficiary_type": "1" if pays else "0",
            "total_fee": sum(each.fee_yen for each in found if each is not None),
            "transactions": request_wire.quote(charges),
        }

    async def _retreat(self, call: Call, act: Retreat) -> Json:
        names = await call.bank.contracts.user_names(call.access.standing.contractor_id)

        async def answer(_db: Books, request: TransferRequest) -> Json:
            return request_wire.row(request, names.get(request.requester, ""))

        comment = call.body.get("comment", "")
        request = await act(
            caller_of(call), self._kind, _reference(call), comment, keep=call.keeping(answer)
        )
        return await answer(call.bank.world.database, request)


async def _registered(_db: Books, outcome: Outcome) -> Json:
    return request_wire.registered(outcome)


def _reference(call: Call) -> str:
    return call.request.match_info["transaction_id"]


def _designated(month_day: str, today: date) -> date:
    try:
        return nearest(month_day, today)
    except ValueError:
        problem = [{"field": "effort_date", "problem": "存在しない日付です"}]
        raise InvalidParameter("effort_date", problem) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One row as every family has it. ``{}`` is the family's path, or its noun."""

    method: str
    path: str
    name: str
    title: str
    answer: Callable[[FamilyApi], Answer]
    reply: str
    api_class: ApiClass = ApiClass.UPDATE
    query: str | None = None
    body: str | None = None
    takes_file: bool = False
    file_answer: Callable[[FamilyApi], FileAnswer] | None = None


_ONE = "{}/{{transaction_id}}"
_retreat = partial(Form, method="POST", reply="retreated", body="retreat")
SCOPES = {ApiClass.UPDATE: "web21.upd", ApiClass.APPROVAL: "web21.appr"}
FORMS = (
    Form(
        method="POST",
        path="{}",
        name="register_{}",
        title="依頼データの登録",
        answer=lambda api: api.register,
        body="register_{}",
        takes_file=True,
        reply="registered",
    ),
    Form(
        method="GET",
        path="{}/list",
        name="list_{}s",
        title="依頼データ照会",
        answer=lambda api: api.list,
        query="requests_query",
        reply="requests",
    ),
    Form(
        method="POST",
        path="{}/fees",
        name="quote_{}_fees",
        title="手数料照会",
        answer=lambda api: api.quote,
        body="fees",
        reply="quoted",
    ),
    Form(
        method="GET",
        path=_ONE,
        name="show_{}",
        title="依頼内容照会",
        answer=lambda api: api.show,
        query="caller_query",
        reply="request",
        file_answer=lambda api: api.write,
    ),
    Form(
        method="POST",
        path=f"{_ONE}/submissions",
        name="submit_{}",
        title="依頼データ承認",
        answer=lambda api: api.submit,
        body="submission",
        reply="submitted",
        api_class=ApiClass.APPROVAL,
    ),
    _retreat(
        path=f"{_ONE}/withdrawal",
        name="withdraw_{}",
        title="引戻",
        answer=lambda api: api.withdraw,
    ),
    _retreat(
        path=f"{_ONE}/deletion",
        name="delete_{}",
        title="削除",
        answer=lambda api: api.delete,
    ),
    _retreat(
        path=f"{_ONE}/return",
        name="return_{}",
        title="差戻",
        answer=lambda api: api.return_,
        api_class=ApiClass.APPROVAL,
    ),
)


def _row(form: Form, family: Family, api: FamilyApi) -> Endpoint:
    return Endpoint(
        method=form.method,
        path=form.path.format(family.path),
        answer=form.answer(api),
        name=form.name.format(family.noun),
        title=f"{family.title}{form.title}",
        scope=SCOPES[form.api_class],
        api_class=form.api_class,
        request_schema=form.query and f"web21/{form.query}",
        body_schema=form.body and f"web21/{form.body.format(family.noun)}",
        file_schema="web21/file_query" if form.takes_file else None,
        file_answer=None if form.file_answer is None else form.file_answer(api),
        reply_schema=f"web21/{form.reply}",
        names_caller=True,
        wants_fresh_log_in=form.api_class is ApiClass.APPROVAL,
    )


def rows_of(family: Family) -> tuple[Endpoint, ...]:
    """Return the table of one family."""
    api = FamilyApi(family)
    return tuple(_row(form, family, api) for form in FORMS)


ENDPOINTS = tuple(row for family in FAMILIES for row in rows_of(family))
