"""One process owns a data directory."""

import fcntl
import os
from pathlib import Path
from types import TracebackType

from sandbox.storage.database import DataDirectoryInUse

LOCK_FILE = "owner.lock"


class DirectoryLock:
    """Hold with ``with``. The kernel lets go of it when the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK_FILE
        self._descriptor = -1

    def __enter__(self) -> None:
        """Take the lock.

        Raises:
            DataDirectoryInUse: naming the process that owns the directory.
        """
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise DataDirectoryInUse(
                f"{self._path.parent} belongs to the running process {owner}: stop it, or start "
                "with another --data directory"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
