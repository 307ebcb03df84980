"""``/{bank}/notices``: what the bank publishes (お知らせ), as JSON and as a page."""

from typing import Any

from aiohttp import web

from sandbox.domain.notice import Channel, Notice, NoticeKind
from sandbox.domain.time import iso, jst
from sandbox.services.notices import NoticeService
from sandbox.web.front import SERVER, Front, http_date, json_response
from sandbox.web.noting import entry_of
from sandbox.web.pages import page_response
from sandbox.web.profile import Profile
from sandbox.web.wording import keep_language, language_of

PATH = "/notices"


def shown_notice(notice: Notice) -> dict[str, Any]:
    """Return a notice as JSON says it; moments are Tokyo's."""
    is_terms = notice.kind is NoticeKind.TERMS
    end = "objection_until" if is_terms else "until"
    moments = {"effective_at": notice.effective_at, end: notice.until_at}
    return {
        "id": notice.notice_id,
        "kind": notice.kind.value,
        "title": {"ja": notice.title_ja, "en": notice.title_en},
        "published_at": iso(notice.published_at),
        **{name: iso(at) for name, at in moments.items() if at is not None},
    }


def wants_page(request: web.Request) -> bool:
    """Tell whether a browser asks: programs that do not name HTML get JSON."""
    return "text/html" in request.headers.get("Accept", "")


class NoticePages:
    """Nobody needs a token to read them, and no stop closes them."""

    def __init__(self, front: Front, profile: Profile) -> None:
        self._front = front
        self._profile = profile

    async def show(self, request: web.Request) -> web.Response:
        entry_of(request).operation = "notices"
        bank = await self._front.bank(request, self._profile.name)
        is_page = wants_page(request)
        channel = Channel.PAGE if is_page else Channel.API
        notices = await NoticeService(bank.world, bank.name).list_published(channel)
        if not is_page:
            body = {"notices": [shown_notice(each) for each in notices]}
            response = json_response(body, now=bank.world.now())
            response.headers["Vary"] = "Accept"
            return response
        html = self._front.pages.render(
            "notices.html",
            language_of(request),
            bank=self._profile.face,
            page_url=bank.world.prefix + f"/{bank.name}{PATH}",
            notices=[_row(each) for each in notices],
        )
        response = page_response(html)
        own = {"Server": SERVER, "Date": http_date(bank.world.now()), "Vary": "Accept"}
        response.headers.update(own)
        keep_language(request, response)
        return response


def _row(notice: Notice) -> dict[str, object]:
    return {
        "kind": notice.kind.value,
        "titles": {"ja": notice.title_ja, "en": notice.title_en},
        "published_on": jst(notice.published_at).date(),
        "effective_at": None if notice.effective_at is None else jst(notice.effective_at),
        "until_at": None if notice.until_at is None else jst(notice.until_at),
    }
