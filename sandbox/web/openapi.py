"""A bank's OpenAPI 3.1 document, made from its endpoint table and its schemas."""

import re
from typing import Any

from aiohttp import web

from sandbox import __version__
from sandbox.services.idempotency import KEY_MAX
from sandbox.web.bodies import FILE_TYPE, JSON_TYPE
from sandbox.web.endpoint import Endpoint
from sandbox.web.front import Front, json_response
from sandbox.web.noting import entry_of
from sandbox.web.oauth.metadata import endpoints_of
from sandbox.web.once import HEADER
from sandbox.web.profile import Profile, Refusal
from sandbox.web.schema import SchemaStore

Json = dict[str, Any]
_KEY: list[Json] = [
    {
        "name": HEADER,
        "in": "header",
        "description": "The same key and contents give the first answer again (SANDBOX)",
        "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MAX, "pattern": "^[!-~]+$"},
    }
]
_FILE: Json = {"type": "string", "format": "binary"}  # of the Zengin format, in Shift_JIS
MARK = "x-sealed"
_SEALING = (
    f"`{MARK}`: 項目暗号化が有効なクライアントでは暗号文（nonce・暗号文・タグの base64、"
    "AES-256-GCM）で送受信され、スキーマは復号した値のものです。 "
    "Where field encryption is on for a client, such a field travels as base64(nonce, "
    "ciphertext, tag) of AES-256-GCM, and its schema is that of the text inside."
)
_PATH_PARAMETER = re.compile(r"\{(\w+)\}")


def document(profile: Profile, schemas: SchemaStore, issuer: str) -> Json:
    """Return the document of ``profile`` as served below ``issuer``."""
    paths: dict[str, Json] = {}
    for row in profile.endpoints:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, profile, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{profile.face.name_ja} API",
            "description": _about(profile),
            "version": __version__,
        },
        "servers": [{"url": f"{issuer}{base}"} for base in profile.bases],
        "paths": paths,
        "components": {
            "schemas": {
                _component(name): _marked(_embedded(schemas.text(name)), _sealed(profile))
                for name in sorted(_named(profile))
            },
            "securitySchemes": {"oauth": _security(profile, issuer)},
        },
    }


def _named(profile: Profile) -> set[str]:
    """Return the schemas of bodies; queries are spelled out as parameters."""
    bodies = {row.body_schema for row in profile.endpoints if row.body_schema is not None}
    return bodies | {row.reply_schema for row in profile.endpoints} | {f"{profile.name}/error"}


def _component(name: str) -> str:
    return name.replace("/", "_")


def _embedded(schema: Json) -> Json:
    return {key: value for key, value in schema.items() if key != "$schema"}


def _sealed(profile: Profile) -> frozenset[str]:
    return frozenset() if profile.sealing is None else profile.sealing.fields.names


def _about(profile: Profile) -> str:
    about = "架空の銀行の試験用APIです。 A fictional bank, for tests only."
    return f"{about} {_SEALING}" if _sealed(profile) else about


def _marked(schema: Any, names: frozenset[str]) -> Any:
    """Return a copy of a schema that says which fields travel sealed where encryption is on."""
    if isinstance(schema, list):
        return [_marked(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    marked = {key: _marked(value, names) for key, value in schema.items()}
    for name in names & schema.get("properties", {}).keys():
        marked["properties"][name][MARK] = True
    return marked


def _operation(row: Endpoint, profile: Profile, schemas: SchemaStore) -> Json:
    replies: dict[str, Json] = {
        "200": _answer(row),
        **{str(status): _refusals(profile, status) for status in _statuses(profile)},
    }
    body = {} if row.body_schema is None else {"requestBody": _body(row)}
    return {
        **body,
        "operationId": row.operation,
        "summary": row.title,
        "description": (row.answer.__doc__ or row.title).strip(),
        "security": [{"oauth": [scope]} for scope in row.scope.split()],
        "parameters": [*_parameters(row, schemas), *_KEY] if body else _parameters(row, schemas),
        "responses": replies,
    }


def _answer(row: Endpoint) -> Json:
    reply = _reply(row.title, _component(row.reply_schema))
    if row.file_answer is not None:
        reply["content"][FILE_TYPE] = {"schema": _FILE}
    return reply


def _body(row: Endpoint) -> Json:
    assert row.body_schema is not None
    schema = {"$ref": f"#/components/schemas/{_component(row.body_schema)}"}
    content: Json = {JSON_TYPE: {"schema": schema}}
    if row.file_schema is not None:
        content[FILE_TYPE] = {"schema": _FILE}
    return {"required": True, "content": content}


def _said(profile: Profile) -> list[Refusal]:
    rows = [*profile.refusals.values(), *profile.http_refusals.values()]
    return [*rows, *(own for row in rows for own in row.by_code.values())]


def _statuses(profile: Profile) -> list[int]:
    return sorted({refusal.status for refusal in _said(profile)})


def _refusals(profile: Profile, status: int) -> Json:
    codes = sorted({refusal.code for refusal in _said(profile) if refusal.status == status})
    return _reply(", ".join(codes), f"{profile.name}_error")


def _reply(description: str, component: str) -> Json:
    schema = {"$ref": f"#/components/schemas/{component}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameters(row: Endpoint, schemas: SchemaStore) -> list[Json]:
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(row.path)
    ]
    # A call that brings a file names in its query what a JSON body would hold.
    name = row.request_schema or row.file_schema
    if name is None:
        return found
    query = schemas.text(name)
    required = [] if row.request_schema is None else query.get("required", [])
    return found + [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in query["properties"].items()
    ]


def _security(profile: Profile, issuer: str) -> Json:
    addresses = endpoints_of(issuer, profile)
    flow = {
        "authorizationUrl": addresses["authorization_endpoint"],
        "tokenUrl": addresses["token_endpoint"],
        "refreshUrl": addresses["token_endpoint"],
        "scopes": dict.fromkeys(sorted(profile.scopes), ""),
    }
    return {"type": "oauth2", "flows": {"authorizationCode": flow}}


class OpenApiEndpoint:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def show(self, request: web.Request) -> web.StreamResponse:
        entry_of(request).operation = "openapi"
        bank = await self._front.bank(request, self._profile.name)
        issuer = bank.world.issuer(self._profile.name)
        return json_response(
            document(self._profile, self._front.schemas, issuer), now=bank.world.now()
        )
