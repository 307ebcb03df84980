"""The catalogue of effects (faults §1): each kind's parameters, and the stages it can strike at.

``connection``: before anything is read. ``before``: no work is done. ``after_commit``: all is done,
and the answer is harmed. ``reply``: while answering. ``read``: what the books show. ``result``:
what becomes of an accepted request. ``delivery``: an event on its way to a provider.
"""

from collections.abc import Mapping

from sandbox.domain.effect_delivery import DELIVERY_EFFECTS
from sandbox.domain.effect_result import RESULT_EFFECTS
from sandbox.domain.effect_shape import EffectKind, group, ms, name, number, one_of, text, whole
from sandbox.domain.effect_tls import TLS_EFFECTS
from sandbox.domain.oauth import mischief

STAGES = ("connection", "before", "after_commit", "reply", "read", "result", "delivery")
BEFORE, AFTER, REPLY, READ = ("before",), ("after_commit",), ("reply",), ("read",)
EITHER = (*BEFORE, *AFTER)
SWOLLEN_BYTES_MAX = 64 * 1024 * 1024
QUOTA_KEYS = ("client_id", "user", "grant_id", "account_id", "address", "everyone")
LOSSES = (
    "empty_close",
    "reset",
    "never_answer",
    "wait_then_close",
    "truncated_body",
    "gateway_timeout",
)


_STATUS = {
    "status": whole(200, 599, "HTTP status"),
    "code": text(64, "The bank's error code, or OAuth's; default: what goes with the status"),
    "message": text(256, "For people"),
    "body": {"type": "object", "description": "The whole body instead"},
    "retry_after_s": whole(0, 86_400, "Header Retry-After"),
}
_ROWS = {
    "rows": {
        "type": "array",
        "items": whole(1, 10**12, "Number of a row within its account"),
        "minItems": 1,
        "maxItems": 1000,
        "description": "Which rows",
    },
    "last": whole(1, 1000, "Instead: the newest so many of the answer"),
}
_LAG = text(32, "How far behind: 2h, 1d")
_KEY = one_of(QUOTA_KEYS, "Whose calls are counted together; default client_id")
_UNTIL = {"until": one_of(("client_error",), "Until the caller has seen one error; no times")}
_DRIFT = {
    "pointer": {
        "type": "string",
        "pattern": "^(/[^/]*)+$",
        "maxLength": 256,
        "description": "JSON pointer (RFC 6901); * is every element of a list",
    },
    "op": one_of(("drop", "null", "retype", "rename", "add", "break"), "What happens to it"),
    "to": {"description": "rename: the new name; add, break: the value"},
}

