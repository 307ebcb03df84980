-- One world (世界): one bank universe in one database. No row carries a world id.
-- Instants (…_at) are milliseconds since the epoch, UTC. Dates (…_on) are JST, 'YYYY-MM-DD'.
-- Money (…_yen, balances) is integer yen. Booleans are 0 and 1.

CREATE TABLE world (
    id               INTEGER PRIMARY KEY CHECK (id = 1),
    schema_version   INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    tag              TEXT    NOT NULL,          -- first characters of every token of this world
    seed             BIGINT  NOT NULL,
    starts_at        BIGINT  NOT NULL,          -- the instant that the seed's dates are relative to
    version          BIGINT  NOT NULL DEFAULT 1,-- raised by every change of shared state
    clock_mode       TEXT    NOT NULL CHECK (clock_mode IN ('real', 'frozen', 'offset', 'scaled')),
    clock_at         BIGINT  NOT NULL,          -- world time at the anchor
    clock_anchor     BIGINT  NOT NULL,          -- machine time at the anchor
    clock_rate       DOUBLE PRECISION NOT NULL DEFAULT 1,
    agenda_done_at   BIGINT  NOT NULL,          -- all that fell due up to here has been done
    start_mode       TEXT    NOT NULL,          -- the clock that the world was made with
    start_rate       DOUBLE PRECISION NOT NULL,
    personas         TEXT                       -- those that live here, joined by spaces; NULL: all
);

-- 予定表: what falls due. A row goes in the transaction that does its work.
CREATE TABLE agenda (
    due_at    BIGINT  NOT NULL,
    priority  INTEGER NOT NULL,                 -- at the same instant, smaller first
    kind      TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    detail    TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (due_at, priority, kind, subject)
) WITHOUT ROWID;

-- 契約者: the person or the firm
CREATE TABLE contractor (
    contractor_id  TEXT NOT NULL PRIMARY KEY,
    bank           TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('individual', 'corporate')),
    name           TEXT NOT NULL,
    name_kana      TEXT NOT NULL,               -- half-width
    address        TEXT NOT NULL DEFAULT '',
    persona        TEXT UNIQUE,                 -- NULL: one of the generated customers
    story          TEXT NOT NULL DEFAULT '{}',  -- what their life is drawn from (JSON)
    contract_state TEXT NOT NULL DEFAULT 'active'
        CHECK (contract_state IN ('active', 'suspended', 'ended'))
) WITHOUT ROWID;

-- 本人確認の手段: a cash card (個人) or a user id of internet banking (法人)
CREATE TABLE credential (
    credential_id  INTEGER PRIMARY KEY,
    bank           TEXT   NOT NULL,
    login          TEXT   NOT NULL,             -- 'card:001:1234567' · 'user:0566000001:tanaka'
    contractor_id  TEXT   NOT NULL REFERENCES contractor (contractor_id),
    account        BIGINT REFERENCES account (account),
    secret_hash    BLOB   NOT NULL,
    state          TEXT   NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'lapsed', 'lost')),
    second_factor_hash BLOB,                    -- NULL: the bank asks for none
    UNIQUE (bank, login)
);

-- 利用者ID of a corporate contract, one to each of its credentials (W-34…W-36, W-46)
CREATE TABLE bank_user (
    credential_id             INTEGER NOT NULL PRIMARY KEY,
    contractor_id             TEXT    NOT NULL REFERENCES contractor (contractor_id),
    user_id                   TEXT    NOT NULL,
    user_code                 TEXT    NOT NULL,  -- 'Z001', as approvers are named on the wire
    name                      TEXT    NOT NULL,
    role                      TEXT    NOT NULL CHECK (role IN ('admin', 'deputy_admin', 'user')),
    is_security_administrator INTEGER NOT NULL CHECK (is_security_administrator IN (0, 1)),
    has_service_right         INTEGER NOT NULL CHECK (has_service_right IN (0, 1)),
    rights                    TEXT    NOT NULL,  -- services, joined by spaces
    limit_per_transaction_yen BIGINT,            -- what the user may approve; NULL: no limit
    limit_per_item_yen        BIGINT,
    persona                   TEXT    UNIQUE,
    -- Account ids, joined by spaces; NULL: all of the contract, and to read those of its children
    accounts                  TEXT,
    UNIQUE (contractor_id, user_id),
    UNIQUE (contractor_id, user_code)
) WITHOUT ROWID;

