#!/usr/bin/env python3
"""Data for training with groups of sources left out, and what comes of it.

    folds.py write DATA OUT [--without NAME ...]    OUT/<fold>/train.jsonl and left.jsonl for each fold
    mores train sft labels.toml --data OUT/<fold> -o OUT/<fold>/model
    mores judge OUT/<fold>/left.jsonl -o OUT/<fold>/verdicts.jsonl --model OUT/<fold>/model \\
        --label-only --no-category-scores
    folds.py table OUT [OUT ...]
    folds.py calibrate OUT HELD VERDICTS            what critiques.toml says of probabilities
    folds.py held DATA > held.jsonl                 validation records that figures are told of

DATA is a folder that `mores data build` wrote. A fold leaves out two groups of sources at a time
(FOLDS), of which each is scored for itself: six trainings would take twice as long. What a fold reads
is bounded (MOST), by the hash of an example's id. Scored are found texts whose label is learned, from
training and validation split alike, since nothing of the group was read; never contrasts that were
made. Records without a label of their own, and guidelines, are left out of both.

`calibrate` fits a temperature a language to what was left out, groups and labels alike. Where that says the
opposite of the labels (Chinese: what is read there foretells nothing of the rest), to HELD, held-out
records of sources that were read, with the finished model's VERDICTS. A bias and a threshold are fitted
too, to show whether they would help on groups that they weren't fitted to.
"""

import argparse
import collections
import json
import pathlib
import sys

from records import bounded, by_hash, read_lines
from screen import GROUPS, SHARED, auroc, balanced_accuracy, bootstrap, group_of

import numpy as np

FOLDS = {"a": ("chinese", "safetext"), "b": ("cipherchat", "questions"), "c": ("diasafety", "jailbreaks")}
# Records of a group that a fold reads, and of a group and label that are scored.
MOST = {"chinese": 500, "cipherchat": 450, "diasafety": 550, "jailbreaks": 250, "safetext": 300}
MOST_CONTRASTS = 160
MOST_SCORED = 150


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def is_made(record):
    return record["source"].startswith("contrasts_")


def write(args):
    data, out = pathlib.Path(args.data), pathlib.Path(args.out)
    learned = [r for r in read_lines(data / "train.jsonl") + read_lines(data / "valid.jsonl")
               if group_of(r) and not r.get("guideline") and r.get("label_weight", 1) > 0]
    plain = [r for r in learned if not r.get("rules") and not is_made(r)]
    for fold, groups in FOLDS.items():
        seen = [r for r in learned if group_of(r) not in groups
                and not any(r["source"].startswith(name) for name in args.without)]
        train = bounded([r for r in seen if not is_made(r)], group_of, lambda g: MOST.get(g, 10**9))
        train += bounded([r for r in seen if is_made(r)], group_of, lambda _: MOST_CONTRASTS)
        left = bounded([r for r in plain if group_of(r) in groups],
                       lambda r: (group_of(r), r["label"]), lambda k: MOST_SCORED)
        (out / fold).mkdir(parents=True, exist_ok=True)
        write_lines(out / fold / "train.jsonl", by_hash(train))
        write_lines(out / fold / "left.jsonl", left)
        print(fold, "without", *groups, "-", len(train), "to read,", len(left), "scored")


def is_told(record):
    return (group_of(record) and not is_made(record) and not record.get("guideline")
            and record.get("label_weight", 1) > 0)


def held(args):
    for record in read_lines(pathlib.Path(args.data) / "valid.jsonl"):
        if is_told(record):
            print(json.dumps(record, ensure_ascii=False))


def verdicts_of(out):
    """Group, unsafe, probability, language and request of what was left out."""
    rows = []
    for fold in FOLDS:
        records = {r["id"]: r for r in read_lines(out / fold / "left.jsonl")}
        if not (out / fold / "verdicts.jsonl").exists():
            print(f"{fold} isn't judged yet", file=sys.stderr)
            continue
        for verdict in read_lines(out / fold / "verdicts.jsonl"):
            record = records[verdict["id"]]
            rows.append((group_of(record), record["label"] == "unsafe",
                         verdict.get("p_raw", verdict["p_unsafe"]),
                         record["lang"], record.get("group", record["id"])))
    return rows


def threshold_without(group, groups, unsafe, scores):
    """The one with the best mean over the other groups."""
    tried = np.quantile(scores[groups != group], np.linspace(0.02, 0.98, 97))
    others = [g for g in sorted(set(groups)) if g != group]
    return max(tried, key=lambda t: np.mean([balanced_accuracy(unsafe[groups == g], scores[groups == g] > t)
                                             for g in others]))


