"""The control API's reference as data for a page: of the OpenAPI document, and nothing else.

Fields are listed with their places, ``clock.mode``; what is deeper than ``DEEPEST`` is named only.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.web.control.examples import example_of
from sandbox.web.control.problem import TYPE_PREFIX
from sandbox.web.schema import SchemaStore

Json = dict[str, Any]
DEEPEST = 3
MOST_FIELDS = 60
_WORLD = "/api/v1/worlds/{world}/"
METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """``kind``: its type, or the words it may be."""

    place: str
    kind: str
    is_required: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    method: str
    path: str
    title: str
    text: str
    query: tuple[str, ...]
    takes: tuple[Field, ...]
    gives: tuple[Field, ...]
    media_type: str
    status: str
    example: str | None  # a body as JSON
    problems: tuple[str, ...]  # besides those that any call may meet


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    name: str
    operations: tuple[Operation, ...]


def reference(document: Json, schemas: SchemaStore) -> list[Group]:
    """Return the operations of a document by resource, in its order."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        name = _resource(path)
        for method in METHODS:
            if method in methods:
                found = _operation(document, schemas, method, path, methods[method])
                groups.setdefault(name, []).append(found)
    return [Group(name=name, operations=tuple(found)) for name, found in groups.items()]


def _resource(path: str) -> str:
    """Return the word that names a path's resource."""
    if not path.startswith(_WORLD):
        return path.removeprefix("/api/v1/").partition("/")[0]
    first, _, more = path.removeprefix(_WORLD).partition("/")
    return f"bank/{more.split('/')[1]}" if first == "bank" else first


def _operation(
    document: Json, schemas: SchemaStore, method: str, path: str, found: Json
) -> Operation:
    status, reply = next((code, r) for code, r in found["responses"].items() if code != "default")
    media_type, content = next(iter(reply["content"].items()))
    asked = found.get("requestBody", {}).get("content", {}).get("application/json")
    body = None if asked is None else _resolved(document, asked["schema"])
    name = None if asked is None else asked["schema"]["$ref"].rpartition("/")[2]
    sent = None if name is None or body is None else example_of(name, body, schemas)
    return Operation(
        method=method.upper(),
        path=path,
        title=found["summary"],
        text=_one_line(found["description"]),
        query=tuple(each["name"] for each in found["parameters"] if each["in"] == "query"),
        takes=() if body is None else _fields(document, body),
        gives=_fields(document, _resolved(document, content["schema"])),
        media_type=media_type,
        status=status,
        example=None if sent is None else json.dumps(sent, ensure_ascii=False, indent=2),
        problems=tuple(problems_of(method.upper(), path, has_body=body is not None)),
    )


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "")).strip()


def _resolved(document: Json, schema: Json) -> Json:
    """Return what a schema's reference leads to; a reference into a component is left alone."""
    place = schema.get("$ref", "")
    if not place.startswith("#/components/schemas/"):
        return schema
    found: Json = document["components"]["schemas"][place.rpartition("/")[2]]
    return found


def _fields(document: Json, schema: Json) -> tuple[Field, ...]:
    return tuple(_walk(schema, "", 1))[:MOST_FIELDS]


def _walk(schema: Json, before: str, depth: int) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        if not isinstance(each, Mapping):
            yield Field(place=before + name, kind="", is_required=name in required, text="")
            continue
        yield Field(
            place=before + name,
            kind=_kind(each),
            is_required=name in required,
            text=each.get("description", each.get("title", "")),
        )
        if depth < DEEPEST:
            items = each.get("items")
            inner, more = (items, "[].") if isinstance(items, Mapping) else (each, ".")
            yield from _walk(dict(inner), f"{before}{name}{more}", depth + 1)


