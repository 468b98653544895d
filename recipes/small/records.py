"""Records of JSON lines, as the scripts beside this read and choose them. Needs nothing but Python."""

import collections
import hashlib
import json


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def by_hash(records):
    """In an order that depends on the ids alone."""
    return sorted(records, key=lambda record: hashlib.sha256(record["id"].encode()).digest())


def bounded(records, key, most):
    """The first of each key by hash, at most `most(key)` of them."""
    counts, kept = collections.Counter(), []
    for record in by_hash(records):
        counts[key(record)] += 1
        if counts[key(record)] <= most(key(record)):
            kept.append(record)
    return kept
