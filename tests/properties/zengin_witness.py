"""Another reader of 120-byte files: fixed slices and nothing else, for files known to be in order.

Positions are those of the published tables (1-based, both ends included), written down here anew.
"""

from typing import Any

HEADER = {"type": (2, 3), "originator": (5, 14), "date": (55, 58), "bank": (59, 62)}
HEADER |= {"branch": (78, 80), "filler": (104, 120)}
ITEM = {
    "beneficiary_bank_code": (2, 5),
    "beneficiary_bank_name": (6, 20),
    "beneficiary_branch_code": (21, 23),
    "beneficiary_branch_name": (24, 38),
    "account_type_code": (43, 43),
    "account_number": (44, 50),
    "beneficiary_name": (51, 80),
    "transfer_amount": (81, 90),
}
EDI, FIRST_CODE, SECOND_CODE, EDI_MARK = (92, 111), (92, 101), (102, 111), 113
COUNT, TOTAL = (2, 7), (8, 19)


def cut(record: bytes, place: tuple[int, int]) -> str:
    return record[place[0] - 1 : place[1]].decode("cp932", "replace")


def records(data: bytes) -> list[bytes]:
    data = data.removesuffix(b"\x1a")
    step = 122 if data[120:122] == b"\r\n" else 120
    return [data[start : start + 120] for start in range(0, len(data), step)]


def read(data: bytes) -> dict[str, Any]:
    """Return header, items and totals as the bytes say; numbers as numbers where they count."""
    header, *items, trailer, end = records(data)
    assert (header[:1], trailer[:1], end[:1]) == (b"1", b"8", b"9")
    return {
        "date": cut(header, HEADER["date"]),
        "items": [_item(record, is_bulk=header[1:3] == b"21") for record in items],
        "count": int(cut(trailer, COUNT)),
        "total": int(cut(trailer, TOTAL)),
    }


def _item(record: bytes, *, is_bulk: bool) -> dict[str, Any]:
    assert record[:1] == b"2"
    item: dict[str, Any] = {name: cut(record, place).rstrip(" ") for name, place in ITEM.items()}
    for name in ("account_number", "beneficiary_bank_code", "beneficiary_branch_code"):
        item[name] = item[name].replace(" ", "0")
    item["account_type_code"] = f"0{item['account_type_code']}"
    item["transfer_amount"] = int(item["transfer_amount"])
    has_edi = is_bulk and record[EDI_MARK - 1 : EDI_MARK] == b"Y"
    texts = {"edi_info": EDI} if has_edi else {}
    if not has_edi:
        first, second = ("customer_code1", "customer_code2")
        if not is_bulk:
            first, second = ("employee_number", "department_code")
        texts = {first: FIRST_CODE, second: SECOND_CODE}
    return item | {name: cut(record, place).rstrip(" ") for name, place in texts.items()}
