"""Notices (お知らせ) to providers and contractors, and changes of the terms of use (規定の変更)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sandbox.domain.errors import BankError
from sandbox.domain.time import DAY, Instant, jst_date

SHORTEST_OBJECTION_MS = 7 * DAY  # W-68: at least one week


class NoticeKind(StrEnum):
    MAINTENANCE = "maintenance"
    HOURS = "hours"
    TERMS = "terms"
    SERVICE = "service"  # a service or a part of it changes or ends
    INFORMATION = "information"


class Channel(StrEnum):
    """How a notice reaches people and programs (T-36): by each on time, late, or not at all."""

    PAGE = "page"  # the bank's page of notices
    API = "api"  # the same address, as JSON
    MAILBOX = "mailbox"  # what would be e-mail
    WEBHOOK = "webhook"  # an event to the providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``published_at``: from then on it can be read. ``about``: id of the stop, or the version.

    ``until_at`` is when what it says is over; of terms, until when contractors may object.
    """

    notice_id: str
    bank: str
    kind: NoticeKind
    title_ja: str
    title_en: str
    published_at: Instant
    effective_at: Instant | None = None
    until_at: Instant | None = None
    about: str | None = None


class TermsRefused(BankError):
    """A version of the terms cannot be published like this; the message says why."""


class ObjectionRefused(BankError):
    """異議を受け付けられない: the period is over, or there is none."""


class Answer(StrEnum):
    """What a contractor says to changed terms."""

    PENDING = "pending"
    OBJECTED = "objected"
    AGREED = "agreed"  # also by silence: W-69


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChange:
    """``objection_until`` None: this bank's contractors are asked nothing (T-34)."""

    version: str
    effective_on: date
    published_at: Instant
    objection_until: Instant | None = None

    def check(self) -> None:
        """Raise ``TermsRefused`` where the bank may not publish this."""
        if self.effective_on < jst_date(self.published_at):
            raise TermsRefused(f"effective_on: {self.effective_on} is over")
        until = self.objection_until
        if until is not None and until - self.published_at < SHORTEST_OBJECTION_MS:
            raise TermsRefused("objection_until: contractors have at least seven days to object")

    def is_open_at(self, now: Instant) -> bool:
        """Tell whether a contractor may object at ``now``; the last instant is not within."""
        return self.objection_until is not None and now < self.objection_until

    def check_objection(self, now: Instant) -> None:
        """Raise ``ObjectionRefused`` where it is too late, or nobody asked."""
        if self.objection_until is None:
            raise ObjectionRefused("these terms know no objection")
        if not self.is_open_at(now):
            raise ObjectionRefused("the period for objections is over")

    def answer(self, contractor_id: str, objected: Collection[str], now: Instant) -> Answer:
        """Return where a contractor stands: silence counts as consent once time is up."""
        if contractor_id in objected:
            return Answer.OBJECTED
        return Answer.PENDING if self.is_open_at(now) else Answer.AGREED
