"""Clients on a real socket, and the report on them over the control API."""

from typing import Any

from tests.support import Running

Json = dict[str, Any]


async def report(running: Running, world: str = "default", **query: str) -> Json:
    """Return the report as JSON."""
    address = f"{running.sandbox.control_url}/api/v1/worlds/{world}/conduct"
    async with running.http.get(address, params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def declared(running: Running, **said: Any) -> Json:
    async with running.http.post(f"{running.control}/conduct", json=said) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def page(running: Running, format: str, **query: str) -> tuple[Any, str]:
    """Return headers and text of the report in another format."""
    address, query = f"{running.control}/conduct", {"format": format, **query}
    async with running.http.get(address, params=query) as answer:
        assert answer.status == 200, await answer.text()
        return answer.headers, await answer.text()


async def found(running: Running) -> dict[str, Json]:
    """Return the first finding of each check that has any."""
    findings = (await report(running))["findings"]
    return {each["id"]: each for each in reversed(findings)}


async def strike(running: Running, kind: str, rule: Json | None = None, **effect: Any) -> str:
    """Add a fault rule and return its id."""
    body = {"effect": {"kind": kind, **effect}, **(rule or {})}
    async with running.http.post(f"{running.control}/faults", json=body) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["id"]


async def revoke(running: Running, **more: str) -> None:
    """Let the bank end every live grant."""
    async with running.http.get(f"{running.control}/grants") as answer:
        grants = (await answer.json())["grants"]
    for grant in grants:
        address = f"{running.control}/grants/{grant['grant_id']}/revoke"
        async with running.http.post(address, json={"by": "bank", **more}) as answer:
            assert answer.status == 200, await answer.text()
