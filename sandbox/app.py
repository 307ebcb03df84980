"""Put the sandbox together, and run it. The only module below the command line that knows all."""

import asyncio
import errno
import ipaddress
import logging
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.chance import secret
from sandbox.clock import machine_now
from sandbox.domain.persona import ReadyClient
from sandbox.resources import data_root
from sandbox.services.bank import Bank
from sandbox.services.surroundings import Surroundings
from sandbox.services.world import DEFAULT_WORLD, World
from sandbox.services.world_file import WorldFileRefused, reopen
from sandbox.services.worlds import UnknownWorld, Worlds
from sandbox.settings import SettingInvalid, Settings
from sandbox.settled import clients_of_file, profiles_for
from sandbox.storage.lock import DirectoryLock
from sandbox.web.bank_door import bank_door
from sandbox.web.control import control_door
from sandbox.web.control.endpoint import Controls
from sandbox.web.control.guard import Guard
from sandbox.web.courier import delivering
from sandbox.web.faults.gate import GATE
from sandbox.web.faults.listeners import LISTENERS
from sandbox.web.front import Front
from sandbox.web.pages import Pages
from sandbox.web.profile import Profile
from sandbox.web.schema import SchemaStore

if TYPE_CHECKING:
    import ssl

    from sandbox.scenarios.known import Resource
    from sandbox.services.tls import Tls

log = logging.getLogger("sandbox")
# In-flight answers get this long to finish; with closing the worlds it makes less than 2 s.
SHUTDOWN_SECONDS = 1.2
LINE_MAX_BYTES = 32 * 1024
# How long the rest of a body is read that nobody wants, so that its sender gets the answer.
# Unpacking what is compressed holds the loop up: aiohttp's ten seconds would be everybody's.
LEFTOVER_SECONDS = 1.0
SWEEP_SECONDS_MIN, SWEEP_SECONDS_MAX = 0.05, 60.0


@dataclass(slots=True)
class Address:
    """Where the bank door is reached; known once it listens. ``tls_base_url`` None: TLS is off."""

    base_url: str = ""
    tls_base_url: str | None = None

    def reached_at(self, public: str | None, plain: str, tls: str | None) -> None:
        """Note where the door listens, and ``public``: the address that the settings give it."""
        self.base_url = public or plain
        is_public_tls = tls is not None and self.base_url.startswith("https:")
        self.tls_base_url = self.base_url if is_public_tls else tls


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A running server."""

    data_url: str
    control_url: str
    tls_url: str | None
    worlds: Worlds
    world: World
    profiles: tuple[Profile, ...]
    directory: Path
    is_temporary: bool

    def bank(self, name: str) -> Bank:
        """Return a bank of the default world."""
        return self.worlds.bank(self.world, name)


def make_worlds(
    directory: Path,
    profiles: tuple[Profile, ...],
    address: Address,
    settings: Settings,
    more_clients: Mapping[str, tuple[ReadyClient, ...]],
) -> Worlds:
    return Worlds(
        Surroundings(
            directory=directory,
            cache=settings["cache"] or default_cache(),
            policies={profile.name: profile.policy for profile in profiles},
            facts={profile.name: profile.facts for profile in profiles},
            secret=secret,
            base_url=lambda: address.base_url,
            tls_base_url=lambda: address.tls_base_url,
            most_worlds=settings["most_worlds"],
            most_open=settings["most_open_worlds"],
            idle_ms=settings["world_idle"],
            journal_rows=settings["journal_rows"],
            journal_body_bytes=settings["journal_body_bytes"],
            more_clients=more_clients,
        )
    )


def default_cache() -> Path | None:
    """Return where this machine keeps what can be made again, or None where it has no place."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "bank-sandbox" if Path(base).is_absolute() else None


@cache
def _schemas(folders: tuple[str, ...]) -> SchemaStore:
    """Return the schemas; all servers of this process share them and what is compiled of them."""
    return SchemaStore(data_root() / "schemas", folders)


def make_front(worlds: Worlds, profiles: tuple[Profile, ...], *, is_strict: bool) -> Front:
    folders = (*(profile.name for profile in profiles), "control")
    return Front(
        worlds=worlds,
        schemas=_schemas(folders),
        pages=Pages(),
        is_strict=is_strict,
    )


def _resources() -> "tuple[Resource, ...]":
    from sandbox.web.control.named import resources  # with the first scenario, not at the start

    return resources()


