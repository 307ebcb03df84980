"""The control API's OpenAPI 3.1 document, made from the same table and schemas that serve it."""

import re
from typing import Any

from aiohttp import web

from sandbox import __version__
from sandbox.web.control.endpoint import ControlEndpoint
from sandbox.web.control.paging import LIMIT_DEFAULT, LIMIT_MAX, TEXT_MAX
from sandbox.web.front import json_response
from sandbox.web.schema import SchemaStore

Json = dict[str, Any]
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")
_PROBLEM: Json = {
    "title": "Problem (RFC 9457)",
    "type": "object",
    "properties": {
        "type": {"type": "string", "description": "Stable: urn:bank-sandbox:problem:…"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do"},
    },
    "required": ["type", "title", "status", "detail"],
}
_LIMIT: Json = {
    "type": "integer",
    "minimum": 1,
    "maximum": LIMIT_MAX,
    "default": LIMIT_DEFAULT,
}


def document(endpoints: tuple[ControlEndpoint, ...], schemas: SchemaStore) -> Json:
    paths: dict[str, Json] = {}
    for row in endpoints:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
    names = {row.reply_schema for row in endpoints} | {row.request_schema for row in endpoints}
    components = {
        _component(name): {k: v for k, v in schemas.text(name).items() if k != "$schema"}
        for name in sorted(filter(None, names))
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "bank-sandbox control API",
            "description": "Drives a running sandbox: worlds, clock, snapshots, grants, tokens.",
            "version": __version__,
        },
        "paths": paths,
        "components": {
            "schemas": {**components, "problem": _PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _operation(row: ControlEndpoint) -> Json:
    operation: Json = {
        "operationId": row.answer.__name__,
        "summary": row.title,
        "description": (row.answer.__doc__ or row.title).strip(),
        "parameters": [*map(_path_parameter, _PATH_PARAMETER.findall(row.path)), *_query(row)],
        "responses": {str(row.status): _reply(row), "default": _problem()},
    }
    if row.request_schema is not None:
        content = {"application/json": {"schema": _reference(row.request_schema)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query(row: ControlEndpoint) -> list[Json]:
    text = {"type": "string", "maxLength": TEXT_MAX}
    return [
        {"name": name, "in": "query", "schema": _LIMIT if name == "limit" else text}
        for name in row.query
    ]


def _reply(row: ControlEndpoint) -> Json:
    if row.reply_schema is not None:
        schema = _reference(row.reply_schema)
    elif row.media_type == "application/json":
        schema = {"type": "object"}  # another format's own, such as HAR
    else:
        schema = {"type": "string", "contentMediaType": row.media_type}
    return {"description": row.title, "content": {row.media_type: {"schema": schema}}}


def _problem() -> Json:
    schema = {"$ref": "#/components/schemas/problem"}
    return {
        "description": "What went wrong",
        "content": {"application/problem+json": {"schema": schema}},
    }


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{_component(name)}"}


def _component(name: str) -> str:
    return name.removeprefix("control/")


def openapi_route(endpoints: tuple[ControlEndpoint, ...], schemas: SchemaStore) -> web.RouteDef:
    """Return the route of this API's own document."""

    async def show_openapi(_request: web.Request) -> web.Response:
        return json_response(document(endpoints, schemas))

    return web.get("/api/v1/openapi.json", show_openapi)
