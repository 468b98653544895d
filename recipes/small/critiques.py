#!/usr/bin/env python3
"""Critiques for some of the training examples of models/small: which are asked for, and where what
was written goes.

    critiques.py choose DATA > asked.jsonl
    mores data critique asked.jsonl -o written.jsonl --model WRITER --max-new-tokens 96
    critiques.py merge DATA written.jsonl OUT       OUT: DATA with the critiques in train.jsonl

DATA is a folder that `mores data build` wrote. Asked for are found texts whose label is learned, that
aren't shown rules or guidelines and have no critique: evenly by source, language and label, by the
hash of the id. A source's own critique is cut to whole sentences, first those on the response, of
together 420 characters: judges are to be read. In OUT an example with a critique learns it with the weight that the training recipe
gives critiques; all others learn their label alone, as before.
"""

import argparse
import collections
import hashlib
import json
import pathlib
import re
import shutil
import sys


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def dump(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def is_asked_for(record):
    return not (record.get("rules") or record.get("guideline") or "\n" in record["completion"]
                or record.get("label_weight", 1) == 0 or record["lang"] == "other"
                or record["source"].startswith(("contrasts_", "guidelines_")))


def choose(args):
    groups = collections.defaultdict(list)
    for record in read(pathlib.Path(args.data) / "train.jsonl"):
        if is_asked_for(record) and sum(len(turn["content"]) for turn in record["messages"]) <= args.characters:
            groups[record["source"], record["lang"], record["label"]].append(record)
    for group in groups.values():
        group.sort(key=lambda r: hashlib.sha256(r["id"].encode()).digest())
    chosen = []
    for i in range(max(map(len, groups.values()))):
        chosen += [groups[key][i] for key in sorted(groups) if i < len(groups[key])]
    for record in chosen[:args.most]:
        print(dump(record))


def shortened(critique, most=420):
    critique = re.sub(r"^\[[a-z_]+\] ", "", critique)  # the record says its category
    sentences = re.split(r"(?<=[.!?]) +", critique)
    kept, left = set(), most
    for i in sorted(range(len(sentences)), key=lambda i: ("response" not in sentences[i], i)):
        if len(sentences[i]) > left:
            break
        kept.add(i)
        left -= len(sentences[i]) + 1
    return " ".join(sentences[i] for i in sorted(kept))


def merge(args):
    data, out = pathlib.Path(args.data), pathlib.Path(args.out)
    written = {record["id"]: record["completion"] for record in read(args.written)}
    out.mkdir(parents=True, exist_ok=True)
    merged = 0
    with open(out / "train.jsonl", "w", encoding="utf-8") as file:
        for record in read(data / "train.jsonl"):
            if record["id"] in written:
                label, _, critique = written[record["id"]].partition("\n")
                assert label == record["completion"].split("\n")[0], record["id"]
                record["completion"] = label + "\n" + critique
                record.pop("critique_weight", None)
                merged += 1
            elif record["source"].startswith("xguard") and "\n" in record["completion"]:
                label, _, critique = record["completion"].partition("\n")
                critique = shortened(critique)
                record["completion"] = label + ("\n" + critique if critique else "")
            file.write(dump(record) + "\n")
    for name in ("valid.jsonl", "holdout.jsonl", "triples.jsonl"):
        if (data / name).exists():
            shutil.copy(data / name, out / name)
    print(f"{merged} of {len(written)} critiques merged", file=sys.stderr)
    assert merged == len(written)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("choose")
    step.add_argument("data")
    step.add_argument("--most", type=int, default=600)
    step.add_argument("--characters", type=int, default=600, help="a dialogue has at most")
    step = steps.add_parser("merge")
    step.add_argument("data")
    step.add_argument("written")
    step.add_argument("out")
    args = parser.parse_args()
    {"choose": choose, "merge": merge}[args.step](args)


if __name__ == "__main__":
    main()