def make_controls(
    front: Front, profiles: tuple[Profile, ...], settings: Settings, tls: "Tls | None"
) -> Controls:
    return Controls(
        front=front,
        tls=tls,
        profiles={profile.name: profile for profile in profiles},
        secret=secret,
        seed=settings["seed"],
        most_snapshots=settings["most_snapshots"],
        settings=settings.of_banks,
        resources=_resources,
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


def open_door_tls(settings: Settings, directory: Path, world: World) -> "Tls | None":
    """Return the bank door's TLS with its certificates, or None where it is off.

    Raises:
        SettingInvalid: a file of CAs that cannot be used, or a host that no certificate can name.
    """
    file: Path | None = settings["tls_client_ca"]
    if not settings["tls"]:
        if file is not None:
            raise SettingInvalid("--tls-client-ca (SANDBOX_TLS_CLIENT_CA) is for --tls alone")
        return None
    from sandbox.services.certificates import CertificateRefused
    from sandbox.services.tls import ClientCaRefused, open_tls

    hosts = (settings["host"], urlsplit(settings["base_url"] or "").hostname)
    clocks = (world.now(), machine_now())
    try:
        return open_tls(directory, filter(None, hosts), clocks, world.client_trust, file)
    except (CertificateRefused, ClientCaRefused) as error:
        raise SettingInvalid(str(error)) from error


@asynccontextmanager
async def data_directory(settings: Settings) -> AsyncIterator[tuple[Path, bool]]:
    """Hold the directory of the worlds, and tell whether it is a temporary one.

    Raises:
        DataDirectoryInUse: another process owns it.
    """
    if settings["data"] is not None:
        directory: Path = settings["data"]
        # Signing keys are in there. A directory that is there already is its owner's to open.
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
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
    guard, more_clients = guard_for(settings), clients_of_file(settings, profiles)
    async with data_directory(settings) as (directory, is_temporary):
        worlds = make_worlds(directory, profiles, address, settings, more_clients)
        try:
            front = make_front(worlds, profiles, is_strict=settings["strict"])
            world = await _default_world(worlds, settings)
            await worlds.apply_clients(world)
            tls = open_door_tls(settings, directory, world)
            controls = make_controls(front, profiles, settings, tls)
            doors = bank_door(front, profiles), control_door(controls, guard)
            serving = _serving(doors, settings, address, tls)
            sweeping, bringing = _sweeping(worlds, settings), delivering(worlds)
            async with sweeping, bringing, serving as (data_url, control_url, tls_url):
                yield Sandbox(
                    data_url=data_url,
                    control_url=control_url,
                    tls_url=tls_url,
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
    doors: tuple[web.Application, web.Application],
    settings: Settings,
    address: Address,
    tls: "Tls | None",
) -> AsyncIterator[tuple[str, str, str | None]]:
    """Listen at both doors, and at the bank's over TLS too; give their three addresses."""
    bank, control = (_runner(app, settings) for app in doors)
    host, tls_url = settings["host"] or "127.0.0.1", None
    try:
        await bank.setup()
        bank.app[GATE].stand_before(bank.server)
        bank.app[LISTENERS].stand_beside(bank, host, tls)
        await control.setup()
        data_url = await _listen(bank, host, settings["port"])
        if tls is not None:
            tls_url = await _listen(bank, host, settings["tls_port"], tls.context)
        address.reached_at(settings["base_url"], data_url, tls_url)
        control_host = settings["control_host"] or "127.0.0.1"
        control_url = await _listen(control, control_host, settings["control_port"])
        yield data_url, control_url, tls_url
    finally:
        await bank.app[LISTENERS].close()
        await asyncio.gather(bank.cleanup(), control.cleanup())


def _runner(app: web.Application, settings: Settings) -> web.AppRunner:
    access_log = logging.getLogger("sandbox.access") if settings["access_log"] else None
    return web.AppRunner(
        app,
        handle_signals=False,
        access_log=access_log,
        # The path without its query: codes and states travel there (O-29).
        access_log_class=PathLogger,
        shutdown_timeout=SHUTDOWN_SECONDS,
        lingering_time=LEFTOVER_SECONDS,
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

    The request line it could not read stands in the exception's text (O-29). A body that is not
    encoded as it says fails once more when what is left of it is thrown away.
    """
    broken = (HttpProcessingError, web.RequestPayloadError)
    if record.exc_info and isinstance(record.exc_info[1], broken):
        record.msg, record.args = "a request that is no HTTP was refused", ()
        record.exc_info = record.exc_text = None
    return True


async def _listen(
    runner: web.AppRunner, host: str, port: int, context: "ssl.SSLContext | None" = None
) -> str:
    """Listen and return the address as a client on this machine would write it."""
    site = web.TCPSite(runner, host, port, ssl_context=context)
    try:
        await site.start()
    except OSError as error:
        reason = error.strerror
        if error.errno == errno.EADDRINUSE:
            reason = "the port is in use. Take another with --port, --tls-port or --control-port; "
            reason += "0 is any"
        raise SettingInvalid(f"cannot listen on {host}:{port}: {reason}") from error
    scheme = "http" if context is None else "https"
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return (
        f"{scheme}://[{shown}]:{site.port}" if ":" in shown else f"{scheme}://{shown}:{site.port}"
    )


async def serve(settings: Settings, on_ready: Callable[[Sandbox], None]) -> None:
    """Run until SIGTERM or SIGINT; then finish what is in flight and close the worlds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings) as sandbox:
        on_ready(sandbox)
        await stop.wait()
