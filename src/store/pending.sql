-- What a named transaction will do to `live`. No value: take the row of this source away.
-- In memory (temp_store): a transaction that was not committed belongs to the run that began it,
-- so opening the store drops stale ones, a PATCH costs no disk flush, and a discarded secret never
-- reaches the disk. SQLite still joins it to the commit's transaction.
CREATE TEMP TABLE pending (
    tx       TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    source   INTEGER NOT NULL CHECK (source BETWEEN 0 AND 3),
    value    TEXT,
    who      TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    strong   INTEGER NOT NULL CHECK (strong IN (0, 1)),
    PRIMARY KEY (tx, key, source)
) WITHOUT ROWID;
