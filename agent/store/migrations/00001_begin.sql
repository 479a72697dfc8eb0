-- One schema for SQLite and PostgreSQL: identifiers are TEXT, times are milliseconds since 1970 in a BIGINT, flags are 0 or 1.

-- +goose Up
CREATE TABLE jobs (
    name     TEXT   NOT NULL PRIMARY KEY,
    spec     TEXT   NOT NULL, -- as JSON
    next_due BIGINT NOT NULL, -- 0: never
    paused   BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    changed  BIGINT NOT NULL
);

CREATE TABLE runs (
    id       TEXT   NOT NULL PRIMARY KEY,
    job      TEXT   NOT NULL, -- which may be gone
    number   BIGINT NOT NULL, -- 1, 2, 3, ... of the job
    due      BIGINT NOT NULL,
    cause    TEXT   NOT NULL,
    state    TEXT   NOT NULL,
    attempt  BIGINT NOT NULL, -- how often it was started
    failures BIGINT NOT NULL, -- how many attempts came to nothing
    beat     BIGINT NOT NULL, -- counts up while somebody works on it
    worker   TEXT   NOT NULL,
    queued   BIGINT NOT NULL,
    started  BIGINT NOT NULL,
    ended    BIGINT NOT NULL,
    result   TEXT   NOT NULL,
    exit     BIGINT NOT NULL,
    message  TEXT   NOT NULL,
    passed   BIGINT NOT NULL,
    failed   BIGINT NOT NULL,
    unknown  BIGINT NOT NULL,
    waived   BIGINT NOT NULL,
    report   TEXT   NOT NULL, -- the digest of a document
    UNIQUE (job, due),
    UNIQUE (job, number)
);
CREATE INDEX runs_by_end ON runs (ended, job);
CREATE INDEX runs_by_state ON runs (state);

CREATE TABLE targets (
    run      TEXT   NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq      BIGINT NOT NULL,
    image    TEXT   NOT NULL,
    machine  TEXT   NOT NULL, -- the name of the guest, or of its image where it has none
    result   TEXT   NOT NULL,
    taken    BIGINT NOT NULL, -- when the image was written
    ended    BIGINT NOT NULL, -- when the run was
    score    DOUBLE PRECISION NOT NULL,
    passed   BIGINT NOT NULL,
    failed   BIGINT NOT NULL,
    unknown  BIGINT NOT NULL,
    facts    TEXT   NOT NULL, -- the digest of a document, or ''
    PRIMARY KEY (run, seq)
);
CREATE INDEX targets_by_machine ON targets (machine, ended);

CREATE TABLE findings (
    run         TEXT   NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq         BIGINT NOT NULL, -- of the target
    fingerprint TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    severity    TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    PRIMARY KEY (run, seq, fingerprint, id)
);

CREATE TABLE documents (
    digest TEXT  NOT NULL PRIMARY KEY,
    body   BYTEA NOT NULL -- compressed with zstd
);

CREATE TABLE notices (
    id       TEXT   NOT NULL PRIMARY KEY, -- by which a receiver knows it again
    job      TEXT   NOT NULL, -- which may be gone
    run      BIGINT NOT NULL, -- its number
    channel  TEXT   NOT NULL, -- as the job has it: secrets by reference only
    name     TEXT   NOT NULL, -- of the channel, for people
    body     TEXT   NOT NULL, -- as JSON
    created  BIGINT NOT NULL,
    attempts BIGINT NOT NULL, -- how often it was tried to send it
    sender   TEXT   NOT NULL, -- who sends it at the moment, or ''
    next     BIGINT NOT NULL, -- when somebody else may try, or 0 when it is over
    sent     BIGINT NOT NULL, -- 0: not
    error    TEXT   NOT NULL  -- of the last attempt
);
CREATE INDEX notices_by_job ON notices (job, created);
CREATE INDEX notices_by_next ON notices (next);

CREATE TABLE agents (
    id      TEXT   NOT NULL PRIMARY KEY,
    host    TEXT   NOT NULL,
    pid     BIGINT NOT NULL,
    version TEXT   NOT NULL,
    started BIGINT NOT NULL,
    seen    BIGINT NOT NULL,
    leads   BIGINT NOT NULL
);

-- +goose Down
DROP TABLE agents;
DROP TABLE notices;
DROP TABLE documents;
DROP TABLE findings;
DROP TABLE targets;
DROP TABLE runs;
DROP TABLE jobs;
