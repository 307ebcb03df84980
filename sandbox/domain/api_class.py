"""Classes of a bank's functions: each may have hours, stops and faults of its own."""

from enum import StrEnum


class ApiClass(StrEnum):
    REFERENCE = "reference"  # 参照系
    UPDATE = "update"  # 更新系, without approval
    APPROVAL = "approval"  # 承認
    OAUTH = "oauth"  # 認可: pages and token endpoints