def table(args):
    names = sorted(set(GROUPS.values()))
    print("candidate", "mean", "worst", "AUROC", *names, sep="\t")
    for out in map(pathlib.Path, args.out):
        rows = verdicts_of(out)
        groups, unsafe, scores, _, requests = map(np.array, zip(*rows))
        cells, values, errors, areas = [], [], [], []
        for name in names:
            inside = groups == name
            said = scores[inside] > threshold_without(name, groups, unsafe, scores)
            values.append(100 * balanced_accuracy(unsafe[inside], said))
            errors.append(100 * bootstrap(unsafe[inside], said, requests[inside]))
            areas.append(100 * auroc(unsafe[inside], scores[inside]))
            half = 100 * balanced_accuracy(unsafe[inside], scores[inside] > 0.5)
            cells.append(f"{values[-1]:.1f} ({areas[-1]:.1f}; {half:.1f} at one half)")
        error = np.sqrt(np.sum(np.square(errors))) / len(errors)
        print(out.name, f"{np.mean(values):.1f} ± {error:.1f}", f"{min(values):.1f}",
              f"{np.mean(areas):.1f}", *cells, sep="\t")


def logit(p):
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def cell_weights(groups, unsafe):
    """Each group and label counts alike."""
    cells = collections.Counter(zip(groups, unsafe))
    return np.array([1 / cells[key] for key in zip(groups, unsafe)])


def temperature(groups, unsafe, p):
    """The likeliest by a search over slopes; None where the probabilities say the opposite of the
    labels, or nothing."""
    weights, x = cell_weights(groups, unsafe), np.where(unsafe, 1, -1) * logit(p)
    slopes = np.linspace(-1, 3, 801)
    slope = min(slopes, key=lambda slope: np.sum(weights * np.logaddexp(0, -slope * x)))
    return 1 / slope if slope > 0.1 else None


def best_threshold(groups, unsafe, p):
    """Of the best mean balanced accuracy over the groups."""
    tried = np.linspace(0.2, 0.8, 121)
    values = np.array([np.mean([balanced_accuracy(unsafe[groups == name], p[groups == name] > t)
                                for name in sorted(set(groups))]) for t in tried])
    near = tried[values >= values.max() - 0.005]
    return near[np.argmin(np.abs(near - np.median(near)))]


def with_both_labels(groups, unsafe):
    return [name for name in sorted(set(groups))
            if min(unsafe[groups == name].sum(), (~unsafe[groups == name]).sum()) >= 10]


def calibrate(args):
    rows = verdicts_of(pathlib.Path(args.out))
    records = {r["id"]: r for r in read_lines(args.held)}
    held = [(records[v["id"]]["source"], records[v["id"]]["label"] == "unsafe", v.get("p_raw", v["p_unsafe"]),
             records[v["id"]]["lang"]) for v in read_lines(args.verdicts)]
    for language in ("en", "zh"):
        for what, source in (("left out", rows), ("held out", held)):
            groups, unsafe, p = map(np.array, zip(*[row[:3] for row in source if row[3] == language]))
            names = with_both_labels(groups, unsafe)
            kept = np.isin(groups, names)
            groups, unsafe, p = groups[kept], unsafe[kept], p[kept]
            fitted = temperature(groups, unsafe, p)
            if fitted is None:
                print(f"{language}: what was {what} ({', '.join(names)}) says the opposite of the labels")
                continue
            print(f"{language}: temperature {fitted:.2f}; {len(unsafe)} records {what}, of {', '.join(names)}")
            half = [balanced_accuracy(unsafe[groups == n], p[groups == n] > 0.5) for n in names]
            fresh = [balanced_accuracy(unsafe[groups == n], p[groups == n] > best_threshold(
                groups[groups != n], unsafe[groups != n], p[groups != n])) for n in names]
            print(f"    mean balanced accuracy at one half {100 * np.mean(half):.1f}; at thresholds fitted to the "
                  f"other groups {100 * np.mean(fresh):.1f}")
            break


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("write")
    step.add_argument("data")
    step.add_argument("out")
    step.add_argument("--without", nargs="*", default=[], help="sources, or how their names begin")
    step = steps.add_parser("table")
    step.add_argument("out", nargs="+")
    step = steps.add_parser("calibrate")
    step.add_argument("out")
    step.add_argument("held")
    step.add_argument("verdicts")
    step = steps.add_parser("held")
    step.add_argument("data")
    args = parser.parse_args()
    {"write": write, "table": table, "calibrate": calibrate, "held": held}[args.step](args)


if __name__ == "__main__":
    sys.exit(main())
