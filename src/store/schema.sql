-- The settings store, version 1 (PRAGMA user_version).

-- One row per key and source. The source with the highest number is what counts:
-- 0 default, 1 generator, 2 user data, 3 API. `value` is the JSON text of a scalar or an array.
CREATE TABLE live (
    key      TEXT    NOT NULL,
    source   INTEGER NOT NULL CHECK (source BETWEEN 0 AND 3),
    value    TEXT    NOT NULL,
    who      TEXT    NOT NULL,
    at       INTEGER NOT NULL, -- seconds since 1970, UTC
    strong   INTEGER NOT NULL CHECK (strong IN (0, 1)),
    PRIMARY KEY (key, source)
) WITHOUT ROWID;

-- Every committed change, oldest first; the store keeps the newest mebibyte. No values: some are
-- secrets, and they would fill the disk. `old` and `new` are of images that kept them, which still
-- read this table after a rollback: `old` stays NULL, `new` is empty, or NULL where a value was taken
-- away.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       INTEGER NOT NULL,
    tx       TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    source   INTEGER NOT NULL,
    who      TEXT    NOT NULL,
    old      TEXT,
    new      TEXT
);

-- Facts that outlive a boot: reports (as JSON text), and which OS version wrote last.
CREATE TABLE notes (
    name     TEXT PRIMARY KEY,
    text     TEXT NOT NULL
) WITHOUT ROWID;
