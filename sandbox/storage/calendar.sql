-- 取扱時間の変更: which hours a class of functions keeps from when on (domain/hours.py)
CREATE TABLE service_hours (
    bank          TEXT   NOT NULL,
    api_class     TEXT   NOT NULL CHECK (api_class IN ('reference', 'update', 'approval', 'oauth')),
    effective_at  BIGINT NOT NULL,
    hours         TEXT,                          -- (JSON); NULL: as the settings say
    PRIMARY KEY (bank, api_class, effective_at)
) WITHOUT ROWID;

-- 休業日の変更: days that are holidays, or are none, against the national calendar
CREATE TABLE calendar_day (
    day         TEXT   NOT NULL PRIMARY KEY,
    is_holiday  BIGINT NOT NULL CHECK (is_holiday IN (0, 1))
) WITHOUT ROWID;

-- 停止・縮小・終了 (domain/availability.py)
CREATE TABLE service_stop (
    stop_id        TEXT   NOT NULL PRIMARY KEY,
    bank           TEXT   NOT NULL,
    kind           TEXT   NOT NULL CHECK (kind IN ('maintenance', 'outage', 'narrow', 'end')),
    scope          TEXT   NOT NULL,              -- (JSON)
    from_at        BIGINT NOT NULL,
    until_at       BIGINT,                       -- NULL: until it is taken away
    overrun_ms     BIGINT NOT NULL,
    announced_at   BIGINT,                       -- NULL: nobody is told
    is_page        BIGINT NOT NULL,
    cause          TEXT   NOT NULL,
    retry_after_s  BIGINT NOT NULL,
    fields         TEXT   NOT NULL,              -- (JSON)
    lapses         BIGINT NOT NULL,
    CHECK (until_at IS NULL OR until_at > from_at)
) WITHOUT ROWID;

-- お知らせ
CREATE TABLE notice (
    notice_id     TEXT   NOT NULL PRIMARY KEY,
    number        BIGINT NOT NULL UNIQUE,        -- in the order in which they were written
    bank          TEXT   NOT NULL,
    kind          TEXT   NOT NULL,
    title_ja      TEXT   NOT NULL,
    title_en      TEXT   NOT NULL,
    published_at  BIGINT NOT NULL,               -- nobody reads it before
    effective_at  BIGINT,
    until_at      BIGINT,                        -- of terms: until when objections are taken
    about         TEXT                           -- a stop's id, or a version of the terms
) WITHOUT ROWID;
CREATE INDEX notice_by_publication ON notice (bank, published_at);

-- 規定変更の公表と異議申出期間 (W-67, W-68)
CREATE TABLE terms_change (
    bank             TEXT   NOT NULL,
    version          TEXT   NOT NULL,
    published_at     BIGINT NOT NULL,
    objection_until  BIGINT,                     -- NULL: there are no objections
    PRIMARY KEY (bank, version)
) WITHOUT ROWID;

CREATE TABLE objection (
    bank           TEXT   NOT NULL,
    version        TEXT   NOT NULL,
    contractor_id  TEXT   NOT NULL REFERENCES contractor (contractor_id),
    at             BIGINT NOT NULL,
    PRIMARY KEY (bank, version, contractor_id)
) WITHOUT ROWID;
