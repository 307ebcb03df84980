
-- What a fault rule has decided of a request when it fell due (F-36, F-38), until it is sent again
CREATE TABLE transfer_result (
    request        BIGINT NOT NULL PRIMARY KEY,
    registered_at  BIGINT NOT NULL,              -- of the sending in that it was decided about
    fault_id       TEXT   NOT NULL,
    effect         TEXT   NOT NULL               -- (JSON)
) WITHOUT ROWID;
