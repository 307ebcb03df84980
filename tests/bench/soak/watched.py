"""``bank-sandbox`` that tells, on SIGUSR1, how many tasks its loop holds."""

import asyncio
import os
import signal
from pathlib import Path
from types import FrameType

from sandbox.cli import main

NOTE = "SOAK_NOTE"  # the variable that names the file


def note(_number: int, _frame: FrameType | None) -> None:
    path = Path(os.environ[NOTE])
    unfinished = path.with_suffix(".new")
    unfinished.write_text(str(len(asyncio.all_tasks())), encoding="ascii")
    unfinished.replace(path)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, note)
    main()
