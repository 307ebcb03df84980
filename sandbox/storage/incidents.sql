
-- 事故 (T-18, T-19): what happened, what was frozen by it, and what was done
CREATE TABLE incident (
    incident_id  TEXT   NOT NULL PRIMARY KEY,
    bank         TEXT   NOT NULL,
    kind         TEXT   NOT NULL CHECK (kind IN ('leak', 'misuse')),
    status       TEXT   NOT NULL CHECK (status IN ('open', 'overdue', 'reported', 'closed')),
    client_id    TEXT   NOT NULL REFERENCES client (client_id),
    freeze       TEXT   NOT NULL CHECK (freeze IN ('grants', 'client', 'nothing')),
    opened_at    BIGINT NOT NULL,
    deadline_at  BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TABLE incident_grant (
    incident_id   TEXT NOT NULL REFERENCES incident (incident_id),
    grant_id      TEXT NOT NULL,
    suspended_as  TEXT,                          -- what it was suspended for before; NULL: nothing
    PRIMARY KEY (incident_id, grant_id)
) WITHOUT ROWID;

-- No row is ever changed or taken out: T-20.
CREATE TABLE incident_entry (
    incident_id    TEXT   NOT NULL REFERENCES incident (incident_id),
    number         BIGINT NOT NULL,
    at             BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    contractor_id  TEXT,                         -- of a disclosure: whose data it was
    detail         TEXT   NOT NULL,              -- (JSON)
    PRIMARY KEY (incident_id, number)
) WITHOUT ROWID;
