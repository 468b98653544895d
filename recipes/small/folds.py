#!/usr/bin/env python3
"""Data for training with groups of sources left out, and what comes of it.

    folds.py write DATA OUT [--without NAME ...]    OUT/<fold>/train.jsonl and left.jsonl for each fold
    mores train sft labels.toml --data OUT/<fold> -o OUT/<fold>/model
    mores judge OUT/<fold>/left.jsonl -o OUT/<fold>/verdicts.jsonl --model OUT/<fold>/model \\
        --label-only --no-category-scores
    folds.py table OUT [OUT ...]
    folds.py calibrate OUT                          what labels.toml says of probabilities
    folds.py held DATA > held.jsonl                 validation records that figures are told of

DATA is a folder that `mores data build` wrote. A fold leaves out two groups of sources at a time
(FOLDS), of which each is scored for itself: six trainings would take twice as long. What a fold reads
is bounded (MOST), by the hash of an example's id. Scored are found texts whose label is learned, from
training and validation split alike, since nothing of the group was read; never contrasts that were
made. Records without a label of their own, and guidelines, are left out of both.
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


def fit(x, unsafe, weights):
    """Slope and offset of a logistic regression of one variable, by Newton's method."""
    slope, offset = 1.0, 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(slope * x + offset)))
        error, curve = weights * (p - unsafe), weights * p * (1 - p)
        gradient = np.array([np.sum(error * x) + 1e-3 * slope, np.sum(error)])
        hessian = np.array([[np.sum(curve * x * x) + 1e-3, np.sum(curve * x)],
                            [np.sum(curve * x), np.sum(curve) + 1e-9]])
        slope, offset = np.array([slope, offset]) - np.linalg.solve(hessian, gradient)
    return slope, offset


def fit_language(groups, unsafe, p):
    """Temperature, bias and threshold: each group and label counts alike, and the threshold has the
    best mean over the groups."""
    cells = collections.Counter(zip(groups, unsafe))
    weights = np.array([1 / cells[key] for key in zip(groups, unsafe)])
    slope, offset = fit(np.log(p / (1 - p)), unsafe, weights)
    if slope <= 0:
        raise SystemExit("the probabilities say the opposite of the labels: nothing to calibrate")
    made = 1 / (1 + np.exp(-(slope * np.log(p / (1 - p)) + offset)))
    tried = np.linspace(0.2, 0.8, 121)
    values = np.array([np.mean([balanced_accuracy(unsafe[groups == name], made[groups == name] > t)
                                for name in sorted(set(groups))]) for t in tried])
    near = tried[values >= values.max() - 0.005]
    return 1 / slope, -offset / slope, near[np.argmin(np.abs(near - np.median(near)))]


def said_unsafe(p, temperature, bias, threshold):
    return 1 / (1 + np.exp(-(np.log(p / (1 - p)) - bias) / temperature)) > threshold


def calibrate(args):
    rows = verdicts_of(pathlib.Path(args.out))
    groups, unsafe, scores, languages, _ = map(np.array, zip(*rows))
    for language in ("en", "zh"):
        inside = languages == language
        g, u, p = groups[inside], unsafe[inside], np.clip(scores[inside], 1e-6, 1 - 1e-6)
        names = [name for name in sorted(set(g)) if min(u[g == name].sum(), (~u[g == name]).sum()) >= 10]
        kept = np.isin(g, names)
        g, u, p = g[kept], u[kept], p[kept]
        fitted = fit_language(g, u, p)
        print(f"{language}: temperature {fitted[0]:.3f}, bias {fitted[1]:.3f}, threshold {fitted[2]:.3f}; "
              f"{len(u)} records of {', '.join(names)}")
        fresh = [balanced_accuracy(u[g == name], said_unsafe(p[g == name], *fit_language(
            g[g != name], u[g != name], p[g != name]))) for name in names]
        half = [balanced_accuracy(u[g == name], p[g == name] > 0.5) for name in names]
        print(f"    mean balanced accuracy at one half {100 * np.mean(half):.1f}; with what was fitted to "
              f"the other groups {100 * np.mean(fresh):.1f}")


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
    step = steps.add_parser("held")
    step.add_argument("data")
    args = parser.parse_args()
    {"write": write, "table": table, "calibrate": calibrate, "held": held}[args.step](args)


if __name__ == "__main__":
    sys.exit(main())
