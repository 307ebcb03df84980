"""Filling the pages: what each shows of an interaction, and what a person typed into it."""

import hashlib
import hmac
import unicodedata
from datetime import date
from typing import Literal, cast
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.domain.contractor import SignIn, card_login, user_login
from sandbox.domain.oauth.authorize import FORM_POST
from sandbox.domain.oauth.errors import ShownError
from sandbox.domain.oauth.openid import fields_of_hint, identity_shown
from sandbox.domain.oauth.parameters import Parameters
from sandbox.domain.time import jst, jst_date
from sandbox.services.bank import Bank
from sandbox.services.oauth.answers import Answer
from sandbox.services.oauth.authorize import Interaction
from sandbox.services.oauth.offers import Offer
from sandbox.services.sign_in import SignInRefused
from sandbox.web.faults.banner import banner_of
from sandbox.web.front import Front
from sandbox.web.noting import entry_of
from sandbox.web.oauth.redirects import KEEP_S, give_cookie, see_other
from sandbox.web.oauth.tester import Bar, consent_bar, sign_in_bar
from sandbox.web.pages import (
    AccountChoice,
    FunctionChoice,
    ProviderFace,
    link,
    page_response,
)
from sandbox.web.profile import Profile
from sandbox.web.wording import language_of

FIELDS = {
    "individual": ("branch_code", "account_number", "pin"),
    "corporate": ("contractor_id", "user_id", "password"),
}
SECOND_FACTOR = "second_factor"
SECRET_FIELDS = frozenset({"pin", "password", SECOND_FACTOR})
FIELD_MAX = 128
OfferedType = Literal["ordinary", "current"]


def csrf_token(cookie: str) -> str:
    """Return the form token of an interaction: its cookie is its own, and random."""
    return hmac.new(cookie.encode(), b"form token", hashlib.sha256).hexdigest()


def csrf_matches(given: str | None, cookie: str) -> bool:
    expected = csrf_token(cookie).encode()
    return hmac.compare_digest((given or "").encode("utf-8", "surrogateescape"), expected)


def typed_sign_in(form: Parameters, *, has_second_factor: bool) -> SignIn | None:
    """Return what was typed, or None where a field is missing or far too long.

    Full-width digits and letters count as their plain forms: a Japanese keyboard makes them.
    """
    kind = form.get("kind") or ""
    names = fields_of(kind, has_second_factor=has_second_factor)
    fields = [form.get(name) or "" for name in names]
    if not fields or any(not 0 < len(field) <= FIELD_MAX for field in fields):
        return None
    first, second, secret, *more = (unicodedata.normalize("NFKC", f).strip() for f in fields)
    login = card_login(first, second) if kind == "individual" else user_login(first, second)
    return SignIn(kind=kind, login=login, secret=secret, second_factor="".join(more))


def fields_of(kind: str, *, has_second_factor: bool) -> tuple[str, ...]:
    """Return what is typed on the sign-in page; nothing for a kind that there is not."""
    fields = FIELDS.get(kind, ())
    return (*fields, SECOND_FACTOR) if fields and has_second_factor else fields


def _form_action(interaction: Interaction) -> str:
    """Return the scheme of the redirect URI for the pages' ``form-action``.

    The scheme and not the origin: Chromium holds every further redirect to it as well, and a
    provider's callback may well lead on to another host of the provider.
    """
    return f"{urlsplit(interaction.request.redirect_uri).scheme}:"


def _provider(interaction: Interaction, *, is_direct: bool) -> ProviderFace:
    client = interaction.client
    return ProviderFace(
        is_direct=is_direct,
        name=client.provider_name,
        registration_no=client.registration_no,
        terms_url=client.terms_url,
        redirect_host=urlsplit(interaction.request.redirect_uri).netloc,
    )