EFFECTS: Mapping[str, EffectKind] = {
    "fixed_delay": EffectKind(
        number="F-1",
        title="Fixed delay",
        stages=EITHER,
        fields={"delay_ms": ms("How long", 1)},
        required=("delay_ms",),
    ),
    "uniform_delay": EffectKind(
        number="F-2",
        title="Delay between two limits",
        stages=BEFORE,
        fields={"lower_ms": ms("At least"), "upper_ms": ms("At most", 1)},
        required=("lower_ms", "upper_ms"),
    ),
    "long_tail_delay": EffectKind(
        number="F-3",
        title="Delay with a long tail",
        stages=BEFORE,
        fields={
            "median_ms": ms("Of a log-normal distribution", 1),
            "sigma": number(0, 5, "Its width; default 1"),
            "max_ms": ms("Never more; default 60000", 1),
            "p50_ms": ms("Instead of a median: percentiles", 1),
            "p95_ms": ms("95 of 100 are faster", 1),
            "p99_ms": ms("99 of 100 are faster", 1),
        },
    ),
    "ramp_delay": EffectKind(
        number="F-4",
        title="Delay that grows or shrinks over the rule's window",
        stages=BEFORE,
        fields={"from_ms": ms("At its begin"), "to_ms": ms("At its end")},
        required=("from_ms", "to_ms"),
    ),
    "bandwidth": EffectKind(
        number="F-5",
        title="Bandwidth cap",
        stages=REPLY,
        fields={"kb_per_s": number(0.1, 100_000, "Kibibytes a second")},
        required=("kb_per_s",),
    ),
    "dribble": EffectKind(
        number="F-6",
        title="Answer in drops",
        stages=REPLY,
        fields={
            "chunks": whole(2, 1000, "How many; default 10"),
            "total_ms": ms("How long in all", 1),
        },
        required=("total_ms",),
    ),
    "slow_headers": EffectKind(
        number="F-7",
        title="Pause after the status line",
        stages=REPLY,
        fields={"pause_ms": ms("How long", 1)},
        required=("pause_ms",),
    ),
    "never_answer": EffectKind(number="F-8", title="Never answer", stages=EITHER),
    "wait_then_close": EffectKind(
        number="F-9",
        title="Wait, then close",
        stages=EITHER,
        fields={"after_ms": ms("How long", 1)},
        required=("after_ms",),
    ),
    "slow_close": EffectKind(
        number="F-10",
        title="Answer without a length, close late",
        stages=REPLY,
        fields={"delay_ms": ms("How late", 1)},
        required=("delay_ms",),
    ),
    "refuse_connections": EffectKind(
        number="F-11", title="Refuse connections", stages=("connection",)
    ),
    "empty_close": EffectKind(
        number="F-12", title="Close without a byte", stages=EITHER, fields=_UNTIL
    ),
    "reset": EffectKind(number="F-13", title="Reset", stages=(*EITHER, *REPLY), fields=_UNTIL),
    "random_bytes": EffectKind(
        number="F-14",
        title="Random bytes, then close",
        stages=BEFORE,
        fields={"bytes": whole(1, 65_536, "How many; default 64")},
    ),
    "malformed_chunk": EffectKind(number="F-15", title="Malformed chunk", stages=REPLY),
    "truncated_body": EffectKind(
        number="F-16",
        title="Body that breaks off, with its full Content-Length",
        stages=(*REPLY, *AFTER),
        fields={
            "fraction": number(0, 0.99, "How much of it comes; default 0.5"),
            "bytes": whole(0, 10**8, "Instead: so many bytes"),
        },
    ),
    "schema_drift": EffectKind(
        number="F-17",
        title="Fields that are not as documented",
        stages=REPLY,
        fields={
            "changes": {
                "type": "array",
                "items": group(_DRIFT, ("pointer", "op")),
                "minItems": 1,
                "maxItems": 32,
                "description": "One after the other",
            }
        },
        required=("changes",),
    ),
    "maintenance_page": EffectKind(
        number="F-18",
        title="HTML maintenance page",
        stages=BEFORE,
        fields={
            "status": one_of((200, 503), "HTTP status; default 503"),
            "template": text(65_536, "The page instead of the sandbox's"),
            "content_type": {
                "type": "string",
                "pattern": "^[!-~]([ -~]*[!-~])?$",
                "maxLength": 128,
                "description": "What it claims to be; default text/html",
            },
        },
    ),
    "wrong_charset": EffectKind(
        number="F-19",
        title="Other encoding than the one declared",
        stages=REPLY,
        fields={
            "encoding": one_of(
                ("cp932", "euc_jp", "iso2022_jp", "utf_16", "utf_8_sig"),
                "What the bytes are; utf_8_sig: UTF-8 with a byte-order mark",
            )
        },
        required=("encoding",),
    ),
    "status": EffectKind(
        number="F-20",
        title="Status and error code",
        stages=EITHER,
        fields=_STATUS,
        required=("status",),
    ),
    "status_mix": EffectKind(
        number="F-21",
        title="Weighted mix of statuses",
        stages=BEFORE,
        fields={
            "choices": {
                "type": "array",
                "items": group(
                    {"weight": number(0.001, 1000, "Relative"), **_STATUS}, ("weight", "status")
                ),
                "minItems": 1,
                "maxItems": 32,
                "description": "One of these",
            }
        },
        required=("choices",),
    ),
    "outage": EffectKind(
        number="F-24",
        title="Outage over the rule's window; Retry-After tells its end",
        stages=BEFORE,
        fields={"status": whole(400, 599, "HTTP status; default 503"), "code": _STATUS["code"]},
    ),
    "rate_limit": EffectKind(
        number="F-26",
        title="Rate limit or quota, in real time",
        stages=BEFORE,
        fields={
            "limit": whole(0, 1_000_000, "Calls that are let pass in a window"),
            "window_ms": whole(1, 86_400_000, "Its length; default 60000"),
            "mode": one_of(("fixed", "rolling"), "Default fixed: opened by its first call"),
            "key": _KEY,
            "retry_after": one_of(("seconds", "date", "none"), "Default seconds"),
            "status": one_of((429, 503), "Default 429"),
            "code": _STATUS["code"],
        },
        required=("limit",),
    ),
    "punish_early_retry": EffectKind(
        number="F-27",
        title="Refuse once, and double Retry-After for whoever comes back early",
        stages=BEFORE,
        fields={
            "retry_after_s": whole(1, 3600, "To begin with"),
            "max_s": whole(1, 86_400, "Never more; default 3600"),
            "key": _KEY,
            "retry_after": one_of(("seconds", "date"), "Default seconds"),
            "status": one_of((429, 503), "Default 429"),
            "code": _STATUS["code"],
        },
        required=("retry_after_s",),
    ),
    "redirect": EffectKind(
        number="F-28",
        title="Redirect: to itself without an end, so many hops, or to another host",
        stages=BEFORE,
        fields={
            "status": one_of((301, 302, 303, 307, 308), "HTTP status; default 302"),
            "hops": whole(1, 1000, "To itself so many times (the rule's times)"),
            "location": {
                "type": "string",
                "pattern": "^[!-~]+$",
                "maxLength": 2048,
                "description": "Instead: another address",
            },
        },
    ),
    "bad_compression": EffectKind(
        number="F-29",
        title="Broken or swollen compression",
        stages=REPLY,
        fields={
            "how": one_of(
                ("corrupt", "not_compressed", "cut_off", "swollen"),
                "swollen: blanks behind the answer, well compressed",
            ),
            "size_bytes": whole(1024, SWOLLEN_BYTES_MAX, "swollen: when unpacked; default 10 MiB"),
        },
        required=("how",),
    ),
    "token_endpoint": EffectKind(
        number="F-33",
        title="Token endpoint",
        stages=(*EITHER, *REPLY),
        fields={
            "answer": one_of(
                (*mischief.TOKEN_ERRORS, *mischief.TOKEN_HARMS), "What the token endpoint answers"
            )
        },
        required=("answer",),
    ),
    "authorize": EffectKind(
        number="F-34",
        title="Authorization answer",
        stages=(*EITHER, *REPLY),
        fields={
            "answer": one_of(
                (*mischief.AUTHORIZE_ERRORS, *mischief.AUTHORIZE_HARMS),
                "What the browser carries back",
            )
        },
        required=("answer",),
    ),
    "tampered_token": EffectKind(
        number="F-33",
        title="Tampered token",
        stages=REPLY,
        fields={
            "token": one_of(("id_token", "access_token"), "Which one; JSON web tokens only"),
            "how": one_of(mischief.TAMPERING, "What is wrong with it"),
            "claim": text(64, "Which claim is missing or, of the wrong ones, changed"),
        },
        required=("token", "how"),
    ),
    "lost_answer": EffectKind(
        number="F-35",
        title="The work is done, the answer is lost",
        stages=AFTER,
        fields={
            "how": one_of(LOSSES, "Default empty_close"),
            "after_ms": ms("wait_then_close: how long; default 1000", 1),
        },
    ),
    "stale_read": EffectKind(
        number="F-37",
        title="Books of some time ago",
        stages=READ,
        fields={
            "lag": _LAG,
            "lie": {"type": "boolean", "description": "The base date says now all the same"},
        },
        required=("lag",),
    ),
    "missing_rows": EffectKind(number="F-37", title="Rows missing", stages=READ, fields=_ROWS),
    "late_rows": EffectKind(
        number="F-37",
        title="Rows that come later than the balance",
        stages=READ,
        fields={"lag": _LAG},
        required=("lag",),
    ),
    "redated_rows": EffectKind(
        number="F-37",
        title="Rows booked on another day",
        stages=READ,
        fields={"days": whole(-366, 366, "Moved by so many days"), **_ROWS},
        required=("days",),
    ),
    "duplicate_rows": EffectKind(number="F-37", title="Rows twice", stages=READ, fields=_ROWS),
    "lost_cursor": EffectKind(
        number="F-37",
        title="A page that announces another one which nobody can ask for",
        stages=READ,
        fields={
            "page": whole(0, 10_000, "Rows that are shown; default 10"),
            "key": name("Of a page key in the answer; a call that brings it back gets 400"),
        },
    ),
    "clock_skew": EffectKind(
        number="F-40",
        title="The bank's clock goes wrong",
        stages=REPLY,
        fields={
            "skew_ms": whole(-86_400_000, 86_400_000, "Ahead; negative: behind"),
            "on": {
                "type": "array",
                "items": one_of(("date", "body", "exp"), "Where it shows"),
                "minItems": 1,
                "maxItems": 3,
                "description": "Header Date, time stamps of the body, times of signed tokens; "
                "default date",
            },
        },
        required=("skew_ms",),
    ),
    **DELIVERY_EFFECTS,
    **RESULT_EFFECTS,
    **TLS_EFFECTS,
}
# Carried out where tokens are made, and not around the call.
OAUTH_KINDS = frozenset({"token_endpoint", "authorize", "tampered_token"})
# Of stage read: only where such books are shown, and no other call counts.
STATEMENT_KINDS = frozenset(kind for kind, each in EFFECTS.items() if each.stages == READ)
BALANCE_KINDS = frozenset({"stale_read"})
# Carried out by the agenda: no call is struck.
RESULT_KINDS = frozenset(RESULT_EFFECTS)
DELIVERY_KINDS = frozenset(DELIVERY_EFFECTS)
# They open listeners.
TLS_KINDS = frozenset(TLS_EFFECTS)
_NO_CALLS = RESULT_KINDS | DELIVERY_KINDS | TLS_KINDS
CALL_KINDS = frozenset(EFFECTS) - OAUTH_KINDS - STATEMENT_KINDS - _NO_CALLS
