-- The contractor's own pages (契約者ページ): part of the schema, after schema.sql.

-- Somebody signed in there in one browser.
CREATE TABLE desk_session (
    session_hash     BLOB   NOT NULL PRIMARY KEY,  -- of its cookie
    bank             TEXT   NOT NULL,
    credential_id    BIGINT NOT NULL,
    identified_until BIGINT NOT NULL,              -- the second identity check counts so long; 0: none
    expires_at       BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX desk_session_by_expiry ON desk_session (expires_at);
