"""The ready file: where a server listens, for those who have to find it and did not start it.

One line of JSON as ``--print-json`` prints it, which is there as long as the server is ready.
"""

import os

TYPE_CHECKING = False  # from typing it would cost 4 ms, and the health check reads this file
if TYPE_CHECKING:
    from sandbox.app import Sandbox

ENV = "SANDBOX_READY_FILE"


def line_of(sandbox: "Sandbox") -> str:
    """Return the addresses that the server really listens on, and its process, as JSON."""
    import orjson

    line = {
        "data_url": sandbox.data_url,
        "control_url": sandbox.control_url,
        "pid": os.getpid(),
    }
    if sandbox.tls_url is not None:
        line["tls_url"] = sandbox.tls_url
    return orjson.dumps(line).decode() + "\n"


def write(path: str, line: str) -> None:
    """Put ``line`` there in one step: who reads finds all of it, or nothing.

    Raises:
        OSError: it cannot be written.
    """
    unfinished = f"{path}.{os.getpid()}.new"
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            file.write(line)
        os.replace(unfinished, path)
    except OSError:
        remove(unfinished, None)
        raise


def remove(path: str, line: str | None) -> None:
    """Take the file away; one that no longer holds ``line`` is another server's by now."""
    try:
        if line is not None:
            with open(path, encoding="utf-8") as file:
                if file.read() != line:
                    return
        os.unlink(path)
    except OSError:
        return  # gone already, and with it the container or the folder it was in


def find_url(path: str) -> str | None:
    """Return the bank door's address, or None where no server is ready.

    Raises:
        ValueError: the file is no ready file.
    """
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return str(json.load(file)["data_url"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no ready file: {error}") from error
