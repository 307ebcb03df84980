"""``bank-sandbox serve``: from the flags to a running server.

Every command passes here, so what only a server needs is imported where it starts.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sandbox.cli import allocator, collector, ready_file
from sandbox.settings import SETTINGS, SettingInvalid, Settings, read_settings

if TYPE_CHECKING:
    import asyncio

    from sandbox.app import Sandbox

EXIT_USAGE = 2  # the settings make no sense, or the port or directory is taken
_FLAGS = {setting.flag: setting for setting in SETTINGS if setting.flag is not None}


def plain_flags(arguments: Sequence[str]) -> dict[str, str] | None:
    """Return ``{setting: text}``, or None where anything is not plainly a flag with its value."""
    flags: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        setting = _FLAGS.get(name)
        if setting is None or setting.name in flags:
            return None
        if setting.is_switch:
            if equals:
                return None
            value = "1"
        elif not equals:
            if not rest:
                return None
            value = rest.pop(0)
        flags[setting.name] = value
    return flags


def run_server(flags: dict[str, str]) -> int:
    """Serve until a signal; return the exit code."""
    try:
        settings = read_settings(flags)
        _set_up_logging(settings)
        return _run(settings)
    except SettingInvalid as error:
        return _complain(str(error))


def _run(settings: Settings) -> int:
    import asyncio

    allocator.settle()
    collector.rest()
    from sandbox.cli.authorities import read_late

    with read_late():
        from sandbox.app import serve
    from sandbox.storage.database import DataDirectoryInUse, SchemaMismatch

    told: list[str] = []
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve(settings, lambda sandbox: told.append(_announced(sandbox, settings))))
    except (DataDirectoryInUse, SchemaMismatch, OSError) as error:
        return _complain(str(error))
    finally:
        if settings["ready_file"] is not None and told:
            ready_file.remove(str(settings["ready_file"]), told[0])
    return 0


def _announced(sandbox: "Sandbox", settings: Settings) -> str:
    """Tell where the server listens, and return the line that says so."""
    line = ready_file.line_of(sandbox)
    if settings["ready_file"] is not None:
        _leave(str(settings["ready_file"]), line)
    announce(sandbox, settings, line)
    collector.resume()
    return line


def _leave(path: str, line: str) -> None:
    try:
        ready_file.write(path, line)
    except OSError as error:
        reason = error.strerror or error
        raise SettingInvalid(f"the ready file {path} cannot be written: {reason}") from error


def _loop_factory() -> "Callable[[], asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:  # not built for this platform: asyncio's own loop serves as well
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _complain(message: str) -> int:
    sys.stderr.write(f"bank-sandbox: {message}\n")
    return EXIT_USAGE


def _set_up_logging(settings: Settings) -> None:
    import logging

    from sandbox.cli import log_lines

    log_lines.set_up(logging.INFO if settings["access_log"] else logging.WARNING)
    for name in settings.unknown:
        logging.getLogger("sandbox").warning("%s is set, but is no setting of bank-sandbox", name)


def announce(sandbox: "Sandbox", settings: Settings, line: str) -> None:
    """Tell that the server is ready: one line for programs, or what a person needs to begin."""
    if settings["print_json"]:
        sys.stdout.write(line)
    else:
        from sandbox.cli.banner import banner

        sys.stdout.write(banner(sandbox, has_token=settings["control_token"] is not None))
    sys.stdout.flush()
