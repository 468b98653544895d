-- GeoSafeDB, schema 1 (docs/formats/guideline-database.md). Texts are UTF-8, days YYYY-MM-DD,
-- times 2026-01-31T12:00:00Z. Every change of a guideline is a new row of `version`; no row of it
-- is ever changed or deleted.

CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE place (
  code TEXT PRIMARY KEY,          -- ISO 3166-1 alpha-2 or 3166-2, XK
  parent TEXT REFERENCES place,   -- null for a country
  name_en TEXT NOT NULL,
  name_zh TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE people_group (
  id TEXT PRIMARY KEY,
  name_en TEXT NOT NULL,
  name_zh TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('people', 'community', 'region'))
) WITHOUT ROWID;

CREATE TABLE group_place (
  group_id TEXT NOT NULL REFERENCES people_group,
  place TEXT NOT NULL REFERENCES place,
  PRIMARY KEY (group_id, place)
) WITHOUT ROWID;
CREATE INDEX group_place_place ON group_place (place);

-- Names in released files that stand where a group should and are none.
CREATE TABLE unmapped (
  name TEXT NOT NULL,
  place TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (name, place)
) WITHOUT ROWID;

CREATE TABLE source (
  key INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  publisher TEXT NOT NULL,
  address TEXT NOT NULL,
  date_read TEXT NOT NULL,        -- '' where it isn't known
  licence TEXT NOT NULL,          -- '' where nothing is stated
  redistributable INTEGER NOT NULL,
  UNIQUE (title, publisher, address, date_read, licence, redistributable)
);

CREATE TABLE guideline (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  current INTEGER NOT NULL        -- its latest version
);

CREATE TABLE version (
  guideline INTEGER NOT NULL REFERENCES guideline,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('norm', 'policy')),
  topic TEXT NOT NULL,
  text TEXT NOT NULL CHECK (text <> ''),
  lang TEXT NOT NULL,
  polarity TEXT NOT NULL CHECK (polarity IN ('expected', 'violation')),
  status TEXT NOT NULL CHECK (status IN ('imported', 'generated', 'machine-validated',
                                         'human-validated', 'contested', 'withdrawn')),
  valid_from TEXT NOT NULL,       -- '' where there is no bound
  valid_to TEXT NOT NULL,
  hash TEXT NOT NULL,             -- SHA-256 of the content, guideline.h
  changed_by TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (guideline, version)
) WITHOUT ROWID;

CREATE TABLE version_place (
  guideline INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  place TEXT NOT NULL REFERENCES place,
  PRIMARY KEY (guideline, version, position)
) WITHOUT ROWID;
CREATE INDEX version_place_place ON version_place (place);

CREATE TABLE version_group (
  guideline INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  group_id TEXT NOT NULL REFERENCES people_group,
  PRIMARY KEY (guideline, version, position)
) WITHOUT ROWID;

CREATE TABLE version_source (
  guideline INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  source INTEGER NOT NULL REFERENCES source,
  PRIMARY KEY (guideline, version, position)
) WITHOUT ROWID;

-- The passages that a version rests on.
CREATE TABLE version_passage (
  guideline INTEGER NOT NULL,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL,
  passage TEXT NOT NULL REFERENCES passage (id),
  PRIMARY KEY (guideline, version, position)
) WITHOUT ROWID;

CREATE TRIGGER version_stays BEFORE UPDATE ON version
  BEGIN SELECT RAISE(ABORT, 'versions are never changed'); END;
CREATE TRIGGER version_is_kept BEFORE DELETE ON version
  BEGIN SELECT RAISE(ABORT, 'versions are never deleted'); END;

CREATE TABLE passage (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  topic TEXT NOT NULL,
  heading TEXT NOT NULL,
  text TEXT NOT NULL,
  lang TEXT NOT NULL,
  source INTEGER NOT NULL REFERENCES source
);
CREATE TABLE passage_place (
  passage INTEGER NOT NULL REFERENCES passage,
  place TEXT NOT NULL REFERENCES place,
  PRIMARY KEY (passage, place)
) WITHOUT ROWID;
CREATE INDEX passage_place_place ON passage_place (place);

-- Queries of a benchmark, whole; `fields` is the record as released, as JSON.
CREATE TABLE benchmark_query (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  type INTEGER NOT NULL,
  query TEXT NOT NULL,
  places TEXT NOT NULL,           -- JSON list of codes
  groups TEXT NOT NULL,           -- JSON list of ids
  guidelines TEXT NOT NULL,       -- JSON list of ids
  flags TEXT NOT NULL,            -- JSON list
  fields TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE import (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  imported_by TEXT NOT NULL,
  imported_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  counts TEXT NOT NULL            -- JSON
);
CREATE TABLE repair (
  import INTEGER NOT NULL REFERENCES import,
  position INTEGER NOT NULL,
  file TEXT NOT NULL,
  record INTEGER NOT NULL,        -- from 1; 0: the file
  line INTEGER NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY (import, position)
) WITHOUT ROWID;

-- What search reads: one row for the current version of each guideline, and for each passage.
-- Words of Chinese texts stand apart by spaces, so that any SQLite with FTS5 can search it:
--   SELECT guideline, passage FROM document JOIN search ON document.key = search.rowid
--   WHERE search MATCH 'gift' ORDER BY rank;
CREATE TABLE document (
  key INTEGER PRIMARY KEY,
  guideline INTEGER UNIQUE REFERENCES guideline,
  passage INTEGER UNIQUE REFERENCES passage,
  place TEXT NOT NULL,            -- names of places and groups in both languages
  topic TEXT NOT NULL,
  body TEXT NOT NULL
);
CREATE VIRTUAL TABLE search USING fts5 (place, topic, body, content='document',
  content_rowid='key', tokenize="porter unicode61 remove_diacritics 2");
CREATE TRIGGER document_added AFTER INSERT ON document BEGIN
  INSERT INTO search (rowid, place, topic, body) VALUES (new.key, new.place, new.topic, new.body);
END;
CREATE TRIGGER document_removed AFTER DELETE ON document BEGIN
  INSERT INTO search (search, rowid, place, topic, body)
    VALUES ('delete', old.key, old.place, old.topic, old.body);
END;
CREATE TRIGGER document_changed AFTER UPDATE ON document BEGIN
  INSERT INTO search (search, rowid, place, topic, body)
    VALUES ('delete', old.key, old.place, old.topic, old.body);
  INSERT INTO search (rowid, place, topic, body) VALUES (new.key, new.place, new.topic, new.body);
END;
