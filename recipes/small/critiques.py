#!/usr/bin/env python3
"""Critiques for some of the training examples of models/small: which are asked for, and where what
was written goes.

    critiques.py choose DATA > asked.jsonl
    mores data critique asked.jsonl -o written.jsonl --model WRITER --max-new-tokens 128
    critiques.py merge DATA written.jsonl OUT       OUT: data of the second stage; of the third with
                                                    --replayed 3000 --behind 5000

DATA is a folder that `mores data build` wrote. Asked for are found texts whose label is learned, that
aren't shown rules or guidelines and have no critique: evenly by source, language and label, by the
hash of the id. A source's own critique is cut to whole sentences, first those on the response, of
together 420 characters: judges are to be read. OUT has the examples with critiques, and others of
DATA that replay their labels, in the mixture of the first stage: the first by the hash of the id.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

from records import by_hash, read_lines


def dump(record):
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def is_asked_for(record):
    return not (record.get("rules") or record.get("guideline") or "\n" in record["completion"]
                or record.get("label_weight", 1) == 0 or record["lang"] == "other"
                or record["source"].startswith(("contrasts_", "guidelines_")))


def evenly(records, most):
    """So many, in turn from each source, language and label."""
    groups = collections.defaultdict(list)
    for record in by_hash(records):
        groups[record["source"], record["lang"], record["label"]].append(record)
    turns = [groups[key][i] for i in range(max(map(len, groups.values()), default=0))
             for key in sorted(groups) if i < len(groups[key])]
    return turns[:most]


def choose(args):
    records = [record for record in read_lines(pathlib.Path(args.data) / "train.jsonl")
               if is_asked_for(record)
               and sum(len(turn["content"]) for turn in record["messages"]) <= args.characters]
    for record in evenly(records, args.most):
        print(dump(record))


def shortened(critique, most=420):
    critique = re.sub(r"^\[[a-z_]+\] ", "", critique)  # the record says its category
    for model, part in (("LLM response", "response"), ("LLM's", "assistant's"), ("the LLM", "the assistant")):
        critique = critique.replace(model, part)
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
    written = {record["id"]: record["completion"] for record in read_lines(args.written)}
    critiques, others = [], []
    for record in read_lines(data / "train.jsonl"):
        label, _, critique = record["completion"].partition("\n")
        if record["id"] in written:
            written_label, _, critique = written.pop(record["id"]).partition("\n")
            assert written_label == label, record["id"]
        elif record["source"].startswith("xguard"):
            critique = shortened(critique)
        else:
            others.append(record)
            continue
        if not critique or critique.startswith(("[rule", "[规则")):
            others.append({**record, "completion": record["completion"] if critique else label,
                           "critique_weight": record.get("critique_weight", 0)})
            continue
        record["completion"] = label + "\n" + critique
        record.pop("critique_weight", None)
        critiques.append(record)
    assert not written, sorted(written)[:3]
    learned = [record for record in others if record.get("label_weight", 1) > 0]
    train = by_hash(critiques + by_hash(learned)[args.behind:args.behind + args.replayed])
    out.mkdir(parents=True, exist_ok=True)
    with open(out / "train.jsonl", "w", encoding="utf-8") as file:
        file.writelines(dump(record) + "\n" for record in train)
    print(f"{len(critiques)} critiques, {len(train) - len(critiques)} labels replayed", file=sys.stderr)


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
    step.add_argument("--replayed", type=int, default=5000, help="examples of labels alone")
    step.add_argument("--behind", type=int, default=0, help="so many that were replayed before")
    args = parser.parse_args()
    {"choose": choose, "merge": merge}[args.step](args)


if __name__ == "__main__":
    main()
