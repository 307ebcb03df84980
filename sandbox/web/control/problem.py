"""Errors of the control API: ``application/problem+json`` (RFC 9457) with a stable ``type``."""

from typing import Any

import orjson
from aiohttp import web

TYPE_PREFIX = "urn:bank-sandbox:problem:"


class Problem(Exception):
    """Something the caller can mend. ``slug`` is stable; ``detail`` says what to do."""

    def __init__(self, status: int, slug: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.more = more

    def response(self) -> web.Response:
        body = {
            "type": TYPE_PREFIX + self.slug,
            "title": self.slug.replace("-", " "),
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return web.Response(
            body=orjson.dumps(body), status=self.status, content_type="application/problem+json"
        )
