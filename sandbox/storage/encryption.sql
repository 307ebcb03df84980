-- Field encryption (項目暗号化, W-39). The present key stands in service_contract.

-- Contractors for whom it is on
CREATE TABLE field_encryption (
    contractor_id TEXT NOT NULL PRIMARY KEY REFERENCES contractor (contractor_id)
) WITHOUT ROWID;

-- Keys that were changed: until readable_until they open requests, then they explain a failure
CREATE TABLE former_key (
    contractor_id  TEXT    NOT NULL REFERENCES contractor (contractor_id),
    number         INTEGER NOT NULL,  -- 1, 2, … in the order of the changes
    secret         BLOB    NOT NULL,
    readable_until BIGINT  NOT NULL,
    PRIMARY KEY (contractor_id, number)
) WITHOUT ROWID;
