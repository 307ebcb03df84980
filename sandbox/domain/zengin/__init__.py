"""Files in the Zengin format (全銀協規定形式): transfer requests in, statements and notices out.

Pure functions between bytes and values. ``read_transfers`` gives all of a file or every reason
against it; the writers give a whole file or raise. Layouts are tables, in ``transfer_layouts``
and ``statement_layouts``.
"""

from sandbox.domain.zengin.findings import Code, Finding
from sandbox.domain.zengin.notices import IncomingTransfer, Notice, write_notices
from sandbox.domain.zengin.rules import DateWindow, Remitter, TransferRules
from sandbox.domain.zengin.statement_layouts import NoticeForm
from sandbox.domain.zengin.statement_reader import UnreadableFile, read_notices, read_statements
from sandbox.domain.zengin.statements import (
    Direction,
    Statement,
    StatementLine,
    TransactionKind,
    write_statements,
)
from sandbox.domain.zengin.transfer_layouts import TypeCode
from sandbox.domain.zengin.transfer_reader import Reading, read_transfers
from sandbox.domain.zengin.transfers import (
    TransferBatch,
    TransferHeader,
    TransferItem,
    write_as_sent,
    write_transfers,
)
from sandbox.domain.zengin.writing import LineEnd, UnwritableValue

__all__ = [
    "Code",
    "DateWindow",
    "Direction",
    "Finding",
    "IncomingTransfer",
    "LineEnd",
    "Notice",
    "NoticeForm",
    "Reading",
    "Remitter",
    "Statement",
    "StatementLine",
    "TransactionKind",
    "TransferBatch",
    "TransferHeader",
    "TransferItem",
    "TransferRules",
    "TypeCode",
    "UnreadableFile",
    "UnwritableValue",
    "read_notices",
    "read_statements",
    "read_transfers",
    "write_as_sent",
    "write_notices",
    "write_statements",
    "write_transfers",
]
