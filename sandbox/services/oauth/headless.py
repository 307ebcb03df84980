"""The consent without a browser: what a persona would do on the pages, by the same services."""

from dataclasses import dataclass

from sandbox.domain.api_class import ApiClass
from sandbox.domain.contractor import Contractor, Credential
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.oauth.pkce import challenge_of
from sandbox.domain.oauth.security import NO_PROOF, Proof, rules_of
from sandbox.services.bank import Bank
from sandbox.services.oauth.answers import RedirectBack
from sandbox.services.oauth.authorize import Interaction
from sandbox.services.oauth.issuing import TokenPair
from sandbox.services.oauth.mischief import allow
from sandbox.storage import contractors


class UnknownPersona(Exception):
    """The bank has no persona of that name."""


class HeadlessRefused(Exception):
    """The request would not have got through the pages. ``error`` is the OAuth code, if any."""

    def __init__(self, error: str, description: str, redirect_to: str | None = None) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.redirect_to = redirect_to


async def mint(
    bank: Bank, parameters: Parameters, persona: str, key: Proof = NO_PROOF
) -> TokenPair:
    """Consent as a persona and exchange the code: tokens as the client would get them.

    ``key``: what the tokens of a client that binds them are bound to.

    Raises: as ``consent`` and ``TokenService.exchange`` do.
    """
    verifier = bank.world.secret(48)
    proof = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    values = {**parameters.values, **proof}
    consented = await consent(
        bank,
        Parameters(values, parameters.duplicated),
        persona,
        account_ids=None,
        functions=None,
    )
    client = await bank.client_auth.registered(values["client_id"])
    uses_pkce = rules_of(client, bank.policy).pkce != "off"
    return await bank.tokens.exchange(
        client, consented.code, values["redirect_uri"], verifier if uses_pkce else None, key
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    redirect_to: str
    code: str
    state: str | None


async def persona_of(bank: Bank, name: str) -> tuple[Contractor, Credential]:
    """Return a persona that may sign in today.

    Raises:
        UnknownPersona: no such persona.
        SignInRefused: lapsed card, ended contract: as on the page.
    """
    database = bank.world.database
    credential = await contractors.find_persona_credential(database, bank.name, name)
    if credential is None:
        raise UnknownPersona(name)
    return await bank.sign_in.admit(credential)


async def consent(
    bank: Bank,
    parameters: Parameters,
    persona: str,
    *,
    account_ids: tuple[str, ...] | None,
    functions: tuple[str, ...] | None,
) -> Consented:
    """Check the request, sign the persona in, tick the boxes, press allow.

    ``account_ids`` and ``functions`` None: all that the page would offer.

    Raises:
        ShownError: what a page would show.
        HeadlessRefused: what would be redirected to the client.
        UnknownPersona, SignInRefused, NothingChosen: as their names say.
        OutsideServiceHours, ServiceStopped, LinkageEnded: the bank is closed.
    """
    bank.check_open(ApiClass.OAUTH, "authorize")
    try:
        client, request = await bank.requests.check(parameters, channel="control")
    except RedirectBack as back:
        said, location = back.answer.values, back.answer.location
        raise HeadlessRefused(said["error"], said["error_description"], location) from None
    contractor, credential = await persona_of(bank, persona)
    if contractor.kind not in client.contractor_kinds:
        raise HeadlessRefused("access_denied", f"the client does not serve {contractor.kind}s")
    interaction = Interaction(
        interaction_id=None,
        client=client,
        request=request,
        contractor=contractor,
        credential_id=credential.credential_id,
        authenticated_at=bank.world.now(),
    )
    offer = await bank.authorize.offer(interaction)
    allowed = await allow(
        bank.authorize,
        bank.world,
        interaction,
        functions=offer.functions if functions is None else functions,
        account_ids=offer.account_ids if account_ids is None else account_ids,
    )
    told, location = allowed.answer.values, allowed.answer.location
    if "code" not in told or "error" in told:  # a fault rule struck
        description = told.get("error_description", "the answer has no code")
        raise HeadlessRefused(told.get("error", "no_code"), description, location)
    return Consented(redirect_to=location, code=told["code"], state=told.get("state"))
