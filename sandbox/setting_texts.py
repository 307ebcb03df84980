"""Reading the texts of settings. What makes no sense is a ``ValueError`` that says what would."""

from pathlib import Path
from urllib.parse import urlsplit

from sandbox.clock import ClockState, machine_now, parse_clock
from sandbox.domain.duration import parse_duration
from sandbox.domain.hours import PRESETS

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


def request_uri_lifetime(text: str) -> int:
    lifetime_ms = parse_duration(text)
    if not 5_000 <= lifetime_ms <= 599_000:  # RFC 9126 and FAPI 2.0: less than 10 minutes
        raise ValueError("must be from 5s to 599s")
    return lifetime_ms


def registration(text: str) -> str:
    if text not in ("off", "open", "token"):
        raise ValueError("must be off, open or token")
    return text


def base_url(text: str) -> str:
    is_web = text.startswith(("http://", "https://")) and " " not in text
    if not is_web or "?" in text or "#" in text or not urlsplit(text).hostname:
        raise ValueError("must be an http or https address without a query")
    return text.rstrip("/")


def clock(text: str) -> ClockState:
    return parse_clock(text, machine_now())


def hours(text: str) -> str:
    if text not in PRESETS:
        raise ValueError(f"must be one of {', '.join(sorted(PRESETS))}")
    return text


def directory(text: str) -> Path:
    return Path(text).expanduser()