-- サーバー接続サービス契約 (W-24…W-29). The state of the base contract is the contractor's.
CREATE TABLE service_contract (
    contractor_id         TEXT    NOT NULL PRIMARY KEY REFERENCES contractor (contractor_id),
    status                TEXT    NOT NULL
        CHECK (status IN ('applied', 'active', 'refused', 'terminated')),
    services              TEXT    NOT NULL,      -- those chosen of ②③④, joined by spaces
    purpose               TEXT    NOT NULL,
    form                  TEXT    NOT NULL,      -- 利用形態
    plan                  TEXT    NOT NULL CHECK (plan IN ('expert', 'debut', 'light')),
    fee_account           BIGINT  NOT NULL REFERENCES account (account), -- EB手数料決済口座
    approval_pattern      TEXT    NOT NULL
        CHECK (approval_pattern IN ('single_approval', 'double_approval')),
    double_from_yen       BIGINT,                -- from this total on two approve; NULL: never by it
    requester_may_approve INTEGER NOT NULL CHECK (requester_may_approve IN (0, 1)),
    client_id             TEXT    UNIQUE,        -- NULL: not issued yet
    encryption_key        BLOB,                  -- issued with the client id (W-38, W-39)
    is_environment_blocked INTEGER NOT NULL DEFAULT 0 CHECK (is_environment_blocked IN (0, 1))
) WITHOUT ROWID;

-- 親仔契約: whose data a parent contractor sees (W-33)
CREATE TABLE contract_link (
    parent_id  TEXT NOT NULL REFERENCES contractor (contractor_id),
    child_id   TEXT NOT NULL REFERENCES contractor (contractor_id),
    PRIMARY KEY (parent_id, child_id),
    CHECK (parent_id <> child_id)
) WITHOUT ROWID;

-- 振込依頼人: in whose names an account may pay
CREATE TABLE remitter (
    account        BIGINT NOT NULL REFERENCES account (account),
    remitter_code  TEXT   NOT NULL,
    remitter_name  TEXT   NOT NULL,              -- half-width kana
    PRIMARY KEY (account, remitter_code)
) WITHOUT ROWID;

-- 暗証相違の回数. By login, not by credential: one that does not exist locks alike (O-24).
CREATE TABLE login_failure (
    bank          TEXT    NOT NULL,
    login         TEXT    NOT NULL,
    failures      INTEGER NOT NULL,
    locked_until  BIGINT,
    forget_at     BIGINT  NOT NULL,
    PRIMARY KEY (bank, login)
) WITHOUT ROWID;

-- 口座
CREATE TABLE account (
    account                 INTEGER PRIMARY KEY,
    account_id              TEXT   NOT NULL UNIQUE,   -- opaque on the wire
    bank                    TEXT   NOT NULL,
    contractor_id           TEXT   NOT NULL REFERENCES contractor (contractor_id),
    branch_code             TEXT   NOT NULL,
    branch_name             TEXT   NOT NULL,
    account_type            TEXT   NOT NULL
        CHECK (account_type IN ('ordinary', 'current', 'savings', 'time')), -- 普通 当座 貯蓄 定期
    account_number          TEXT   NOT NULL,
    holder_name             TEXT   NOT NULL,
    holder_name_kana        TEXT   NOT NULL,
    state                   TEXT   NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'frozen', 'restricted', 'closed')),
    overdraft_limit_yen     BIGINT NOT NULL DEFAULT 0 CHECK (overdraft_limit_yen >= 0), -- 貸越極度
    held_yen                BIGINT NOT NULL DEFAULT 0 CHECK (held_yen >= 0), -- 他店券など引き出せない分
    balance_yen             BIGINT NOT NULL DEFAULT 0,
    previous_day_yen        BIGINT NOT NULL DEFAULT 0,  -- 前日残高, as the last closing run left it
    previous_month_yen      BIGINT NOT NULL DEFAULT 0,  -- 前月末残高
    last_seq                BIGINT NOT NULL DEFAULT 0,
    last_booked_at          BIGINT NOT NULL DEFAULT 0,
    history                 TEXT   NOT NULL DEFAULT 'posted'
        CHECK (history IN ('posted', 'on_demand')),
    UNIQUE (bank, branch_code, account_type, account_number),
    CHECK (balance_yen >= -overdraft_limit_yen)         -- no overdraft beyond the agreed limit
);
CREATE INDEX account_by_contractor ON account (contractor_id);

