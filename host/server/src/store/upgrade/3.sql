-- Looks for copies of what was posted, calls in doubt, and what was deployed before.
ALTER TABLE outbox ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN receipt TEXT;

CREATE TABLE doubt (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    effect TEXT NOT NULL,
    done TEXT NOT NULL,
    at INTEGER NOT NULL,
    doubt TEXT NOT NULL,
    UNIQUE (effect, done)
) STRICT;
CREATE INDEX doubt_at ON doubt (at);

CREATE TABLE deployed (
    flow TEXT NOT NULL,
    digest TEXT NOT NULL,
    no INTEGER NOT NULL,
    PRIMARY KEY (flow, digest)
) STRICT, WITHOUT ROWID;
INSERT INTO deployed SELECT flow, digest, 1 FROM current;
