"""The resources of the control API, as the acts of a scenario name them."""

from functools import cache

import orjson

from sandbox.resources import data_root
from sandbox.scenarios.known import Resource
from sandbox.web.control.table import ENDPOINTS, WORLD


@cache
def resources() -> tuple[Resource, ...]:
    """Return what stands below a world, each with the schema of what it takes."""
    schemas = data_root().joinpath("schemas")
    return tuple(
        Resource(
            method=row.method,
            path=row.path.removeprefix(f"{WORLD}/"),
            body=None
            if row.request_schema is None
            else orjson.loads(schemas.joinpath(f"{row.request_schema}.json").read_bytes()),
        )
        for row in ENDPOINTS
        if row.path.startswith(f"{WORLD}/")
    )
