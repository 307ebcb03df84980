-- Answers kept for a repeated call (Idempotency-Key), until their time is over.
CREATE TABLE idempotency (
    client_id    TEXT   NOT NULL,
    key_hash     BLOB   NOT NULL,
    fingerprint  BLOB   NOT NULL,                -- of the call: method, path and contents
    answer       BLOB   NOT NULL,                -- the body, before any field is encrypted (JSON)
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, key_hash)
) WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
