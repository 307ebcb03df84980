"""What the transfer machine draws from: steps of time, items, kinds, fees, scripts."""

from hypothesis import strategies as st

from sandbox.domain.account import AccountState
from sandbox.domain.time import DAY, HOUR, MINUTE
from sandbox.domain.transfer.policy import RecallAnswer
from sandbox.domain.transfer.window import Kind
from tests.transfers.world import BANK_CODE, CHECKER, SECOND, item, own_item

STEPS = st.sampled_from([10 * MINUTE, 5 * HOUR, DAY, 4 * DAY, 11 * DAY, 30 * DAY])
# Open more often than not: of a closed account nothing can be asked.
STATES = st.sampled_from([*AccountState, *[AccountState.OPEN] * 4])
PAYEES = st.sampled_from(["other", "own", "shut", "no branch", "nobody", "self"])
FEE = st.integers(0, 600)
YEN = st.integers(1, 700) | st.integers(1, 3_000_000)  # the small ones a fee may eat up
ITEMS = st.lists(st.tuples(PAYEES, YEN), min_size=1, max_size=6)
PLACE = st.integers(0, 99)
RETREATS = st.sampled_from(["pull_back", "return_", "delete", "cancel"])
APPROVERS = st.sampled_from([CHECKER, SECOND])
REASONS = st.sampled_from([None, None, "name_differs"])
ANSWERS = st.sampled_from([None, *RecallAnswer])
SCRIPTED = {"other": ("9999", "001", "0000001"), "own": (BANK_CODE, "002", "2000001")}
KINDS = st.sampled_from([Kind.BULK, Kind.TRANSFER, Kind.PAYROLL])


def item_of(number: int, payee: str, yen: int):
    return {
        "other": lambda: item(number, yen),
        "own": lambda: own_item(number, yen),
        "shut": lambda: own_item(number, yen, to=6),
        "no branch": lambda: item(number, yen, beneficiary_branch_code="777"),
        "nobody": lambda: own_item(number, yen, account_number="7777777"),
        "self": lambda: own_item(number, yen, to=1),
    }[payee]()
