"""Update and approval functions (更新系・承認) of ``web21``: the same eight for each kind."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.errors import InvalidParameter, InvalidPeriod
from sandbox.domain.time import jst_date
from sandbox.domain.transfer.contract import Caller
from sandbox.domain.transfer.request import Outcome, TransferRequest
from sandbox.domain.transfer.window import Kind, nearest
from sandbox.services.aside import aside
from sandbox.storage.database import Reader
from sandbox.web.endpoint import Answer, Call, Endpoint, Json
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
        found = await call.bank.transfers.files.write(
            caller_of(call), self._kind, _reference(call)
        )
        return files.text_response(call, found)

    async def submit(self, call: Call) -> Json:
        """Approve a request, or take back its approval before the cut-off."""
        inquiry = call.bank.transfers.inquiry

        async def answer(db: Reader, outcome: Outcome) -> Json:
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

        async def answer(_db: Reader, request: TransferRequest) -> Json:
            return request_wire.row(request, names.get(request.requester, ""))

        comment = call.body.get("comment", "")
        request = await act(
            caller_of(call), self._kind, _reference(call), comment, keep=call.keeping(answer)
        )
        return await answer(call.bank.world.database, request)


async def _registered(_db: Reader, outcome: Outcome) -> Json:
    return request_wire.registered(outcome)


def _reference(call: Call) -> str:
    return call.request.match_info["transaction_id"]


def _designated(month_day: str, today: date) -> date:
    try:
        return nearest(month_day, today)
    except ValueError:
        problem = [{"field": "effort_date", "problem": "存在しない日付です"}]
        raise InvalidParameter("effort_date", problem) from None


def rows_of(family: Family) -> tuple[Endpoint, ...]:
    """Return the table of one family."""
    api, place = FamilyApi(family), f"{family.path}/{{transaction_id}}"
    update, approval = ("web21.upd", ApiClass.UPDATE), ("web21.appr", ApiClass.APPROVAL)

    def row(
        method: str, path: str, name: str, title: str, scope: tuple[str, ApiClass], **more: Any
    ) -> Endpoint:
        answer: Answer = more.pop("answer")
        return Endpoint(
            method=method,
            path=path,
            answer=answer,
            name=name.format(family.noun),
            title=f"{family.title}{title}",
            scope=scope[0],
            api_class=scope[1],
            names_caller=True,
            **more,
        )

    def retreat(
        path: str, name: str, title: str, scope: tuple[str, ApiClass], act: Answer
    ) -> Endpoint:
        schemas = {"body_schema": "web21/retreat", "reply_schema": "web21/retreated"}
        return row("POST", f"{place}/{path}", name, title, scope, answer=act, **schemas)

    return (
        row(
            "POST",
            family.path,
            "register_{}",
            "依頼データの登録",
            update,
            answer=api.register,
            body_schema=f"web21/register_{family.noun}",
            file_schema="web21/file_query",
            reply_schema="web21/registered",
        ),
        row(
            "GET",
            f"{family.path}/list",
            "list_{}s",
            "依頼データ照会",
            update,
            answer=api.list,
            request_schema="web21/requests_query",
            reply_schema="web21/requests",
        ),
        row(
            "POST",
            f"{family.path}/fees",
            "quote_{}_fees",
            "手数料照会",
            update,
            answer=api.quote,
            body_schema="web21/fees",
            reply_schema="web21/quoted",
        ),
        row(
            "GET",
            place,
            "show_{}",
            "依頼内容照会",
            update,
            answer=api.show,
            request_schema="web21/caller_query",
            reply_schema="web21/request",
            file_answer=api.write,
        ),
        row(
            "POST",
            f"{place}/submissions",
            "submit_{}",
            "依頼データ承認",
            approval,
            answer=api.submit,
            body_schema="web21/submission",
            reply_schema="web21/submitted",
        ),
        retreat("withdrawal", "withdraw_{}", "引戻", update, api.withdraw),
        retreat("deletion", "delete_{}", "削除", update, api.delete),
        retreat("return", "return_{}", "差戻", approval, api.return_),
    )


ENDPOINTS = tuple(row for family in FAMILIES for row in rows_of(family))
