"""Another file in the place of a world's: all of it or nothing, however the process ends.

A log that stands beside a file it was not written for would be played into it. So the new file is
called the next one first: from then on the exchange is decided, and whoever opens the world
completes it. It ends by a rename over the old file, which is never missing, and which the kernel
writes down only after what the new file holds.
"""

from pathlib import Path

SIDE_FILES = ("-wal", "-shm", "-journal")
NEXT = ".next"


def unfinished_of(path: Path) -> Path:
    """Return where a file is prepared that shall replace the one at ``path``."""
    return path.with_name(f"{path.name}.new")


def decide(path: Path, prepared: Path) -> None:
    """Let ``prepared``, a closed world's file, be what ``path`` is when it is opened again."""
    prepared.replace(_next_of(path))


def complete(path: Path) -> None:
    """Do what was decided for ``path``, if anything was. What its log holds is of no use then."""
    following = _next_of(path)
    if following.exists():
        for suffix in SIDE_FILES:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        following.replace(path)


def _next_of(path: Path) -> Path:
    return path.with_name(path.name + NEXT)