-- 仕訳: one posting; its lines and contra legs add up to zero
CREATE TABLE posting (
    posting_id  INTEGER PRIMARY KEY,
    booked_at   BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    reverses    BIGINT REFERENCES posting (posting_id)
);

-- 入出金明細: the customer's legs, clustered as they are read
CREATE TABLE line (
    account           BIGINT  NOT NULL,
    booked_at         BIGINT  NOT NULL,
    seq               BIGINT  NOT NULL,          -- grows by one within the account
    value_on          TEXT    NOT NULL,          -- 起算日
    amount_yen        BIGINT  NOT NULL,          -- signed: deposits > 0
    balance_after_yen BIGINT  NOT NULL,
    content           TEXT    NOT NULL,          -- 取引内容
    abstract          TEXT    NOT NULL,          -- 摘要, half-width kana
    customer_number   TEXT,                      -- 需要家番号
    status            INTEGER NOT NULL DEFAULT 0 CHECK (status IN (0, 1, 2)), -- 通常 取消 欠番
    posting_id        BIGINT  NOT NULL,
    PRIMARY KEY (account, booked_at, seq),
    CHECK (status <> 2 OR amount_yen = 0)
) WITHOUT ROWID;

-- 総勘定元帳の側: the bank's own legs, summed per posting and ledger account
CREATE TABLE contra (
    posting_id  BIGINT NOT NULL,
    gl_code     TEXT   NOT NULL,                 -- 'cash', 'clearing', 'fee_income', …
    amount_yen  BIGINT NOT NULL,
    PRIMARY KEY (posting_id, gl_code)
) WITHOUT ROWID;

-- 接続事業者 as an OAuth client. Lists are joined by single spaces.
CREATE TABLE client (
    client_id         TEXT NOT NULL PRIMARY KEY,
    bank              TEXT NOT NULL,
    secret_hash       BLOB,                      -- NULL: a public client
    auth_method       TEXT NOT NULL CHECK (auth_method IN (
        'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth',
        'self_signed_tls_client_auth', 'none'
    )),
    security_profile  TEXT NOT NULL CHECK (security_profile IN ('bank', 'bcp', 'fapi2')),
    provider_name     TEXT NOT NULL,
    registration_no   TEXT NOT NULL,             -- 登録番号 of the provider
    terms_url         TEXT NOT NULL,
    redirect_uris     TEXT NOT NULL,
    scopes            TEXT NOT NULL,
    functions         TEXT NOT NULL,             -- T-5
    contractor_kinds  TEXT NOT NULL,
    pkce              TEXT NOT NULL CHECK (pkce IN ('optional', 'required', 'off')),
    auto_manual_mode  TEXT NOT NULL CHECK (auto_manual_mode IN ('auto', 'manual')),
    status            TEXT NOT NULL  -- issued: its password and web server are not registered yet
        CHECK (status IN ('issued', 'active', 'blocked', 'ended')),
    options           TEXT NOT NULL DEFAULT '{}',-- domain/client.py, ClientOptions (JSON)
    registration_hash BLOB                       -- of the token that manages it (RFC 7592)
) WITHOUT ROWID;

-- Assertions of clients that were used once already (RFC 7523: jti)
CREATE TABLE used_assertion (
    client_id   TEXT   NOT NULL,
    jti_hash    BLOB   NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti_hash)
) WITHOUT ROWID;
CREATE INDEX used_assertion_by_expiry ON used_assertion (expires_at);

-- The bank's own signing keys. Retired ones stay published until what they signed has ended.
CREATE TABLE signing_key (
    kid            TEXT   NOT NULL PRIMARY KEY,
    bank           TEXT   NOT NULL,
    alg            TEXT   NOT NULL,
    private_jwk    TEXT   NOT NULL,
    created_at     BIGINT NOT NULL,
    retired_at     BIGINT,                       -- NULL: signs
    published_until BIGINT                       -- NULL while it signs
) WITHOUT ROWID;

