"""Connections to a listener with broken TLS: which clients refuse it, and how (C-24)."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import TypeAlias

HELLO = b"\x16"  # begins every ClientHello
HELLO_SECONDS = 60.0
PAUSE_SECONDS = 0.2
# With an alert a client says why it goes no further (RFC 8446 §6.2); with this one it does not.
NO_REFUSAL = "user_canceled"
# Many say nothing: some hang up in the handshake, and some after it, before they ask anything.
HUNG_UP, UNUSED = "hung_up", "hung_up_unused"
Tell: TypeAlias = Callable[[str, str | None], None]


class Watched(asyncio.Protocol):
    """Stands before the protocol of one connection, from the end of its handshake on.

    ``leave`` is told of the end, by whomever it was brought about.
    """

    def __init__(self, inner: asyncio.Protocol, leave: "Callable[[Watched], None]") -> None:
        self._inner = inner
        self._leave = leave
        self.has_spoken = False
        self.address: str | None = None
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.address = peer[0] if isinstance(peer, tuple) else None
        self._transport = transport
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.has_spoken = True
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)
        self._leave(self)

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def abort(self) -> None:
        """Cut the connection, if there is one yet."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()


class Greeter:
    """Takes the connections of one listener.

    ``serve`` gives what answers a connection once its handshake is done. ``tell`` is told of each
    client that said hello and then asked nothing: in which way it refused, and from where.
    """

    def __init__(
        self, context: ssl.SSLContext, serve: Callable[[], asyncio.Protocol], tell: Tell
    ) -> None:
        self._context = context
        self._serve = serve
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()
        self._sockets: set[socket.socket] = set()  # that no transport has taken over
        self._open: set[Watched] = set()

    async def listen(self, host: str) -> int:
        """Listen on a free port, and return it. Raises ``OSError``."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, _, _, _, address = found[0]
        listening = socket.create_server(address[:2], family=family)
        listening.setblocking(False)
        self._sockets.add(listening)
        self._begin(self._take(listening))
        return int(listening.getsockname()[1])

    async def close(self) -> None:
        """Take no more connections, and cut those that are there. They have refused nothing."""
        cut, self._open = self._open, set()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for left in self._sockets:
            left.close()
        for connection in cut:
            connection.abort()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError:  # out of files, above all: until some are closed
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._sockets.add(connection)
                self._begin(self._greet(connection, address[0]))

    async def _greet(self, connection: socket.socket, address: str) -> None:
        """Shake hands over a connection, if anybody wants that, and leave it to its protocol."""
        has_hello = await _has_hello(connection)
        self._sockets.discard(connection)
        if not has_hello:
            connection.close()
            return
        watched = Watched(self._serve(), self._left)
        self._open.add(watched)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: watched, connection, ssl=self._context
            )
        except OSError as error:
            self._open.discard(watched)
            if (said := refusal_of(error)) is not None:
                self._tell(said, address)

    def _left(self, connection: Watched) -> None:
        if connection in self._open:
            self._open.discard(connection)
            if not connection.has_spoken:
                self._tell(UNUSED, connection.address)


async def _has_hello(connection: socket.socket) -> bool:
    """Wait for the first byte, leave it where it is, and tell whether it begins a handshake."""
    loop = asyncio.get_running_loop()
    is_readable = asyncio.Event()
    loop.add_reader(connection, is_readable.set)
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            await is_readable.wait()
        return connection.recv(1, socket.MSG_PEEK) == HELLO
    except (OSError, TimeoutError):
        return False
    finally:
        loop.remove_reader(connection)


def refusal_of(error: OSError) -> str | None:
    """Return how a client has ended a handshake: its alert, or that it hung up; None: it has not.

    A handshake that takes too long is ended by this side, and what is no TLS ends itself.
    """
    if not isinstance(error, ssl.SSLError):
        return HUNG_UP if isinstance(error, ConnectionResetError) else None
    _, alert, said = (error.reason or "").lower().rpartition("alert_")
    return said if alert and said.replace("cancelled", "canceled") != NO_REFUSAL else None
