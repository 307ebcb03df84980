"""Put the sandbox together, and run it. The only module below the command line that knows all."""

import asyncio
import errno
import ipaddress
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.chance import secret
from sandbox.resources import data_root
from sandbox.services.bank import Bank
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.world_file import WorldFileRefused, reopen
from sandbox.services.worlds import Surroundings, UnknownWorld, Worlds
from sandbox.settings import SettingInvalid, Settings
from sandbox.storage.lock import DirectoryLock
from sandbox.web.bank_door import bank_door
from sandbox.web.control import control_door
from sandbox.web.control.endpoint import Controls
from sandbox.web.control.guard import Guard
from sandbox.web.front import Front
from sandbox.web.pages import Pages
from sandbox.web.profile import Profile
from sandbox.web.profiles import PROFILES
from sandbox.web.schema import SchemaStore

log = logging.getLogger("sandbox")
# In-flight answers get this long to finish; with closing the worlds it makes less than 2 s.
SHUTDOWN_SECONDS = 1.2
LINE_MAX_BYTES = 32 * 1024
SWEEP_SECONDS_MIN, SWEEP_SECONDS_MAX = 0.05, 60.0


@dataclass(slots=True)
class Address:
    """Where the bank door is reached; known once it listens."""

    base_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running server."""

    data_url: str
    control_url: str
    worlds: Worlds
    world: World
    profiles: tuple[Profile, ...]
    directory: Path
    is_temporary: bool

    def bank(self, name: str) -> Bank:
        """Return a bank of the default world."""
        return self.worlds.bank(self.world, name)


def profiles_for(settings: Settings) -> tuple[Profile, ...]:
    return tuple(
        replace(profile, policy=settings.policy(profile.name, profile.policy))
        for profile in PROFILES
    )


def make_worlds(
    directory: Path, profiles: tuple[Profile, ...], address: Address, settings: Settings
) -> Worlds:
    return Worlds(
        Surroundings(
            directory=directory,
            cache=settings["cache"] or default_cache(),
            policies={profile.name: profile.policy for profile in profiles},
            scopes={profile.name: profile.scopes for profile in profiles},
            secret=secret,
            base_url=lambda: address.base_url,
            most_worlds=settings["most_worlds"],
            most_open=settings["most_open_worlds"],
            idle_ms=settings["world_idle"],
            journal_rows=settings["journal_rows"],
            journal_body_bytes=settings["journal_body_bytes"],
        )
    )


def default_cache() -> Path | None:
    """Return where this machine keeps what can be made again, or None where it has no place."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "bank-sandbox" if Path(base).is_absolute() else None


def make_front(worlds: Worlds, profiles: tuple[Profile, ...], *, is_strict: bool) -> Front:
    folders = (*(profile.name for profile in profiles), "control")
    return Front(
        worlds=worlds,
        schemas=SchemaStore(data_root() / "schemas", folders),
        pages=Pages(),
        is_strict=is_strict,
    )


def make_controls(front: Front, profiles: tuple[Profile, ...], settings: Settings) -> Controls:
    return Controls(
        front=front,
        profiles={profile.name: profile for profile in profiles},
        secret=secret,
        seed=settings["seed"],
        most_snapshots=settings["most_snapshots"],
    )


def guard_for(settings: Settings) -> Guard:
    """Return the control door's guard, or refuse to open the door too wide (DESIGN §10)."""
    host, token = settings["control_host"] or "127.0.0.1", settings["control_token"]
    if not (_is_loopback(host) or token or settings["control_open"]):
        raise SettingInvalid(
            f"a control door on {host} lets others drive the sandbox: set SANDBOX_CONTROL_TOKEN, "
            "or SANDBOX_CONTROL_OPEN=1 where the network itself is closed"
        )
    return Guard(token=token, hosts=frozenset({host}))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@asynccontextmanager
async def data_directory(settings: Settings) -> AsyncIterator[tuple[Path, bool]]:
    """Hold the directory of the worlds, and tell whether it is a temporary one.

    Raises:
        DataDirectoryInUse: another process owns it.
    """
    if settings["data"] is not None:
        directory: Path = settings["data"]
        directory.mkdir(parents=True, exist_ok=True)
        with DirectoryLock(directory):
            yield directory, False
        return
    temporary = Path(tempfile.mkdtemp(prefix="bank-sandbox-"))
    try:
        yield temporary, True
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Sandbox]:
    """Run the sandbox: both doors listen and the default world is open inside the block."""
    logging.getLogger("aiohttp.server").addFilter(hush_parser)
    profiles, address = profiles_for(settings), Address()
    guard = guard_for(settings)
    async with data_directory(settings) as (directory, is_temporary):
        worlds = make_worlds(directory, profiles, address, settings)
        try:
            front = make_front(worlds, profiles, is_strict=settings["strict"])
            controls = make_controls(front, profiles, settings)
            doors = bank_door(front, profiles), control_door(controls, guard)
            world = await _default_world(worlds, settings)
            serving = _serving(doors, settings, address)
            async with _sweeping(worlds, settings), serving as (data_url, control_url):
                yield Sandbox(
                    data_url=data_url,
                    control_url=control_url,
                    worlds=worlds,
                    world=world,
                    profiles=profiles,
                    directory=directory,
                    is_temporary=is_temporary,
                )
        finally:
            await worlds.close()


