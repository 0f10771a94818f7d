-- Times are milliseconds since 1970-01-01 UTC. JSON is what serde makes of the model's types.
CREATE TABLE schema (version INTEGER NOT NULL) STRICT;

-- Ids of accepted events, for a day. No index on the time: accept is hot, and the sweep walks in small steps.
CREATE TABLE seen (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What changes with each claim and commit; rows stay small and are never deleted.
CREATE TABLE place (
    no INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL DEFAULT 0,
    last INTEGER NOT NULL DEFAULT 0,        -- the number of the latest event
    generation INTEGER NOT NULL DEFAULT 0,  -- of the latest conversation
    attempt INTEGER NOT NULL DEFAULT 0,     -- of the current event
    claimed INTEGER NOT NULL DEFAULT 0,
    ready INTEGER,                          -- an event can be claimed: a hold, a backoff or a lease ends
    tick INTEGER,                           -- decides between equals
    current_sent INTEGER,                   -- the event that was claimed first and is not committed
    current_number INTEGER,
    current_step INTEGER,
    pin TEXT,                               -- set if and only if there is a journal
    rank INTEGER,                           -- it stands in line, for a claim found that its event can be taken
    share TEXT                              -- then: in which lane, and for whom
) STRICT;
CREATE INDEX place_ready ON place (ready, tick) WHERE ready IS NOT NULL AND rank IS NULL;
CREATE INDEX place_line ON place (rank, tick) WHERE rank IS NOT NULL;
CREATE INDEX place_share ON place (share, rank) WHERE rank IS NOT NULL;

CREATE TABLE inbox (
    place INTEGER NOT NULL REFERENCES place,
    sent INTEGER NOT NULL,  -- microseconds: the order among what waits
    number INTEGER NOT NULL,
    step INTEGER NOT NULL,
    hold INTEGER NOT NULL,  -- it is not claimed before
    inbound TEXT NOT NULL,
    PRIMARY KEY (place, sent, number, step)
) STRICT, WITHOUT ROWID;

-- Of the current event of a place. An intent (part 0) and its result (part 1) are two rows, so that a result does not
-- write the request again.
CREATE TABLE journal (
    place INTEGER NOT NULL REFERENCES place,
    call INTEGER NOT NULL,
    part INTEGER NOT NULL,
    name TEXT,
    at INTEGER,
    text TEXT NOT NULL,
    PRIMARY KEY (place, call, part)
) STRICT, WITHOUT ROWID;

-- Open conversations.
CREATE TABLE conversation (
    place INTEGER PRIMARY KEY REFERENCES place,
    generation INTEGER NOT NULL,
    flow TEXT NOT NULL,
    digest TEXT NOT NULL,
    person TEXT NOT NULL,  -- who began it
    rest TEXT NOT NULL,
    state BLOB NOT NULL
) STRICT;
CREATE INDEX conversation_version ON conversation (digest, flow);

-- Timers and exchanges belong to the place's open conversation.
CREATE TABLE timer (
    place INTEGER NOT NULL REFERENCES conversation,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (place, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due);

CREATE TABLE exchange (
    place INTEGER NOT NULL REFERENCES conversation,
    no INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    PRIMARY KEY (place, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    place INTEGER NOT NULL REFERENCES place,
    no INTEGER NOT NULL,
    id TEXT NOT NULL UNIQUE,
    attempt INTEGER NOT NULL DEFAULT 0,
    in_doubt INTEGER NOT NULL DEFAULT 0,
    sending INTEGER NOT NULL DEFAULT 0,  -- 2: somebody came while it was being sent
    due INTEGER,                         -- it can be taken then: the first message of a place, or a closing one
    choices INTEGER NOT NULL,
    closes TEXT,                         -- the message whose choices it takes away; such a row stands in no order
    sent INTEGER NOT NULL DEFAULT 0,     -- copies of it are looked for; such a row stands in no order either
    receipt TEXT,                        -- of one that was sent
    message TEXT NOT NULL,
    PRIMARY KEY (place, no)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due) WHERE due IS NOT NULL;
CREATE INDEX outbox_closes ON outbox (closes) WHERE closes IS NOT NULL;

-- Messages with choices, where they were posted to, until they are closed.
CREATE TABLE posted (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    message TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX posted_at ON posted (at);

CREATE TABLE completion (
    no INTEGER PRIMARY KEY,
    conversation TEXT NOT NULL UNIQUE,
    flow TEXT NOT NULL,
    completion TEXT NOT NULL
) STRICT;
CREATE INDEX completion_flow ON completion (flow, no);

CREATE TABLE dead (no INTEGER PRIMARY KEY AUTOINCREMENT, letter TEXT NOT NULL) STRICT;

-- Calls in doubt, once for each and what was done about it.
CREATE TABLE doubt (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    effect TEXT NOT NULL,
    done TEXT NOT NULL,
    at INTEGER NOT NULL,
    doubt TEXT NOT NULL,
    UNIQUE (effect, done)
) STRICT;
CREATE INDEX doubt_at ON doubt (at);

CREATE TABLE component (
    digest TEXT PRIMARY KEY,
    held INTEGER NOT NULL  -- when it was last current or held by a conversation, where it is neither
) STRICT, WITHOUT ROWID;
CREATE TABLE component_bytes (
    digest TEXT PRIMARY KEY REFERENCES component ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE current (
    flow TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES component
) STRICT, WITHOUT ROWID;

-- What was current of each flow, the latest with the highest number.
CREATE TABLE deployed (
    flow TEXT NOT NULL,
    digest TEXT NOT NULL,
    no INTEGER NOT NULL,
    PRIMARY KEY (flow, digest)
) STRICT, WITHOUT ROWID;
