"""Reading the texts of settings. What makes no sense is a ``ValueError`` that says what would."""

from pathlib import Path
from urllib.parse import urlsplit

from sandbox.clock import ClockState, machine_now, parse_clock
from sandbox.domain.duration import parse_duration
from sandbox.domain.hours import parse_schedule
from sandbox.domain.time import DAY, MINUTE
from sandbox.domain.transfer.policy import RecallAnswer, Totals

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
PORT_MAX = 65_535
SEED_MAX = 2**63 - 1


def boolean(text: str) -> bool:
    if text.lower() in TRUE | FALSE:
        return text.lower() in TRUE
    raise ValueError("must be 1 or 0")


def port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= PORT_MAX:
        raise ValueError(f"must be a port from 0 (any free one) to {PORT_MAX}")
    return number


def seed(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= SEED_MAX:
        raise ValueError(f"must be a whole number from 0 to {SEED_MAX}")
    return number


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 1_000_000):
        raise ValueError("must be a whole number from 0 to 1000000")
    return int(text)


def some(text: str) -> int:
    """Read a number that is at least 1."""
    if not count(text):
        raise ValueError("must be a whole number from 1 to 1000000")
    return count(text)


def days(text: str) -> int:
    return _within(text, 0, 3_660)


def day_of_month(text: str) -> int:
    return _within(text, 1, 28)  # every month has them


def yen(text: str) -> int:
    return _within(text, 0, 9_999_999_999)


def _within(text: str, least: int, most: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    if not least <= number <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return number


def run_interval(text: str) -> int:
    interval_ms = parse_duration(text)
    if not MINUTE <= interval_ms <= DAY:
        raise ValueError("must be from 1m to 24h")
    return interval_ms


def totals(text: str) -> Totals:
    if text not in set(Totals):
        raise ValueError(f"must be one of {', '.join(Totals)}")
    return Totals(text)


def recall_answer(text: str) -> RecallAnswer:
    if text not in set(RecallAnswer):
        raise ValueError(f"must be one of {', '.join(RecallAnswer)}")
    return RecallAnswer(text)


def request_uri_lifetime(text: str) -> int:
    lifetime_ms = parse_duration(text)
    if not 5_000 <= lifetime_ms <= 599_000:  # RFC 9126 and FAPI 2.0: less than 10 minutes
        raise ValueError("must be from 5s to 599s")
    return lifetime_ms


def registration(text: str) -> str:
    if text not in ("off", "open", "token"):
        raise ValueError("must be off, open or token")
    return text


def line_end(text: str) -> str:
    if text not in ("crlf", "none"):
        raise ValueError("must be crlf or none")
    return text


def notice_form(text: str) -> str:
    if text not in ("A", "B"):
        raise ValueError("must be A or B")
    return text


def base_url(text: str) -> str:
    is_web = text.startswith(("http://", "https://")) and " " not in text
    if not is_web or "?" in text or "#" in text or not urlsplit(text).hostname:
        raise ValueError("must be an http or https address without a query")
    return text.rstrip("/")


def clock(text: str) -> ClockState:
    return parse_clock(text, machine_now())


def hours(text: str) -> str:
    parse_schedule(text)
    return text


def directory(text: str) -> Path:
    return Path(text).expanduser()