-- 先送りされた認可リクエスト (RFC 9126)
CREATE TABLE pushed_request (
    uri_hash    BLOB   NOT NULL PRIMARY KEY,
    bank        TEXT   NOT NULL,
    client_id   TEXT   NOT NULL,
    parameters  TEXT   NOT NULL,                 -- checked once, checked again when used (JSON)
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT                           -- a log-in was completed with it
) WITHOUT ROWID;
CREATE INDEX pushed_request_by_expiry ON pushed_request (expires_at);

-- Somebody signed in at the bank in one browser (OpenID: prompt, max_age).
CREATE TABLE session (
    session_hash     BLOB   NOT NULL PRIMARY KEY,  -- of its cookie
    bank             TEXT   NOT NULL,
    credential_id    BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    expires_at       BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX session_by_expiry ON session (expires_at);

-- 認可リクエストの途中: from the first page to the redirect back
CREATE TABLE interaction (
    interaction_id  TEXT   NOT NULL PRIMARY KEY,
    browser_hash    BLOB   NOT NULL,             -- of the cookie; renewed at sign-in
    bank            TEXT   NOT NULL,
    client_id       TEXT   NOT NULL,
    request         TEXT   NOT NULL,             -- the checked parameters (JSON)
    credential_id   BIGINT,                      -- NULL: not signed in yet
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    authenticated_at BIGINT                      -- when that person proved who they are
) WITHOUT ROWID;
CREATE INDEX interaction_by_expiry ON interaction (expires_at);

-- アクセス許可: codes and tokens hang on it
CREATE TABLE access_grant (
    grant_id         TEXT   NOT NULL PRIMARY KEY,
    bank             TEXT   NOT NULL,
    client_id        TEXT   NOT NULL REFERENCES client (client_id),
    contractor_id    TEXT   NOT NULL REFERENCES contractor (contractor_id),
    credential_id    BIGINT NOT NULL,
    scope            TEXT   NOT NULL,
    functions        TEXT   NOT NULL,            -- what the contractor allowed
    terms_version    TEXT   NOT NULL,
    granted_at       BIGINT NOT NULL,
    present_at       BIGINT NOT NULL,            -- when the user was last there in person
    expires_at       BIGINT NOT NULL,
    ended_at         BIGINT,
    end_reason       TEXT,
    authenticated_at BIGINT NOT NULL,            -- of the log-in behind it (OpenID: auth_time)
    detail           TEXT   NOT NULL DEFAULT '{}',-- claims asked for, authorization details (JSON)
    suspended_as     TEXT                        -- why nothing of it works for now; NULL: it does
) WITHOUT ROWID;
CREATE INDEX grant_by_contractor ON access_grant (contractor_id, client_id);
CREATE INDEX grant_by_client ON access_grant (client_id);
CREATE INDEX grant_by_expiry ON access_grant (expires_at);

CREATE TABLE grant_account (
    grant_id  TEXT   NOT NULL,
    account   BIGINT NOT NULL,
    PRIMARY KEY (grant_id, account)
) WITHOUT ROWID;

CREATE TABLE authorization_code (
    code_hash       BLOB   NOT NULL PRIMARY KEY,
    grant_id        TEXT   NOT NULL,
    client_id       TEXT   NOT NULL,
    redirect_uri    TEXT   NOT NULL,
    code_challenge  TEXT,
    expires_at      BIGINT NOT NULL,
    spent_at        BIGINT,
    nonce           TEXT,                        -- for the ID token
    dpop_jkt        TEXT,                        -- the key that may exchange it (RFC 9449 §10)
    scope           TEXT                         -- of its tokens; NULL: all of the grant's
) WITHOUT ROWID;

-- Access and refresh tokens. Only hashes: W-49.
CREATE TABLE token (
    token_hash  BLOB   NOT NULL PRIMARY KEY,
    kind        TEXT   NOT NULL CHECK (kind IN ('access', 'refresh')),
    grant_id    TEXT   NOT NULL,
    scope       TEXT   NOT NULL,
    issued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    spent_at    BIGINT,                          -- a refresh token that was rotated away
    binding     TEXT,                            -- 'jkt:…' (DPoP) or 'x5t:…' (mutual TLS)
    replaced    BLOB                             -- the refresh token that this one came from
) WITHOUT ROWID;
CREATE INDEX token_by_grant ON token (grant_id);
CREATE INDEX token_by_expiry ON token (expires_at);

-- 利用規定の版
CREATE TABLE terms (
    bank          TEXT NOT NULL,
    version       TEXT NOT NULL,
    effective_on  TEXT NOT NULL,                 -- from 00:00 of this day (T-34)
    PRIMARY KEY (bank, version)
) WITHOUT ROWID;

-- 障害規則: what strikes which calls (domain/fault.py)
CREATE TABLE fault (
    fault_id     TEXT    NOT NULL PRIMARY KEY,
    number       BIGINT  NOT NULL UNIQUE,        -- asked in this order
    matches      TEXT    NOT NULL,               -- (JSON)
    effect       TEXT    NOT NULL,               -- (JSON)
    stage        TEXT    NOT NULL,
    times        BIGINT,
    skip         BIGINT  NOT NULL,
    every        BIGINT  NOT NULL CHECK (every > 0),
    probability  DOUBLE PRECISION NOT NULL CHECK (probability BETWEEN 0 AND 1),
    stream       TEXT    NOT NULL,               -- names its draws, whatever rules there are beside it
    time_window  TEXT,                           -- when it is in force (JSON); NULL: always
    ends_at      BIGINT,                         -- machine time; NULL: stays until taken away
    seen         BIGINT  NOT NULL,
    struck       BIGINT  NOT NULL
) WITHOUT ROWID;

-- ジャーナル: every call at the bank door, in blocks of a JSON array of arrays (storage/journal.py)
CREATE TABLE journal (
    first_id  INTEGER PRIMARY KEY,               -- of the block's first entry; the others follow on
    last_id   BIGINT NOT NULL,
    entries   BLOB   NOT NULL
);

CREATE TABLE journal_state (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    last_id   BIGINT NOT NULL,                   -- the highest ever given: none is given twice
    first_id  BIGINT NOT NULL,                   -- older entries are out of sight
    dropped   BIGINT NOT NULL                    -- how many have gone because there were too many
);
INSERT INTO journal_state VALUES (1, 0, 1, 0);

-- The journal as rows, for whoever looks into a world's file with a SQL shell.
CREATE VIEW journal_entry AS
SELECT b.first_id + e.key AS id,
       json_extract(e.value, '$[0]') AS at,
       json_extract(e.value, '$[1]') AS real_at,
       json_extract(e.value, '$[2]') AS latency_us,
       json_extract(e.value, '$[3]') AS bank,
       json_extract(e.value, '$[4]') AS operation,
       json_extract(e.value, '$[5]') AS method,
       json_extract(e.value, '$[6]') AS path,
       json_extract(e.value, '$[7]') AS remote,
       json_extract(e.value, '$[8]') AS user_agent,
       json_extract(e.value, '$[9]') AS client_id,
       json_extract(e.value, '$[10]') AS presented_by,
       json_extract(e.value, '$[11]') AS contractor_id,
       json_extract(e.value, '$[12]') AS "user",
       json_extract(e.value, '$[13]') AS grant_id,
       json_extract(e.value, '$[14]') AS status,
       json_extract(e.value, '$[15]') AS error_code,
       json_extract(e.value, '$[16]') AS reason,
       json_extract(e.value, '$[17]') AS fault,
       json_extract(e.value, '$[18]') AS location,
       json_extract(e.value, '$[19]') AS request_type,
       json_extract(e.value, '$[20]') AS request_body,
       json_extract(e.value, '$[21]') AS request_bytes,
       json_extract(e.value, '$[22]') AS response_type,
       json_extract(e.value, '$[23]') AS response_body,
       json_extract(e.value, '$[24]') AS response_bytes,
       json_extract(e.value, '$[25]') AS traits
FROM journal b JOIN journal_state s, json_each(CAST(b.entries AS TEXT)) e
WHERE b.first_id + e.key >= s.first_id;
