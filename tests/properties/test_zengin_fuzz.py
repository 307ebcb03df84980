"""Spoiled Zengin files over HTTP: no 500, and what is accepted is what the bytes say."""

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from sandbox.domain.zengin import transfer_layouts as layouts
from tests.direct import Direct
from tests.filing import PATHS, Filing
from tests.properties import zengin_witness as witness
from tests.properties.pace import EXAMPLES
from tests.unit.zengin.building import put
from tests.unit.zengin.samples import BAD, GOOD

bounded = settings(
    max_examples=max(60, EXAMPLES),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
KINDS = {b"21": "bulk", b"11": "payroll", b"12": "payroll"}
CODES = "Z101 Z102 Z103 Z104 Z105 Z106 Z107 Z201 Z202 Z203 Z204 Z205 Z206 Z301 Z302 Z303 Z304"
CODES += " Z401 Z402 Z403 Z501 Z601"
samples = st.sampled_from([make() for make in (*GOOD.values(), *BAD.values())])
# Bytes that fields take, more often than others: a file of noise alone teaches little.
likely = st.sampled_from(list(b" 0123456789AZY-.()") + list("ｱｶﾞﾟｦｧｰ".encode("cp932")))
# Where little depends on anything else: names, codes of customers, fillers.
loose = st.integers(50, 79) | st.integers(91, 119) | st.integers(103, 119)
anywhere = st.integers(0, 119)


@st.composite
def spoiled(draw):
    """A sample with some bytes changed, most of them in one record."""
    data = bytearray(draw(samples))
    for _ in range(draw(st.integers(0, 4))):
        record = draw(st.integers(0, len(data) // 122))
        place = record * 122 + draw(loose | anywhere)
        if place < len(data):
            data[place] = draw(likely | st.integers(0, 255))
    return bytes(data)


@st.composite
def rearranged(draw):
    """The records of a sample in another order, some twice, some missing, some cut."""
    data = draw(samples)
    records = [data[start : start + 122] for start in range(0, len(data), 122)]
    order = draw(st.lists(st.integers(0, len(records) - 1), max_size=8))
    joined = b"".join(records[number] for number in order)
    return joined[: draw(st.integers(0, len(joined)))] if draw(st.booleans()) else joined


@st.composite
def summed(draw):
    """A spoiled sample whose trailer fits its items again, as a program would write it."""
    data = draw(spoiled())
    records = [data[start : start + 122] for start in range(0, len(data), 122)]
    items = [record for record in records if record[:1] == b"2"]
    amounts = [record[80:90] for record in items]
    if all(amount.isdigit() for amount in amounts) and len(records) == len(items) + 3:
        total = sum(map(int, amounts))
        counted = b"%06d%012d" % (len(items), total)
        records[-2] = records[-2][:1] + counted + records[-2][19:]
    return b"".join(records)


@pytest.fixture
async def filing(running):
    return await Filing.of(Direct(running))


async def look(filing, data):
    """Send a file as often as its type says where; whatever comes of it must make sense."""
    kind = KINDS.get(data[1:3], "bulk")
    before = await filing.count(kind)
    status, body = await filing.send(data, kind)
    assert status in (200, 400), body
    if status == 200:
        assert body["result_type"] == "fixed"
        await check_accepted(filing, kind, body["transaction_id"], data)
        return True
    assert await filing.count(kind) == before
    assert body["error_code"] == "file_rejected"
    assert 1 <= len(body["error_details"]) <= 100
    for each in body["error_details"]:
        assert each["field"].startswith("record ")
        assert each["code"] in CODES.split()
        assert each["message"].isprintable()
    return False


async def check_accepted(filing, kind, reference, data):
    """The request is what another reader finds in the bytes, and is written back as they are."""
    said = witness.read(data)
    _, shown, _ = await filing.direct.get(f"{PATHS[kind]}/{reference}", filing.token)
    sent = shown["fixed_request_data"]
    assert sent["effort_date"].replace("-", "") == said["date"]
    assert shown["total_count"] == said["count"] == len(said["items"])
    amounts = [each["transfer_amount"] for each in said["items"]]
    assert shown["total_payment_amount"] == said["total"] == sum(amounts)
    for item, expected in zip(sent["transactions"], said["items"], strict=True):
        assert {name: item.get(name, "") for name in expected} == expected
    assert await filing.written(reference, kind) == data.removesuffix(b"\x1a")


@bounded
@given(data=spoiled())
async def test_a_spoiled_file_is_refused_or_is_what_it_says(filing, data):
    event("accepted" if await look(filing, data) else "refused")


@bounded
@given(data=summed())
@example(data=put(GOOD["bulk"](), 2, layouts.BULK_DATA, "identification", b"\0"))
async def test_a_changed_file_with_right_totals_is_refused_or_is_what_it_says(filing, data):
    event("accepted" if await look(filing, data) else "refused")


@bounded
@given(data=rearranged() | st.binary(max_size=500))
@example(data=b"")
@example(data=b"\r\n")
@example(data=b"\x1a")
@example(data=b"9" * 120)
@example(data=b"\xff" * 120)
async def test_records_out_of_order_and_noise_are_refused_or_are_what_they_say(filing, data):
    event("accepted" if await look(filing, data) else "refused")


@pytest.mark.parametrize("last", [b"", b"\x1a"])
@pytest.mark.parametrize("name", GOOD)
async def test_another_reader_finds_in_each_sample_what_the_bank_does(filing, name, last):
    assert await look(filing, GOOD[name]() + last)
