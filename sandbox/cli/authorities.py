"""The machine's list of certificate authorities, read when a connection needs it.

Importing aiohttp makes two contexts for the HTTPS calls of its client, and each reads some 150
certificates: 40 ms of CPU, a tenth of a start, for a server that makes such calls only where a
scenario plays against an app with HTTPS.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LateContext(ssl.SSLContext):
    """A context that reads the authorities with its first connection; else it is as it was made."""

    _is_loaded = False

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        self._load()
        return super().wrap_bio(*args, **kwargs)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        self._load()
        return super().wrap_socket(*args, **kwargs)

    def _load(self) -> None:
        if not self._is_loaded:
            self._is_loaded = True
            self.set_default_verify_paths()


def _put_off(context: ssl.SSLContext) -> None:
    context.__class__ = LateContext


@contextmanager
def read_late() -> Iterator[None]:
    """Let contexts be late that the block makes: modules that it imports, above all.

    A module may keep the class ``ssl.SSLContext`` and look whether something is one. So the class
    stays what it is; only its way to the authorities is another for as long as the block lasts.
    """
    ssl.SSLContext.set_default_verify_paths = _put_off  # type: ignore[assignment]
    try:
        yield
    finally:
        del ssl.SSLContext.set_default_verify_paths  # the inherited method shows again
