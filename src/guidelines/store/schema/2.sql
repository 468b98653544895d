-- Schema 2: vectors of documents, and reviews by people.

-- Little-endian float32, of length 1, by the model named; of the document's text as it was.
CREATE TABLE vector (
  document INTEGER NOT NULL REFERENCES document,
  model TEXT NOT NULL,
  text_hash TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (document, model)
) WITHOUT ROWID;

-- What people said of a version. Rulings are blind: no reviewer is shown another's before the
-- version is adjudicated. Rows are never changed.
CREATE TABLE review (
  key INTEGER PRIMARY KEY,
  guideline INTEGER NOT NULL REFERENCES guideline,
  version INTEGER NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('ruling', 'adjudication', 'complaint', 'withdrawal')),
  ruling TEXT NOT NULL,           -- 'correct', 'wrong', 'unsure'; '' for a complaint
  reviewer TEXT NOT NULL,
  reviewer_place TEXT NOT NULL,   -- place and group that the reviewer is from: 'NG+tiv', or ''
  at TEXT NOT NULL,
  reason TEXT NOT NULL
);
CREATE INDEX review_guideline ON review (guideline, version);
CREATE UNIQUE INDEX review_once ON review (guideline, version, reviewer) WHERE act = 'ruling';
CREATE TRIGGER review_stays BEFORE UPDATE ON review
  BEGIN SELECT RAISE(ABORT, 'reviews are never changed'); END;
CREATE TRIGGER review_is_kept BEFORE DELETE ON review
  BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
