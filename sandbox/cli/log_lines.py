"""How the server's log is written: one line an entry, whatever a caller sent."""

import logging
import sys

from sandbox.domain.printable import one_line, printable

FORMAT = "%(asctime)s %(name)s %(message)s"


class LineFormatter(logging.Formatter):
    """Spells out what would begin another line, or command the terminal that shows it."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))


def set_up(level: int) -> None:
    """Write entries from ``level`` on to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])
