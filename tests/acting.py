"""The small language of the tests of acts: done over the control door, seen by the callers."""

from tests.direct import SHOJI, Direct
from tests.support import MANUAL, bearer


async def sent(running, method, path, **body):
    sent_body = None if method == "GET" else body
    async with running.http.request(method, f"{running.control}{path}", json=sent_body) as answer:
        return answer.status, await answer.json()


async def act(running, bank, name, **body):
    """Do an act; return its answer."""
    status, answer = await sent(running, "POST", f"/bank/{bank}/acts", act=name, **body)
    assert status == 200, answer
    return answer


async def refused(running, bank, name, **body):
    """Return status, slug and detail of an act that the control door refuses."""
    status, answer = await sent(running, "POST", f"/bank/{bank}/acts", act=name, **body)
    return status, answer["type"].rpartition(":")[2], answer["detail"]


class Tomato:
    """Taro's grants at two providers."""

    bank, persona = "tomato", "taro"

    def __init__(self, running):
        self.running = running

    async def log_in(self, persona="taro", **changes):
        return await self.running.log_in(persona, **changes)

    async def verdict(self, token):
        status, _, headers = await self.running.get("/accounts", token)
        return status, headers.get("X-Sandbox-Reason")

    async def refresh(self, token):
        status, body, headers = await self.running.refresh(token)
        return status, body.get("error"), headers.get("X-Sandbox-Reason")


class Web21(Direct):
    """The maker's grant of a corporation."""

    bank, persona = "web21", "shoji_maker"

    def __init__(self, running):
        super().__init__(running, SHOJI)

    async def log_in(self, persona="shoji_maker", scope="web21.ref", **more):
        return await super().log_in(persona, scope, **more)

    async def refresh(self, token):
        status, body = await super().refresh(token)
        return status, body.get("error"), None


async def journalled(running, name):
    """Return the journal's entries of an act."""
    _, found = await sent(running, "GET", f"/journal?operation=act.{name}")
    return found["journal"]


async def called_from(running, address, token):
    """Call the accounts of ``tomato`` from another of this machine's addresses."""
    import aiohttp

    connector = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(connector=connector) as http:
        url = f"{running.base}/accounts"
        async with http.get(url, headers=bearer(token)) as answer:
            return answer.status


OTHER_CLIENT = MANUAL