class Screens:
    def __init__(self, front: Front, profile: Profile) -> None:
        self._pages = front.pages
        self._profile = profile
        self._face = profile.face
        self._bank = profile.name
        self._is_strict = profile.policy.strict_realism
        self._has_second_factor = profile.has_second_factor
        self._is_direct = profile.facts.has_contracts

    def sign_in(
        self,
        request: web.Request,
        interaction: Interaction,
        token: str,
        *,
        form: Parameters | None = None,
        error: str | None = None,
        error_params: dict[str, object] | None = None,
        status: int = 200,
    ) -> web.Response:
        kinds = interaction.client.contractor_kinds
        hint = fields_of_hint(interaction.request.login_hint or "")
        wanted = (form.get("kind") if form else None) or request.query.get("kind")
        wanted = wanted or hint.get("kind")
        kind = wanted if wanted in kinds else kinds[0]
        typed = form.values if form else hint
        html = self._pages.render(
            "sign_in.html",
            language_of(request),
            **self._common(request, interaction, token, page_url=link(request.path, kind=kind)),
            kinds=kinds,
            kind=kind,
            has_second_factor=self._has_second_factor,
            values={n: typed.get(n, "") for n in FIELDS[kind] if n not in SECRET_FIELDS},
            error=error,
            error_params=error_params or {},
            tester=None if self._is_strict else self._sign_in_bar(request, interaction),
        )
        return page_response(html, status=status, form_action=_form_action(interaction))

    def refused(
        self,
        request: web.Request,
        interaction: Interaction,
        token: str,
        form: Parameters,
        refused: SignInRefused,
    ) -> web.Response:
        """Show why a sign-in failed: again the form, or a page that says what to do instead."""
        entry_of(request).error_code = refused.code
        if refused.code == "wrong":
            return self.sign_in(
                request,
                interaction,
                token,
                form=form,
                error=f"wrong_{form.get('kind')}_counted",
                error_params={"attempts_left": refused.attempts_left},
                status=403,
            )
        details: dict[str, object] = {}
        if refused.locked_until is not None:
            details["unlocks_at"] = jst(refused.locked_until)
        html = self._pages.render(
            "refusal.html",
            language_of(request),
            **self._common(request, interaction, token),
            code=refused.code,
            details=details,
        )
        return page_response(html, status=403, form_action=_form_action(interaction))

    async def consent(
        self,
        request: web.Request,
        bank: Bank,
        interaction: Interaction,
        token: str,
        *,
        chosen: tuple[tuple[str, ...], tuple[str, ...]] | None = None,
        missing: str | None = None,
    ) -> web.Response:
        """Show exactly what would be granted (O-26): who, which functions, accounts, until when."""
        contractor = interaction.contractor
        assert contractor is not None
        version, effective_on = await bank.grants.terms_version()
        offer = await bank.authorize.offer(interaction)
        functions, account_ids = chosen or (offer.functions, offer.account_ids)
        html = self._pages.render(
            "consent.html",
            language_of(request),
            **self._common(request, interaction, token),
            contractor_name=contractor.name,
            user_name=offer.user_name,
            identity=identity_shown(interaction.request.scope, interaction.request.detail),
            functions=[FunctionChoice(code=c, checked=c in functions) for c in offer.functions],
            accounts=_accounts(offer, account_ids),
            are_accounts_ticked=offer.are_accounts_ticked,
            granted_until=jst_date(bank.authorize.granted_until()),
            terms_version=version,
            terms_effective_on=date.fromisoformat(effective_on),
            error=None if missing is None else f"no_{missing.removesuffix('s')}",
            tester=None if self._is_strict else consent_bar(),
        )
        status = 200 if missing is None else 400
        return page_response(html, status=status, form_action=_form_action(interaction))

    def _sign_in_bar(self, request: web.Request, interaction: Interaction) -> Bar:
        world = entry_of(request).world
        assert world is not None  # the interaction was found in it
        return sign_in_bar(self._bank, world, interaction.client)

    def sent_on(self, request: web.Request, answer: Answer) -> web.Response:
        """Send the browser back to the client, where no page was shown before."""
        if answer.mode == FORM_POST:
            return self._form_post(request, answer)
        # After a form by 303 (O-22).
        return see_other(answer.location, status=303 if request.method == "POST" else 302)

    def leaving(
        self, request: web.Request, bank: Bank, answer: Answer, cookie: str
    ) -> web.Response:
        """Send the browser back to the client, its interaction over.

        The cookie opens nothing any more. It stays a moment, so that a second click is known.
        """
        by_form = answer.mode == FORM_POST
        response = self._form_post(request, answer) if by_form else see_other(answer.location)
        give_cookie(request, response, bank, request.path, cookie, max_age=int(KEEP_S))
        return response

    def _form_post(self, request: web.Request, answer: Answer) -> web.Response:
        """Let the browser post the answer (OAuth 2.0 Form Post Response Mode).

        The one page with a script, which presses its button; where none runs, a person does.
        """
        entry_of(request).location = answer.location
        html = self._pages.render(
            "form_post.html",
            language_of(request),
            bank=self._face,
            redirect_uri=answer.redirect_uri,
            host=urlsplit(answer.redirect_uri).netloc,
            values=answer.values,
        )
        scheme = f"{urlsplit(answer.redirect_uri).scheme}:"
        return page_response(html, form_action=scheme, has_script=True)

    def error(self, request: web.Request, error: ShownError) -> web.Response:
        entry_of(request).error_code = error.code
        html = self._pages.render(
            "error.html",
            language_of(request),
            bank=self._face,
            status=error.status,
            code=error.code,
            details=error.details,
        )
        return page_response(html, status=error.status)

    def _common(
        self,
        request: web.Request,
        interaction: Interaction,
        token: str,
        *,
        page_url: str | None = None,
    ) -> dict[str, object]:
        return {
            "bank": self._face,
            "provider": _provider(interaction, is_direct=self._is_direct),
            "page_url": page_url or request.path,
            "action_url": request.path,
            "csrf": token,
            "fault_banner": banner_of(entry_of(request).world, self._profile),
        }


def _accounts(offer: Offer, chosen: tuple[str, ...]) -> list[AccountChoice]:
    return [
        AccountChoice(
            value=account.account_id,
            branch_name=account.branch_name,
            account_type=cast(OfferedType, account.account_type.value),
            account_number=account.account_number,
            checked=account.account_id in chosen,
        )
        for account in offer.accounts
    ]
