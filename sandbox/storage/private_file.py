"""Files that nobody but their owner may read."""

from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write ``text`` into a file of mode 0600, in place of one that may have been open to all."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)  # before there is anything to be read in it
    path.write_text(text, encoding="utf-8")
