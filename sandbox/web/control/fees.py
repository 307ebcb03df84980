"""``…/bank/{bank}/fees``: fee schedules (手数料表) and consumption tax, each from a day (W-22)."""

from datetime import date

from sandbox.domain.transfer.fee import FeeBand, FeeSchedule, TaxRate
from sandbox.services.bank import Bank
from sandbox.web.control.consent import bank_of
from sandbox.web.control.endpoint import ControlCall, Json
from sandbox.web.control.problem import Problem


async def list_fees(call: ControlCall) -> Json:
    """List the fee schedules and tax rates, those of the past and those to come."""
    return await _shown(await bank_of(call, call.request.match_info["bank"]))


async def set_fees(call: ControlCall) -> Json:
    """Change fees, tax or both from a day on; of the same day the last word counts."""
    bank, body = await bank_of(call, call.request.match_info["bank"]), call.body
    try:
        day = date.fromisoformat(body["effective_on"])
        schedule = _schedule(day, body) if "bands" in body else None
    except ValueError as error:
        raise Problem(422, "invalid-request", str(error)) from error
    charges = bank.transfers.charges
    if schedule is not None:
        await charges.set_schedule(schedule)
    if "tax_percent" in body:
        await charges.set_tax_rate(TaxRate(effective_on=day, percent=body["tax_percent"]))
    return await _shown(bank)


def _schedule(day: date, body: Json) -> FeeSchedule:
    """Return what a body describes. Raises ``ValueError`` for bands that do not ascend from 1."""
    return FeeSchedule(
        effective_on=day,
        bands=tuple(FeeBand(**band) for band in body["bands"]),
        contract_yen=body["contract_yen"],
    )


async def _shown(bank: Bank) -> Json:
    schedules, rates = await bank.transfers.charges.list_all()
    return {
        "schedules": [
            {
                "effective_on": schedule.effective_on.isoformat(),
                "contract_yen": schedule.contract_yen,
                "bands": [
                    {
                        "from_yen": band.from_yen,
                        "own_bank_yen": band.own_bank_yen,
                        "other_bank_yen": band.other_bank_yen,
                    }
                    for band in schedule.bands
                ],
            }
            for schedule in schedules
        ],
        "tax_rates": [
            {"effective_on": rate.effective_on.isoformat(), "percent": rate.percent}
            for rate in rates
        ],
    }
