-- Transfers (振込依頼), fees and what tests script: part of the schema, after schema.sql.

-- 振込依頼. Ids of the wire are made from the numbers: YYMMDD and a number that grows by one.
CREATE TABLE transfer_request (
    request          INTEGER PRIMARY KEY,
    bank             TEXT    NOT NULL,
    contractor_id    TEXT    NOT NULL REFERENCES contractor (contractor_id),
    kind             TEXT    NOT NULL CHECK (kind IN ('transfer', 'bulk', 'payroll', 'bonus')),
    status           TEXT    NOT NULL CHECK (status IN (
        'saved', 'awaiting_approval', 'awaiting_first_approval', 'awaiting_final_approval',
        'pulled_back', 'returned', 'approval_cancelled', 'accepted', 'reserved', 'settled',
        'failed', 'expired', 'deleted'
    )),
    transaction_no   BIGINT  UNIQUE,             -- NULL: only saved so far
    temporary_no     BIGINT,                     -- NULL: was never only saved
    bank_code        TEXT    NOT NULL,           -- the bank's own
    account          BIGINT  NOT NULL REFERENCES account (account),
    designated_on    TEXT    NOT NULL,           -- 振込指定日
    cut_off_at       BIGINT  NOT NULL,           -- too late for approval, and to cancel one
    pattern          TEXT    NOT NULL CHECK (pattern IN ('single_approval', 'double_approval')),
    first_approver   TEXT,                       -- user codes; NULL: any approver
    second_approver  TEXT,
    approved_by      TEXT    NOT NULL,           -- user codes, joined by spaces
    item_count       INTEGER NOT NULL CHECK (item_count > 0),
    total_yen        BIGINT  NOT NULL CHECK (total_yen > 0),
    largest_item_yen BIGINT  NOT NULL,
    beneficiary_pays INTEGER NOT NULL CHECK (beneficiary_pays IN (0, 1)), -- 先方負担
    requester        TEXT    NOT NULL,           -- user code of whoever sent it in last
    registered_at    BIGINT  NOT NULL,           -- 操作日: when that was
    last_act_at      BIGINT  NOT NULL,
    transaction_notes TEXT   NOT NULL,           -- 取引名
    comment          TEXT    NOT NULL,
    reason           TEXT,                       -- why it failed
    fees_yen         BIGINT,                     -- what was charged; NULL: not settled
    kept             TEXT    NOT NULL            -- what the bank only shows again (JSON)
);
-- Most requests have no such number: an index that leaves them out is a page less to write.
CREATE UNIQUE INDEX transfer_by_temporary_no ON transfer_request (temporary_no)
    WHERE temporary_no IS NOT NULL;
CREATE INDEX transfer_by_operation
    ON transfer_request (contractor_id, kind, registered_at, request);
CREATE INDEX transfer_by_payment ON transfer_request (account, designated_on);

-- 振込明細: up to 20,000 to a request, in the order in which they were sent
CREATE TABLE transfer_item (
    request          BIGINT  NOT NULL,
    position         INTEGER NOT NULL,
    item_id          TEXT    NOT NULL,
    bank_code        TEXT    NOT NULL,
    branch_code      TEXT    NOT NULL,
    account_type     TEXT    NOT NULL,           -- 預金種目: 01, 02, 04, 09
    account_number   TEXT    NOT NULL,
    beneficiary_name TEXT    NOT NULL,
    amount_yen       BIGINT  NOT NULL CHECK (amount_yen > 0),
    kept             TEXT    NOT NULL,           -- the fields that the bank only shows again (JSON)
    status           TEXT    NOT NULL DEFAULT 'waiting' CHECK (status IN (
        'waiting', 'paid', 'refunded', 'recall_in_process', 'recalled', 'recall_failed'
    )),
    paid_yen         BIGINT,                     -- what is to arrive; NULL: not settled
    fee_yen          BIGINT,
    reason           TEXT,                       -- 不能の理由; NULL: it can be paid
    status_at        BIGINT,                     -- when it came back or was recalled; NULL: neither
    PRIMARY KEY (request, position)
) WITHOUT ROWID;

-- 操作履歴: who did what to a request
CREATE TABLE transfer_act (
    request    BIGINT  NOT NULL,
    number     INTEGER NOT NULL,
    at         BIGINT  NOT NULL,
    user_code  TEXT,                             -- NULL: the bank, or the clock
    event      TEXT    NOT NULL,
    status     TEXT    NOT NULL,                 -- the status after it
    comment    TEXT    NOT NULL,
    PRIMARY KEY (request, number)
) WITHOUT ROWID;

-- What a test wants of payments to an account, wherever it is: why they cannot be paid (不能),
-- and what its holder says to a recall (組戻).
CREATE TABLE beneficiary_script (
    bank_code       TEXT NOT NULL,
    branch_code     TEXT NOT NULL,
    account_number  TEXT NOT NULL,
    unable_reason   TEXT,
    recall_answer   TEXT CHECK (recall_answer IN ('agreed', 'refused', 'none')),
    PRIMARY KEY (bank_code, branch_code, account_number)
) WITHOUT ROWID;

-- 手数料表 by the day from which it is in force (W-22)
CREATE TABLE fee_schedule (
    bank          TEXT   NOT NULL,
    effective_on  TEXT   NOT NULL,
    contract_yen  BIGINT NOT NULL CHECK (contract_yen >= 0), -- 契約料 a month, without tax
    PRIMARY KEY (bank, effective_on)
) WITHOUT ROWID;

-- 振込手数料 of amounts from ``from_yen`` on, tax included
CREATE TABLE fee_band (
    bank            TEXT   NOT NULL,
    effective_on    TEXT   NOT NULL,
    from_yen        BIGINT NOT NULL CHECK (from_yen > 0),
    own_bank_yen    BIGINT NOT NULL CHECK (own_bank_yen >= 0),
    other_bank_yen  BIGINT NOT NULL CHECK (other_bank_yen >= 0),
    PRIMARY KEY (bank, effective_on, from_yen)
) WITHOUT ROWID;

-- 消費税率
CREATE TABLE tax_rate (
    effective_on  TEXT    NOT NULL PRIMARY KEY,
    percent       INTEGER NOT NULL CHECK (percent BETWEEN 0 AND 100)
) WITHOUT ROWID;

INSERT INTO fee_schedule VALUES ('web21', '1970-01-01', 2000);
INSERT INTO fee_band VALUES ('web21', '1970-01-01', 1, 0, 330);
INSERT INTO tax_rate VALUES
    ('1989-04-01', 3), ('1997-04-01', 5), ('2014-04-01', 8), ('2019-10-01', 10);
