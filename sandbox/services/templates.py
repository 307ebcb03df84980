"""Template worlds: made once per seed and hour, then copied. Making a world is copying a file."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sandbox import __version__
from sandbox.domain.time import Instant, jst
from sandbox.services.population import fixtures_digest
from sandbox.storage.sqlite import SCHEMA_VERSION

MOST_TEMPLATES = 24
_SEEDING_MODULES = ("agenda", "firms", "life", "population", "seed", "vocabulary", "worlds")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateKey:
    """What a fresh world depends on. ``rules`` are the policies' parts that shape its rows."""

    seed: int
    at: Instant
    rules: tuple[str, ...]

    @property
    def file_name(self) -> str:
        """Return a name that another version of the sandbox, or of its fixtures, never takes."""
        text = "\x1f".join((*self.rules, __version__, str(SCHEMA_VERSION), _origin()))
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        return f"{self.seed}-{jst(self.at):%Y%m%dT%H%M}-{digest}.db"


class Templates:
    """A folder of templates. What cannot be kept in ``cache`` is kept in ``fallback``."""

    def __init__(self, cache: Path | None, fallback: Path) -> None:
        self._folder = _first_writable([cache, fallback / "templates"])
        self._making: dict[TemplateKey, asyncio.Lock] = {}

    async def get(self, key: TemplateKey, make: Callable[[Path], Awaitable[None]]) -> Path:
        """Return the file of a template, made by ``make`` where it is missing.

        Two processes may make the same one at once; the last to finish leaves its own.
        """
        lock = self._making.setdefault(key, asyncio.Lock())
        async with lock:
            try:
                return await self._get(key, make)
            finally:
                self._making.pop(key, None)

    async def _get(self, key: TemplateKey, make: Callable[[Path], Awaitable[None]]) -> Path:
        path = self._folder / key.file_name
        if path.exists():
            with suppress(OSError):
                os.utime(path)  # the last used is the last to go
            return path
        unfinished = path.with_suffix(f".{os.getpid()}.new")
        try:
            await make(unfinished)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._prune()
        return path

    def _prune(self) -> None:
        """Keep the templates used last; a day's template is of little use the day after."""
        found = sorted(self._folder.glob("*.db"), key=_last_used, reverse=True)
        for path in found[MOST_TEMPLATES:]:
            path.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """Copy a closed world's file; the kernel does it without passing the bytes through here."""
    shutil.copyfile(source, target)


def _last_used(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def _first_writable(folders: Iterable[Path | None]) -> Path:
    for folder in folders:
        if folder is None:
            continue
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    raise OSError("no folder for template worlds can be written")


@cache
def _origin() -> str:
    """Return what tells one state of the seeding code, the fixtures and Faker from another.

    By size and time of their files: reading them, or importing Faker for its version, would cost
    more than a world does.
    """
    package = Path(__file__).parents[1]
    faker = find_spec("faker")
    seeding = [
        *package.glob("domain/life/*.py"),
        *(package / "services" / f"{name}.py" for name in _SEEDING_MODULES),
        *(package / "domain" / f"{name}.py" for name in ("client", "corporate/firm", "persona")),
        package / "storage" / "schema.py",
        *package.glob("storage/*.sql"),
    ]
    if faker is not None and faker.origin is not None:
        seeding.append(Path(faker.origin))
    stats = [(path.name, path.stat()) for path in sorted(seeding)]
    marks = [f"{name}:{stat.st_size}:{stat.st_mtime_ns}" for name, stat in stats]
    return "|".join([*marks, fixtures_digest()])
