"""``bank-sandbox health`` and ``wait``: is the server ready?

``health`` is read without Typer, and imports next to nothing: a container runs it four times a
second while the server starts, on the same processor.
"""

import os
import sys

from sandbox.cli import ready_file
from sandbox.cli.probe import Health, probe, wait_until_ready

TYPE_CHECKING = False  # from typing it would cost 4 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EXIT_NOT_READY = 1
EXIT_USAGE = 2


class NoAddress(ValueError):
    """Where the server would listen cannot be read from its settings."""


def plain_url(arguments: "Sequence[str]") -> str | None:
    """Return the address that ``health`` is given, "" for none, or None for Typer to explain."""
    if not arguments:
        return ""
    name, equals, value = arguments[0].partition("=")
    if name != "--url" or len(arguments) != (1 if equals else 2):
        return None
    return value if equals else arguments[1]


def run_health(url: str) -> int:
    """Ask once, and say what was found; return the exit code."""
    return _told(lambda: ask(url))


def run_wait(url: str, timeout_s: float) -> int:
    """Ask until the server is ready or the time is over, and say so; return the exit code."""
    return _told(lambda: wait_until_ready(lambda: ask(url), timeout_s))


def _told(find: "Callable[[], Health]") -> int:
    try:
        health = find()
    except NoAddress as error:
        sys.stderr.write(f"bank-sandbox: {error}\n")
        return EXIT_USAGE
    if health.is_ready:
        sys.stdout.write(f"{health.detail}\n")
        sys.stdout.flush()  # here, where a reader that is gone can still be seen
        return 0
    sys.stderr.write(f"{health.detail}. Is it started? bank-sandbox serve\n")
    return EXIT_NOT_READY


def ask(url: str) -> Health:
    """Return how the server at ``url`` is; "" is the one that has these very settings.

    Raises:
        NoAddress: see there.
    """
    file = os.path.expanduser(os.environ.get(ready_file.ENV, ""))
    if not url and file:
        try:
            url = ready_file.find_url(file) or ""
        except ValueError as error:
            return Health(False, str(error))
        if not url:
            return Health(False, f"no server is ready: there is no {file}")
    where = url or _own_url()
    health = probe(where)
    return Health(health.is_ready, f"{where}: {health.detail}")


def _own_url() -> str:
    """Return where a server with these settings listens, if no flag says otherwise."""
    from sandbox.settings import SettingInvalid, read_settings

    try:
        settings = read_settings()
    except SettingInvalid as error:
        raise NoAddress(str(error)) from None
    host, port = settings["host"], settings["port"]
    if port == 0:
        raise NoAddress("port 0 is any free one: name the server by --url or SANDBOX_READY_FILE")
    local = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    shown = f"[{local}]" if ":" in local else local
    return f"http://{shown}:{port}"
