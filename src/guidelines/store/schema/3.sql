-- Schema 3: proposed guidelines, sets that somebody vouches for, how many must rule, and who has
-- seen the rulings of others.

-- As in schema 1, with one status more and `trusted`: of status imported, whether who made the
-- version vouches for it.
DROP TRIGGER version_stays;
DROP TRIGGER version_is_kept;
CREATE TABLE new_version (
  guideline INTEGER NOT NULL REFERENCES guideline,
  version INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('norm', 'policy')),
  topic TEXT NOT NULL,
  text TEXT NOT NULL CHECK (text <> ''),
  lang TEXT NOT NULL,
  polarity TEXT NOT NULL CHECK (polarity IN ('expected', 'violation')),
  status TEXT NOT NULL CHECK (status IN ('imported', 'generated', 'proposed', 'machine-validated',
                                         'human-validated', 'contested', 'withdrawn')),
  valid_from TEXT NOT NULL,       -- '' where there is no bound
  valid_to TEXT NOT NULL,
  hash TEXT NOT NULL,             -- SHA-256 of the content, guideline.h
  changed_by TEXT NOT NULL,
  changed_at TEXT NOT NULL,
  reason TEXT NOT NULL,
  trusted INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (guideline, version)
) WITHOUT ROWID;
INSERT INTO new_version SELECT guideline, version, kind, topic, text, lang, polarity, status,
  valid_from, valid_to, hash, changed_by, changed_at, reason, 0 FROM version;
DROP TABLE version;
ALTER TABLE new_version RENAME TO version;
CREATE TRIGGER version_stays BEFORE UPDATE ON version
  BEGIN SELECT RAISE(ABORT, 'versions are never changed'); END;
CREATE TRIGGER version_is_kept BEFORE DELETE ON version
  BEGIN SELECT RAISE(ABORT, 'versions are never deleted'); END;

-- As in schema 2, with one act more: 'sight', by who was shown the rulings of others on a version
-- without having ruled on it, and can't rule on it any more.
DROP TRIGGER review_stays;
DROP TRIGGER review_is_kept;
DROP INDEX review_guideline;
DROP INDEX review_once;
CREATE TABLE new_review (
  key INTEGER PRIMARY KEY,
  guideline INTEGER NOT NULL REFERENCES guideline,
  version INTEGER NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('ruling', 'adjudication', 'complaint', 'withdrawal', 'sight')),
  ruling TEXT NOT NULL,           -- 'correct', 'wrong', 'unsure'; '' for a complaint or a sight
  reviewer TEXT NOT NULL,
  reviewer_place TEXT NOT NULL,   -- place and group that the reviewer is from: 'NG+tiv', or ''
  at TEXT NOT NULL,
  reason TEXT NOT NULL
);
INSERT INTO new_review SELECT key, guideline, version, act, ruling, reviewer, reviewer_place, at,
  reason FROM review;
DROP TABLE review;
ALTER TABLE new_review RENAME TO review;
CREATE INDEX review_guideline ON review (guideline, version);
CREATE UNIQUE INDEX review_once ON review (guideline, version, reviewer) WHERE act = 'ruling';
CREATE TRIGGER review_stays BEFORE UPDATE ON review
  BEGIN SELECT RAISE(ABORT, 'reviews are never changed'); END;
CREATE TRIGGER review_is_kept BEFORE DELETE ON review
  BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;

-- How many others must rule before a version can be settled. The last row holds; 2 where there is
-- none. Rows are never changed.
CREATE TABLE enough_rulings (
  key INTEGER PRIMARY KEY,
  number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 100),
  set_by TEXT NOT NULL,
  set_at TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE TRIGGER enough_rulings_stay BEFORE UPDATE ON enough_rulings
  BEGIN SELECT RAISE(ABORT, 'these are never changed'); END;
CREATE TRIGGER enough_rulings_are_kept BEFORE DELETE ON enough_rulings
  BEGIN SELECT RAISE(ABORT, 'these are never deleted'); END;
