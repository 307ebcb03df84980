"""Every resource of the control API (DESIGN §10), one row each."""

from sandbox.web.control import certificates, clock, consent, contents, journal, snapshots, worlds
from sandbox.web.control.endpoint import Answer, ControlEndpoint

CERTIFICATES = "/api/v1/certificates"
WORLDS = "/api/v1/worlds"
WORLD = f"{WORLDS}/{{world}}"
GRANT = f"{WORLD}/grants/{{id}}"
SNAPSHOT = f"{WORLD}/snapshots/{{name}}"
PAGING = ("after", "limit")
TOKEN = f"{WORLD}/tokens/{{id}}"


def row(
    method: str,
    path: str,
    answer: Answer,
    title: str,
    reply: str | None,
    request: str | None = None,
    *,
    query: tuple[str, ...] = (),
    media_type: str = "application/json",
) -> ControlEndpoint:
    return ControlEndpoint(
        method=method,
        path=path,
        answer=answer,
        title=title,
        reply_schema=reply and f"control/{reply}",
        request_schema=request and f"control/{request}",
        query=query,
        media_type=media_type,
    )


ENDPOINTS: tuple[ControlEndpoint, ...] = (
    row(
        "GET",
        f"{CERTIFICATES}/ca",
        certificates.show_ca,
        "The CA",
        None,
        media_type=certificates.PEM_TYPE,
    ),
    row(
        "POST",
        CERTIFICATES,
        certificates.issue_certificate,
        "Issue a client's certificate",
        "certificate",
        "certificate_request",
    ),
    row("GET", WORLDS, worlds.list_worlds, "Worlds", "worlds"),
    row("POST", WORLDS, worlds.create_world, "Make a world", "world", "world_request"),
    row("GET", WORLD, worlds.show_world, "One world", "world"),
    row("DELETE", WORLD, worlds.delete_world, "Delete a world", "done"),
    row(
        "POST",
        f"{WORLD}/authorize",
        consent.authorize,
        "Consent without a browser",
        "authorize",
        "authorize_request",
    ),
    row("GET", f"{WORLD}/clock", clock.show_clock, "The clock", "clock"),
    row("PUT", f"{WORLD}/clock", clock.set_clock, "Set the clock", "clock", "clock_request"),
    row(
        "POST",
        f"{WORLD}/clock/advance",
        clock.advance_clock,
        "Move time forward",
        "advance",
        "advance_request",
    ),
    row(
        "GET",
        f"{WORLD}/grants",
        contents.list_grants,
        "Grants",
        "grants",
        query=("client_id", "persona", *PAGING),
    ),
    row(
        "POST",
        f"{GRANT}/revoke",
        contents.revoke_grant,
        "Revoke a grant",
        "done",
        "revoke_request",
    ),
    row("POST", f"{GRANT}/expire", contents.expire_grant, "Let a grant lapse", "done"),
    row(
        "GET",
        f"{WORLD}/tokens",
        contents.list_tokens,
        "Tokens",
        "tokens",
        query=("client_id", "grant_id", *PAGING),
    ),
    row("POST", f"{WORLD}/tokens", contents.mint_tokens, "Mint tokens", "token", "token_request"),
    row("POST", f"{TOKEN}/expire", contents.expire_token, "Let a token lapse", "done"),
    row("POST", f"{TOKEN}/revoke", contents.revoke_token, "Revoke a token", "done"),
    row(
        "GET",
        f"{WORLD}/accounts",
        contents.list_accounts,
        "Accounts",
        "accounts",
        query=("bank", "persona", *PAGING),
    ),
    row("GET", f"{WORLD}/snapshots", snapshots.list_snapshots, "Snapshots", "snapshots"),
    row(
        "POST",
        f"{WORLD}/snapshots",
        snapshots.take_snapshot,
        "Take a snapshot",
        "snapshot",
        "snapshot_request",
    ),
    row(
        "GET",
        SNAPSHOT,
        snapshots.download_snapshot,
        "Download a snapshot",
        None,
        media_type="application/vnd.sqlite3",
    ),
    row("PUT", SNAPSHOT, snapshots.upload_snapshot, "Upload a snapshot", "snapshot"),
    row("DELETE", SNAPSHOT, snapshots.delete_snapshot, "Delete a snapshot", "done"),
    row(
        "POST",
        f"{SNAPSHOT}/restore",
        snapshots.restore_snapshot,
        "Go back to a snapshot",
        "clock",
    ),
    row(
        "GET",
        f"{WORLD}/journal",
        journal.list_journal,
        "Journal",
        "journal",
        query=(*PAGING, "last", *journal.FILTERS),
    ),
    row("DELETE", f"{WORLD}/journal", journal.clear_journal, "Empty the journal", "done"),
    row(
        "GET",
        f"{WORLD}/journal/export.har",
        journal.export_har,
        "Journal as HAR 1.2",
        "har",
        query=journal.FILTERS,
    ),
    row("POST", f"{WORLD}/reset", snapshots.reset, "Set back", "reset", "reset_request"),
)
