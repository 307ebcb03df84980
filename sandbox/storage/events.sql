
-- 通知の宛先: where a provider is told of events. The secret signs, so that no hash of it would do.
CREATE TABLE event_address (
    client_id   TEXT   NOT NULL PRIMARY KEY REFERENCES client (client_id),
    url         TEXT   NOT NULL,
    secret      TEXT   NOT NULL,                 -- withheld from every list, export and journal
    stopped_at  BIGINT                           -- the receiver said 410 Gone; NULL: it is told
) WITHOUT ROWID;

-- お知らせの経路 (T-36): a channel that differs from the notice itself
CREATE TABLE notice_channel (
    notice_id  TEXT   NOT NULL REFERENCES notice (notice_id) ON DELETE CASCADE,
    channel    TEXT   NOT NULL CHECK (channel IN ('page', 'api', 'mailbox', 'webhook')),
    at         BIGINT,                           -- NULL: never
    PRIMARY KEY (notice_id, channel)
) WITHOUT ROWID;

-- What has happened, or will have, and is no event yet: written with the change itself.
CREATE TABLE event_fact (
    number   INTEGER PRIMARY KEY,
    due_at   BIGINT NOT NULL,
    source   TEXT   NOT NULL,
    subject  TEXT   NOT NULL,
    UNIQUE (due_at, source, subject)
);

CREATE TABLE event (
    number       INTEGER PRIMARY KEY,
    event_id     TEXT   NOT NULL UNIQUE,
    type         TEXT   NOT NULL,
    bank         TEXT   NOT NULL,
    client_id    TEXT,                           -- NULL: all of the bank's
    occurred_at  BIGINT NOT NULL,
    data         TEXT   NOT NULL                 -- (JSON)
);

-- One event on its way to one provider
CREATE TABLE delivery (
    number       INTEGER PRIMARY KEY,
    delivery_id  TEXT   NOT NULL UNIQUE,
    event        BIGINT NOT NULL REFERENCES event (number) ON DELETE CASCADE,
    client_id    TEXT   NOT NULL,
    position     BIGINT NOT NULL,                -- of what is due at once the smaller goes first
    status       TEXT   NOT NULL CHECK (status IN (
        'waiting', 'held', 'delivered', 'given_up', 'stopped', 'dropped'
    )),
    next_at      BIGINT NOT NULL,
    failures     BIGINT NOT NULL,                -- since it was queued, or redelivered
    behind       BIGINT NOT NULL,                -- how many later ones go before it, while held
    fault        TEXT                            -- the rule that struck it, its effect (JSON)
);
CREATE INDEX delivery_by_turn ON delivery (client_id, status, next_at, position);
CREATE INDEX delivery_by_event ON delivery (event);

CREATE TABLE delivery_attempt (
    delivery   BIGINT NOT NULL REFERENCES delivery (number) ON DELETE CASCADE,
    number     BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    answer     BIGINT,                           -- HTTP status; NULL: there was none
    problem    TEXT,
    took_ms    BIGINT NOT NULL,
    signature  TEXT   NOT NULL,                  -- as it was sent: a replay sends it again
    PRIMARY KEY (delivery, number)
) WITHOUT ROWID;

-- Facts are written by triggers: whichever act makes the change, in its very transaction.
CREATE TRIGGER fact_of_new_grant AFTER INSERT ON access_grant BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (MIN(COALESCE(NEW.ended_at, NEW.expires_at), NEW.expires_at), 'grant', NEW.grant_id)
    ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_grant AFTER UPDATE OF ended_at, expires_at ON access_grant
WHEN NEW.ended_at IS NOT OLD.ended_at OR NEW.expires_at <> OLD.expires_at BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (MIN(COALESCE(NEW.ended_at, NEW.expires_at), NEW.expires_at), 'grant', NEW.grant_id)
    ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_notice AFTER INSERT ON notice BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (NEW.published_at, 'notice', NEW.notice_id) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_channel AFTER INSERT ON notice_channel
WHEN NEW.channel = 'webhook' AND NEW.at IS NOT NULL BEGIN
    INSERT INTO event_fact (due_at, source, subject) VALUES (NEW.at, 'notice', NEW.notice_id)
    ON CONFLICT DO NOTHING;
END;

