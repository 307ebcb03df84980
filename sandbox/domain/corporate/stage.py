"""How far a contractor has come on the way to the server connection (specs: web21 §2).

Each stage names what is missing next; whoever shows it can say whose turn it is.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from sandbox.domain.corporate.contract import ContractStatus
from sandbox.domain.corporate.user import BankUser


class Stage(StrEnum):
    BASE_SUSPENDED = "base_suspended"
    BASE_ENDED = "base_ended"
    NO_CONTRACT = "no_contract"
    APPLIED = "applied"
    REFUSED = "refused"
    TERMINATED = "terminated"
    NO_SECURITY_ADMINISTRATOR = "no_security_administrator"
    NO_RIGHTS = "no_rights"
    NOT_ISSUED = "not_issued"
    ISSUED = "issued"
    READY = "ready"


# What is the case, and what comes next: (日本語, English).
STAGE_TEXTS: Mapping[Stage, tuple[str, str]] = MappingProxyType(
    {
        Stage.BASE_SUSPENDED: (
            "基本契約が停止中。銀行が再開するまで利用できない。",
            "The base contract is suspended: nothing works until the bank resumes it.",
        ),
        Stage.BASE_ENDED: (
            "基本契約が終了している。",
            "The base contract has ended.",
        ),
        Stage.NO_CONTRACT: (
            "サーバー接続サービスの申込がまだない。",
            "The service contract is not applied for yet.",
        ),
        Stage.APPLIED: (
            "申込中。銀行の承諾を待っている。",
            "Applied: waits for the bank to accept.",
        ),
        Stage.REFUSED: (
            "申込は謝絶された。申し込み直せる。",
            "The application was refused; another may be made.",
        ),
        Stage.TERMINATED: (
            "サービス契約は解約済み。申し込み直せる。",
            "The service contract was terminated; it may be applied for again.",
        ),
        Stage.NO_SECURITY_ADMINISTRATOR: (
            "管理専用IDによるセキュリティ管理者の指定待ち。",
            "The admin id has to name a security administrator.",
        ),
        Stage.NO_RIGHTS: (
            "セキュリティ管理者による利用権限の付与待ち。",
            "The security administrator has to give a user the service right.",
        ),
        Stage.NOT_ISSUED: (
            "サービス利用者によるクライアントIDの発行待ち。",
            "A service user has to have the client id issued.",
        ),
        Stage.ISSUED: (
            "クライアントパスワードとWebサーバーURLの登録待ち。",
            "A service user has to register client password and web server.",
        ),
        Stage.READY: (
            "準備完了。アクセス許可を与えられる。",
            "Ready: users may give access grants.",
        ),
    }
)
_BASE = {"suspended": Stage.BASE_SUSPENDED, "ended": Stage.BASE_ENDED}


def stage_of(
    base_state: str,
    status: ContractStatus | None,
    users: Iterable[BankUser],
    client_status: str | None,
) -> Stage:
    """Return how far a contractor is. ``status`` and ``client_status`` None: there is none.

    ``client_status`` is the client's: ``issued`` until password and web server are registered.
    """
    if base_state in _BASE:
        return _BASE[base_state]
    if status is None:
        return Stage.NO_CONTRACT
    if status is not ContractStatus.ACTIVE:
        return Stage(status.value)
    if client_status is not None:
        return Stage.ISSUED if client_status == "issued" else Stage.READY
    there = list(users)
    if any(user.is_service_user for user in there):
        return Stage.NOT_ISSUED
    if any(user.is_security_administrator for user in there):
        return Stage.NO_RIGHTS
    return Stage.NO_SECURITY_ADMINISTRATOR
