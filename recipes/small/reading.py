#!/usr/bin/env python3
"""Critiques to be read by people who don't know which model wrote them.

    reading.py sheet HELD.jsonl VERDICTS.jsonl [VERDICTS.jsonl ...] --out SHEET    SHEET.jsonl, SHEET.key.jsonl
    reading.py count ANSWERS.jsonl SHEET.key.jsonl > critiques-read.json

HELD are labelled dialogues that no model learned; VERDICTS what each model said of them, critiques
included. The sheet has up to 100 dialogues a language, the same of every model, in random order:
{"n","messages","label","critique"}, where label is the model's. ANSWERS are {"n","true","supports"}: is
what the critique says true of the dialogue (nothing made up, nobody mistaken for another), and does it
say why that label; both are false of an empty critique. Counted by model and language, in per cent.
"""

import argparse
import collections
import json
import random
import sys

from records import read_lines


def sheet(args):
    held = {record["id"]: record for record in read_lines(args.held)}
    verdicts = [{v["id"]: v for v in read_lines(path)} for path in args.verdicts]
    draw = random.Random(args.seed)
    chosen = []
    for language in ("en", "zh"):
        ids = sorted(i for i, record in held.items()
                     if record["lang"] == language and all(i in one for one in verdicts))
        chosen += draw.sample(ids, min(args.most, len(ids)))
    rows = [(i, one[i]) for i in chosen for one in verdicts]
    draw.shuffle(rows)
    with open(args.out + ".jsonl", "w", encoding="utf-8") as out, \
            open(args.out + ".key.jsonl", "w", encoding="utf-8") as key:
        for n, (i, verdict) in enumerate(rows, 1):
            print(json.dumps({"n": n, "messages": held[i]["messages"], "label": verdict["label"],
                              "critique": verdict["critique"]}, ensure_ascii=False), file=out)
            print(json.dumps({"n": n, "id": i, "lang": held[i]["lang"], "model": verdict["model"],
                              "right": verdict["label"] == held[i]["label"]}), file=key)
    print(f"{len(rows)} critiques of {len(chosen)} dialogues", file=sys.stderr)


def count(args):
    keys = {row["n"]: row for row in read_lines(args.key)}
    groups = collections.defaultdict(list)
    for answer in read_lines(args.answers):
        key = keys.pop(answer["n"])
        model = key["model"].split("@")[0].split("+")[-1]  # an adapter's own name
        groups[model, key["lang"]].append((answer["true"], answer["supports"], key["right"]))
    if keys:
        raise SystemExit(f"not read: {len(keys)} of the sheet")
    def share(answers, told):
        return round(100 * sum(map(told, answers)) / len(answers), 1)
    rows = [{"model": model, "lang": language, "read": len(answers),
             "true": share(answers, lambda a: a[0]), "supports": share(answers, lambda a: a[0] and a[1]),
             "supports_right_label": share(answers, lambda a: all(a))}
            for (model, language), answers in sorted(groups.items())]
    print(json.dumps({"rows": rows}, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("sheet")
    step.add_argument("held")
    step.add_argument("verdicts", nargs="+")
    step.add_argument("--out", required=True)
    step.add_argument("--most", type=int, default=100, help="dialogues a language")
    step.add_argument("--seed", type=int, default=1)
    step = steps.add_parser("count")
    step.add_argument("answers")
    step.add_argument("key")
    args = parser.parse_args()
    {"sheet": sheet, "count": count}[args.step](args)


if __name__ == "__main__":
    main()