@asynccontextmanager
async def _sweeping(worlds: Worlds, settings: Settings) -> AsyncIterator[None]:
    """Delete idle worlds now and then during the block, where they may be deleted at all."""
    idle_s = settings["world_idle"] / 1000
    pause_s = min(max(idle_s / 4, SWEEP_SECONDS_MIN), SWEEP_SECONDS_MAX)

    async def sweep() -> None:
        while True:
            await asyncio.sleep(pause_s)
            for name in await worlds.delete_idle():
                log.warning("the world %s was idle for too long, and is deleted", name)

    sweeper = asyncio.create_task(sweep()) if idle_s else None
    try:
        yield
    finally:
        if sweeper is not None:
            sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await sweeper


async def _default_world(worlds: Worlds, settings: Settings) -> World:
    try:
        world = await worlds.open(DEFAULT_WORLD)
        if settings["world_file"] is not None:
            log.warning("the world file is not used: %s has a world already", worlds.directory)
        return world
    except UnknownWorld:
        return await _first_world(worlds, settings)


async def _first_world(worlds: Worlds, settings: Settings) -> World:
    """Return the default world of an empty data directory: reopened from a file, or seeded."""
    file: Path | None = settings["world_file"]
    if file is None:
        return await worlds.create(DEFAULT_WORLD, seed=settings["seed"], clock=settings["clock"])
    try:
        return await reopen(worlds, file)
    except WorldFileRefused as error:
        raise SettingInvalid(f"the world file {file} cannot be opened: {error}") from error


@asynccontextmanager
async def _serving(
    doors: tuple[web.Application, web.Application], settings: Settings, address: Address
) -> AsyncIterator[tuple[str, str]]:
    names = ("host", "port"), ("control_host", "control_port")
    runners: list[web.AppRunner] = []
    urls: list[str] = []
    try:
        for app, (host, port) in zip(doors, names, strict=True):
            runner = _runner(app, settings)
            runners.append(runner)
            await runner.setup()
            urls.append(await _listen(runner, settings[host] or "127.0.0.1", settings[port]))
            address.base_url = settings["base_url"] or urls[0]
        yield urls[0], urls[1]
    finally:
        await asyncio.gather(*(runner.cleanup() for runner in runners))


def _runner(app: web.Application, settings: Settings) -> web.AppRunner:
    access_log = logging.getLogger("sandbox.access") if settings["access_log"] else None
    return web.AppRunner(
        app,
        handle_signals=False,
        access_log=access_log,
        # The path without its query: codes and states travel there (O-29).
        access_log_class=PathLogger,
        shutdown_timeout=SHUTDOWN_SECONDS,
        # Longer lines get the parser's plain answer, not a problem+json: a control call with
        # every filter at its full length, percent-encoded, must not be among them.
        max_line_size=LINE_MAX_BYTES,
    )


class PathLogger(AbstractAccessLogger):
    """One line a request: method, path, status, milliseconds. Never a query or a header."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info(
            "%s %s %s %.1f ms", request.method, request.path, response.status, time * 1000
        )


def hush_parser(record: logging.LogRecord) -> bool:
    """Keep what aiohttp's parser quotes of a broken request out of the log: a token may be in it.

    The request line it could not read stands in the exception's text (O-29).
    """
    if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
        record.msg, record.args = "a request that is no HTTP was refused", ()
        record.exc_info = record.exc_text = None
    return True


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    """Listen and return the address as a client on this machine would write it."""
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        reason = error.strerror
        if error.errno == errno.EADDRINUSE:
            reason = "the port is in use. Take another with --port or --control-port; 0 is any"
        raise SettingInvalid(f"cannot listen on {host}:{port}: {reason}") from error
    bound: int = runner.addresses[0][1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://[{shown}]:{bound}" if ":" in shown else f"http://{shown}:{bound}"


async def serve(settings: Settings, on_ready: Callable[[Sandbox], None]) -> None:
    """Run until SIGTERM or SIGINT; then finish what is in flight and close the worlds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as sandbox:
        on_ready(sandbox)
        await stop.wait()
