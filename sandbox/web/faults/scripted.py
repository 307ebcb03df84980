"""Answers whose bytes are the fault: written to the connection as a script says (faults §1)."""

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from aiohttp import web

from sandbox.domain.effect_reply import Reply
from sandbox.domain.effect_script import End, Script, Step, whole
from sandbox.services.world import World

FLUSH_S, FLUSH_LOOKS = 0.005, 1_000
_FRAMING = frozenset({"content-length", "connection", "transfer-encoding"})
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER, on and for no time: closing resets


def reply_of(response: web.Response) -> Reply:
    """Return an answer as a value."""
    body = response.body if isinstance(response.body, bytes) else b""
    kept = [pair for pair in response.headers.items() if pair[0].lower() not in _FRAMING]
    cookies = [("Set-Cookie", each.OutputString()) for each in response.cookies.values()]
    return Reply(
        status=response.status,
        reason=response.reason,
        headers=(*kept, *cookies),
        body=body,
    )


def response_of(reply: Reply) -> web.Response:
    response = web.Response(body=reply.body, status=reply.status, reason=reply.reason)
    response.headers.clear()
    for name, value in reply.headers:
        response.headers.add(name, value)
    return response


class Scripted(web.Response):
    """``write`` makes the script of what would have gone out.

    Once the rule is taken away, what is left goes out at once: the rest of the answer, or all of
    it where the script has none.
    """

    def __init__(
        self, reply: Reply, write: Callable[[Reply], Script], world: World, fault_id: str
    ) -> None:
        super().__init__(body=reply.body, status=reply.status, reason=reply.reason)
        self.headers.clear()
        for name, value in reply.headers:
            self.headers.add(name, value)
        self._write = write
        self._world = world
        self._fault_id = fault_id

    async def prepare(self, request: web.BaseRequest) -> NoReturn:
        """Play the script. It always ends the connection.

        Raises:
            ConnectionResetError: for aiohttp, which then lets go of the connection.
        """
        self._world.users += 1  # its rules are asked until the end
        try:
            await self._play(request)
        finally:
            self._world.users -= 1
        raise ConnectionResetError("a fault rule ended this connection")

    async def _play(self, request: web.BaseRequest) -> None:
        reply = reply_of(self)
        if request.method == "HEAD":
            reply = replace(reply, body=b"")
        script, is_freed = self._write(reply), False
        for step in script.steps:
            is_freed = is_freed or not await self._pause(request, step)
            if (transport := request.transport) is None:
                return
            if step.data:
                transport.write(step.data)
        transport = request.transport
        if transport is None:
            return
        if is_freed and not script.is_answer:
            transport.write(whole(reply))
        elif script.end is End.RESET and not is_freed:
            await flushed(transport)
            reset(transport)

    async def _pause(self, request: web.BaseRequest, step: Step) -> bool:
        """Wait as the step says; False: the rule is gone, or the caller."""
        if step.pause_ms == 0:
            return True
        return await self._world.faults.hang(
            self._fault_id, step.pause_ms, lambda: request.transport is not None
        )


async def flushed(transport: asyncio.WriteTransport) -> None:
    """Wait until what was written is out, for a few seconds at most."""
    for _ in range(FLUSH_LOOKS):
        if transport.is_closing() or not transport.get_write_buffer_size():
            return
        await asyncio.sleep(FLUSH_S)


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection by RST."""
    found = transport.get_extra_info("socket")
    if found is not None:
        # A copy of the handle: uvloop lets nobody set options on its own.
        with socket.socket(fileno=os.dup(found.fileno())) as handle:
            handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