def _kind(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(str(each) for each in schema["enum"])
    if alternatives := schema.get("oneOf", schema.get("anyOf")):
        kinds = (each.get("properties", {}).get("kind", {}) for each in alternatives)
        named = [str(kind["const"]) for kind in kinds if "const" in kind]
        return f"kind: {' | '.join(named)}" if named else "one of several"
    found = schema.get("type", "object")
    kind = " | ".join(found) if isinstance(found, list) else str(found)
    return f"{kind} ({schema['format']})" if "format" in schema else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """``where``: a pattern of ``METHOD path``; empty: any call may meet it."""

    slug: str
    statuses: tuple[int, ...]
    where: str = ""
    with_body: bool = False

    @property
    def is_common(self) -> bool:
        return not (self.where or self.with_body)

    @property
    def urn(self) -> str:
        return TYPE_PREFIX + self.slug


_CONSENT = r"POST .*/(authorize|tokens)$"
PROBLEMS = (
    ProblemType(slug="unauthorized", statuses=(401,)),
    ProblemType(slug="unknown-host", statuses=(403,)),
    ProblemType(slug="cross-origin", statuses=(403,)),
    ProblemType(slug="internal-error", statuses=(500,)),
    ProblemType(slug="not-json", statuses=(400, 415), where=r"^(POST|PUT)"),
    ProblemType(slug="slow-body", statuses=(408,), with_body=True),
    ProblemType(slug="request-entity-too-large", statuses=(413,), where=r"^(POST|PUT)"),
    ProblemType(slug="invalid-request", statuses=(422,), where=r"^(POST|PUT)|GET .*\?"),
    ProblemType(slug="unknown-world", statuses=(404,), where=r"\{world\}"),
    ProblemType(slug="refused", statuses=(409,), where=r"^(POST|PUT|DELETE)|/reports/"),
    ProblemType(slug="world-exists", statuses=(409,), where=r"POST /api/v1/worlds$"),
    ProblemType(
        slug="world-refused",
        statuses=(409, 422),
        where=r"(POST|DELETE) /api/v1/worlds(/\{world\})?$",
    ),
    ProblemType(slug="authorization-refused", statuses=(400,), where=_CONSENT),
    ProblemType(slug="sign-in-refused", statuses=(403,), where=_CONSENT),
    ProblemType(slug="nothing-chosen", statuses=(422,), where=_CONSENT),
    ProblemType(slug="linkage-ended", statuses=(410,), where=_CONSENT),
    ProblemType(slug="outside-service-hours", statuses=(503,), where=_CONSENT),
    ProblemType(slug="service-unavailable", statuses=(503,), where=_CONSENT),
    ProblemType(
        slug="unknown-persona", statuses=(404, 422), where=f"{_CONSENT}|POST /api/v1/worlds$"
    ),
    ProblemType(slug="invalid-clock", statuses=(422,), where=r"(PUT|POST) .*/clock|POST .*worlds$"),
    ProblemType(slug="unknown-snapshot", statuses=(404,), where=r"\{name\}|POST /api/v1/worlds$"),
    ProblemType(slug="snapshot-refused", statuses=(400, 422), where=r"snapshots"),
    ProblemType(
        slug="unknown-bank", statuses=(404,), where=r"\{bank\}|POST .*/(authorize|tokens|clients)$"
    ),
    ProblemType(
        slug="unknown-subject",
        statuses=(404,),
        where=r"/(grants|tokens)/\{id\}|\{bank\}|/contracts",
    ),
    ProblemType(slug="unknown-transfer", statuses=(404,), where=r"\{reference\}"),
    ProblemType(slug="unknown-stop", statuses=(404,), where=r"/maintenance/\{id\}"),
    ProblemType(slug="unknown-fault", statuses=(404,), where=r"GET .*/faults/\{id\}"),
    ProblemType(
        slug="unknown-scenario",
        statuses=(404, 422),
        where=r"POST .*/scenarios(/check)?$|/scenarios/(\{id\}|lib)",
    ),
    ProblemType(slug="invalid-scenario", statuses=(422,), where=r"POST .*/scenarios(/check)?$"),
    ProblemType(
        slug="unknown-client", statuses=(404,), where=r"clients/\{id\}|POST .*\{world\}/events$"
    ),
    ProblemType(slug="unknown-delivery", statuses=(404,), where=r"/deliveries/\{id\}"),
    ProblemType(
        slug="no-notifications", statuses=(404,), where=r"GET .*/notifications|POST .*/events$"
    ),
    ProblemType(slug="client-exists", statuses=(409,), where=r"POST .*/clients$"),
    ProblemType(slug="client-ended", statuses=(409,), where=r"(PUT|POST) .*/clients/\{id\}"),
    ProblemType(slug="no-client-secret", statuses=(409,), where=r"rotate-secret"),
    ProblemType(slug="too-many-clients", statuses=(409,), where=r"POST .*/clients$"),
    ProblemType(slug="invalid-client-metadata", statuses=(422,), where=r"(POST|PUT) .*/clients"),
    ProblemType(slug="act-refused", statuses=(403,), where=r"POST .*\{bank\}/(contr|transf)"),
    ProblemType(
        slug="illegal-status", statuses=(409,), where=r"POST .*\{bank\}/(contr|transf|acc)"
    ),
    ProblemType(slug="insufficient-funds", statuses=(409,), where=r"POST .*/accounts/"),
    ProblemType(slug="certificate-refused", statuses=(422,), where=r"POST .*/certificates"),
    ProblemType(slug="tls-off", statuses=(409,), where=r"/certificates"),
)


def problem_types() -> tuple[ProblemType, ...]:
    return PROBLEMS


def problems_of(method: str, path: str, *, has_body: bool) -> Iterator[str]:
    """Yield what may go wrong with this operation, besides what may with any."""
    for each in PROBLEMS:
        if (each.where and re.search(each.where, f"{method} {path}")) or (
            each.with_body and has_body
        ):
            yield each.slug