-- Of announced maintenance alone: of an outage nobody is told (T-30).
CREATE TRIGGER fact_of_stop AFTER INSERT ON service_stop
WHEN NEW.kind = 'maintenance' AND NEW.announced_at IS NOT NULL BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (MAX(NEW.from_at, NEW.announced_at), 'stop_begun', NEW.stop_id) ON CONFLICT DO NOTHING;
    INSERT INTO event_fact (due_at, source, subject)
    SELECT NEW.until_at, 'stop_overrun', NEW.stop_id
    WHERE NEW.until_at IS NOT NULL AND NEW.overrun_ms > 0 ON CONFLICT DO NOTHING;
    INSERT INTO event_fact (due_at, source, subject)
    SELECT NEW.until_at + NEW.overrun_ms, 'stop_ended', NEW.stop_id
    WHERE NEW.until_at IS NOT NULL ON CONFLICT DO NOTHING;
END;

-- It is due whatever the time is; what was of it has to be said here.
CREATE TRIGGER fact_of_removed_stop AFTER DELETE ON service_stop
WHEN OLD.kind = 'maintenance' AND OLD.announced_at IS NOT NULL BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (0, 'stop_removed', json_object(
        'stop_id', OLD.stop_id, 'bank', OLD.bank, 'scope', json(OLD.scope), 'from_at', OLD.from_at,
        'until_at', OLD.until_at, 'overrun_ms', OLD.overrun_ms, 'announced_at', OLD.announced_at
    )) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_incident AFTER INSERT ON incident_entry BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (NEW.at, 'incident', NEW.incident_id || ':' || NEW.number) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_transfer AFTER INSERT ON transfer_act
WHEN NEW.status IN ('settled', 'failed', 'returned', 'expired') BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (NEW.at, 'transfer', NEW.request || ':' || NEW.number) ON CONFLICT DO NOTHING;
END;

-- 資金返却: what comes back at once is one fact of its request, however many items it has.
CREATE TRIGGER fact_of_refund AFTER UPDATE OF status ON transfer_item
WHEN NEW.status = 'refunded' AND OLD.status <> 'refunded' BEGIN
    INSERT INTO event_fact (due_at, source, subject) VALUES (NEW.status_at, 'refund', NEW.request)
    ON CONFLICT DO NOTHING;
END;

-- 組戻 of one item: asked for, agreed to, refused
CREATE TRIGGER fact_of_recall AFTER UPDATE OF status ON transfer_item
WHEN NEW.status IN ('recall_in_process', 'recalled', 'recall_failed') AND NEW.status <> OLD.status
BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (NEW.status_at, 'recall', NEW.request || ':' || NEW.position || ':' || NEW.status)
    ON CONFLICT DO NOTHING;
END;

-- What a client proves itself with. These are due at once: nobody changes them ahead of time.
CREATE TRIGGER fact_of_secret AFTER UPDATE OF secret_hash ON client
WHEN OLD.secret_hash IS NOT NULL AND NEW.secret_hash IS NOT NULL
    AND NEW.secret_hash <> OLD.secret_hash
BEGIN
    INSERT INTO event_fact (due_at, source, subject) VALUES (0, 'secret', NEW.client_id)
    ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_certificate AFTER UPDATE OF options ON client
WHEN NEW.options <> OLD.options BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (0, 'certificate', json_object('client_id', NEW.client_id, 'before', json(OLD.options)))
    ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_encryption_key AFTER UPDATE OF encryption_key ON service_contract
WHEN OLD.encryption_key IS NOT NULL AND NEW.encryption_key IS NOT NULL
    AND NEW.encryption_key <> OLD.encryption_key
BEGIN
    INSERT INTO event_fact (due_at, source, subject)
    VALUES (0, 'encryption_key', NEW.contractor_id) ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER fact_of_key AFTER INSERT ON signing_key BEGIN
    INSERT INTO event_fact (due_at, source, subject) VALUES (NEW.created_at, 'key', NEW.kid)
    ON CONFLICT DO NOTHING;
END;

-- Nobody listens any more.
CREATE TRIGGER address_of_ended_client AFTER UPDATE OF status ON client
WHEN NEW.status = 'ended' AND OLD.status <> 'ended' BEGIN
    DELETE FROM event_address WHERE client_id = NEW.client_id;
    UPDATE delivery SET status = 'stopped'
    WHERE client_id = NEW.client_id AND status IN ('waiting', 'held');
END;
