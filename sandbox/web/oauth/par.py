"""The pushed authorization request endpoint (RFC 9126): a request by the back door, checked there.

Whatever is wrong with it answers the push, as JSON: nobody is redirected who has not been asked.
"""

from typing import Any

from aiohttp import web

from sandbox.domain.api_class import ApiClass
from sandbox.domain.oauth.parameters import Parameters
from sandbox.services.bank import Bank
from sandbox.web.oauth.caller import authenticated, proof_of
from sandbox.web.oauth.forms import exact_form


async def push(request: web.Request, bank: Bank, form: Parameters) -> dict[str, Any]:
    """Keep the request for its client; answer the URI that stands for it.

    A DPoP proof beside it binds the code to its key (RFC 9449 §10.1).
    """
    bank.check_open(ApiClass.OAUTH, "par")
    client = await authenticated(request, bank, form)
    proof = await proof_of(request, bank, client)
    pushed = await bank.requests.push(client, await exact_form(request), proof.dpop_jkt)
    return {"request_uri": pushed.request_uri, "expires_in": pushed.expires_in}
