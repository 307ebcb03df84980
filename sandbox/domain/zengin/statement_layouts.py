"""The 200-byte files: account statement (入出金取引明細, 03), transfer notice (振込入金通知, 01).

The notice has two forms: A with amounts of ten digits, B with twelve beside them.
"""

from enum import StrEnum

from sandbox.domain.kana import TextClass
from sandbox.domain.zengin.layout import (
    Field,
    Layout,
    amount,
    coded,
    digits,
    era_date,
    filler,
    text,
)

RECORD_LENGTH = 200
STATEMENT_TYPE = "03"
NOTICE_TYPE = "01"


class NoticeForm(StrEnum):
    """Which of the two forms a notice is written in."""

    A = "A"
    B = "B"


_BANK, _PARTY, _EDI = TextClass.BANK_NAME, TextClass.PARTY_NAME, TextClass.EDI
_ACCOUNT_TYPES = "123456789"

# Bytes 2 to 59, the same in both.
_HEADER: tuple[Field, ...] = (
    digits("type_code", "種別コード", 2, required=True),
    coded("code_type", "コード区分", "0"),
    era_date("created_date", "作成日"),
    era_date("posting_date_from", "勘定日（自）"),
    era_date("posting_date_to", "勘定日（至）"),
    digits("bank_code", "銀行コード", 4, required=True),
    text("bank_name", "銀行名", 15, _BANK),
    digits("branch_code", "支店コード", 3, required=True),
    text("branch_name", "支店名", 15, _BANK),
)
_FROM_WHOM: tuple[Field, ...] = (
    digits("remitter_code", "振込依頼人コード", 10),
    text("remitter_name", "振込依頼人名", 48, _PARTY),
    text("remitting_bank_name", "仕向銀行名", 15, _BANK),
    text("remitting_branch_name", "仕向店名", 15, _BANK),
)
_EDI_INFO = text("edi_info", "EDI情報", 20, _EDI)

STATEMENT_HEADER = Layout(
    record_type="1",
    unplaced=(
        *_HEADER,
        digits("filler_zero", "ダミー", 3),
        coded("account_type", "預金種目", _ACCOUNT_TYPES),
        digits("account_number", "口座番号", 10, required=True),
        text("account_name", "口座名", 40, _PARTY),
        coded("balance_sign", "貸越区分", "12"),
        digits("passbook_type", "通帳・証書区分", 1),
        amount("opening_balance", "取引前残高", 14),
        filler(71),
    ),
)
STATEMENT_DATA = Layout(
    record_type="2",
    unplaced=(
        digits("inquiry_number", "照会番号", 8),
        era_date("posting_date", "勘定日"),
        era_date("value_date", "預入・払出日"),
        coded("direction", "入払区分", "12"),
        digits("transaction_kind", "取引区分", 2, required=True),
        amount("amount", "取引金額", 12),
        amount("other_bank_checks", "うち他店券金額", 12),
        era_date("clearing_date", "交換呈示日", required=False),
        era_date("dishonor_date", "不渡返還日", required=False),
        coded("bill_type", "手形・小切手区分", "0123"),
        digits("bill_number", "手形・小切手番号", 7),
        digits("sister_branch_code", "僚店番号", 3),
        *_FROM_WHOM,
        text("abstract", "摘要内容", 20, TextClass.ABSTRACT),
        _EDI_INFO,
        filler(1),
    ),
)
STATEMENT_TRAILER = Layout(
    record_type="8",
    unplaced=(
        amount("deposit_count", "入金件数", 6),
        amount("deposit_total", "入金額合計", 13),
        amount("withdrawal_count", "出金件数", 6),
        amount("withdrawal_total", "出金額合計", 13),
        coded("balance_sign", "貸越区分", "12"),
        amount("closing_balance", "取引後残高", 14),
        amount("data_record_count", "データレコード件数", 7),
        filler(139),
    ),
)
STATEMENT_END = Layout(
    record_type="9",
    unplaced=(
        amount("record_count", "レコード総件数", 10),
        amount("account_count", "口座数", 5),
        filler(184),
    ),
)

NOTICE_HEADER = Layout(
    record_type="1",
    unplaced=(
        *_HEADER,
        coded("account_type", "預金種目", _ACCOUNT_TYPES),
        digits("account_number", "口座番号", 7, required=True),
        text("account_name", "口座名", 40, _PARTY),
        filler(93),
    ),
)
_NOTICE_START: tuple[Field, ...] = (
    digits("inquiry_number", "照会番号", 6),
    era_date("posting_date", "勘定日"),
    era_date("value_date", "起算日"),
)
_CANCEL_TYPE = coded("cancel_type", "取消区分", "01")
NOTICE_DATA = {
    NoticeForm.A: Layout(
        record_type="2",
        unplaced=(
            *_NOTICE_START,
            amount("amount", "金額", 10),
            amount("other_bank_checks", "うち他店券金額", 10),
            *_FROM_WHOM,
            _CANCEL_TYPE,
            _EDI_INFO,
            filler(52),
        ),
    ),
    NoticeForm.B: Layout(
        record_type="2",
        unplaced=(
            *_NOTICE_START,
            amount("amount_10", "金額1", 10),
            amount("other_bank_checks_10", "うち他店券金額1", 10),
            *_FROM_WHOM,
            _CANCEL_TYPE,
            amount("amount_12", "金額2", 12),
            amount("other_bank_checks_12", "うち他店券金額2", 12),
            _EDI_INFO,
            filler(28),
        ),
    ),
}
NOTICE_TRAILER = Layout(
    record_type="8",
    unplaced=(
        amount("transfer_count", "振込合計件数", 6),
        amount("transfer_total", "振込合計金額", 12),
        amount("cancel_count", "取消合計件数", 6),
        amount("cancel_total", "取消合計金額", 12),
        filler(163),
    ),
)
NOTICE_END = Layout(record_type="9", unplaced=(filler(199),))
