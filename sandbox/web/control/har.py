"""The journal as an HTTP archive (HAR 1.2). What it has no field for begins with ``_``."""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from sandbox import __version__
from sandbox.domain.time import iso
from sandbox.services.journal import Found

Json = dict[str, Any]
_CREATOR = orjson.dumps({"name": "bank-sandbox", "version": __version__})
HEAD = b'{"log":{"version":"1.2","creator":' + _CREATOR + b',"entries":[\n'
TAIL = b"\n]}}\n"
_OWN = (
    "id",
    "bank",
    "operation",
    "client_id",
    "presented_by",
    "contractor_id",
    "persona",
    "user",
    "grant_id",
    "error_code",
    "reason",
    "fault",
)


def entry(found: Found, base_url: str) -> Json:
    """Return one entry. ``startedDateTime`` is real time; ``_world_time`` is the bank's."""
    taken_ms = found["latency_us"] / 1000
    own = {f"_{name}": found[name] for name in _OWN if found.get(name) is not None}
    return {
        "startedDateTime": iso(found["real_at"]),
        "time": taken_ms,
        "request": _request(found, base_url),
        "response": _response(found),
        "cache": {},
        "timings": {"send": 0, "wait": taken_ms, "receive": 0},
        "_world_time": iso(found["at"]),
        **own,
    }


def _request(found: Found, base_url: str) -> Json:
    path, body = found["path"], found["request_body"]
    query = parse_qsl(urlsplit(path).query, keep_blank_values=True)
    sent = {"User-Agent": found["user_agent"], "Content-Type": found["request_type"]}
    request: Json = {
        "method": found["method"],
        "url": base_url + path if path.startswith("/") else path,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(sent),
        "queryString": [{"name": name, "value": value} for name, value in query],
        "headersSize": -1,
        "bodySize": found["request_bytes"] or 0,
    }
    if body is not None:
        request["postData"] = {"mimeType": found["request_type"] or "", "text": body}
    return request


def _response(found: Found) -> Json:
    status, size = found["status"] or 0, found["response_bytes"] or 0
    content: Json = {"size": size, "mimeType": found["response_type"] or ""}
    if found["response_body"] is not None:
        content["text"] = found["response_body"]
    answered = {"Content-Type": found["response_type"], "Location": found["location"]}
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in set(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(answered),
        "content": content,
        "redirectURL": found["location"] or "",
        "headersSize": -1,
        "bodySize": size,
    }


def _headers(given: dict[str, str | None]) -> list[Json]:
    return [{"name": name, "value": value} for name, value in given.items() if value is not None]
