#!/usr/bin/env python3
"""Writes models/small/README.md from what the build, the training and the scoring left behind.

    recipes/small/card.py

Reads models/small, and of out/small: data/table.json, held.jsonl (validation records whose label is
learned, found ones without guidelines; `folds.py held`), valid.jsonl and valid.json (their verdicts, and
`mores report` of them), holdout.jsonl and categories.jsonl (XGuard's held-out third and
its verdicts), flips.json; of out/tests: report.json, and verdicts of the sets by this model
(SET.jsonl), and, where they are there, by frozen features (SET.frozen.jsonl) and by the base asked plainly
(SET.plain.jsonl), of the sets or of a part of them; and
recipes/small/critiques-read.json, what people who read critiques counted. Needs numpy.
"""
import collections
import pathlib
import re
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cards import ROOT, flip_table, looks, percent, read, read_lines, results, share_table  # noqa: E402
from screen import auroc  # noqa: E402

SETS = ("BeaverTails", "DiaSafety", "Jade", "Flames")
DRAWS = 2000
LEAST_POSITIVES = 5   # of a category that is counted as common
LEAST_NEGATIVES = 1000  # for a rate of true positives at one in a hundred false ones


def interval(values):
    return f"[{100 * np.quantile(values, 0.025):.1f}, {100 * np.quantile(values, 0.975):.1f}]"


def query_of(verdict):
    return next((turn["content"] for turn in verdict["input"]["messages"] if turn["role"] == "user"), verdict["id"])


def paired(suffix):
    """Accuracy of another judge on each set and in the mean, and what ours has more, by query."""
    random = np.random.default_rng(1)
    cells, differences, means, theirs_all = [], [], [], []
    for name in SETS:
        theirs = {v["id"]: v for v in read_lines(f"out/tests/{name}.{suffix}.jsonl")}
        ours = [v for v in read_lines(f"out/tests/{name}.jsonl") if v["id"] in theirs]
        right = np.array([v["label"] == v["expected"] for v in ours], dtype=float)
        other = np.array([theirs[v["id"]]["label"] == v["expected"] for v in ours], dtype=float)
        _, group = np.unique([query_of(v) for v in ours], return_inverse=True)
        sums = np.zeros((group.max() + 1, 2))
        np.add.at(sums, group, np.stack([right - other, np.ones(len(ours))], axis=1))
        drawn = random.integers(len(sums), size=(DRAWS, len(sums)))
        picked = sums[drawn].sum(axis=1)
        differences.append(picked[:, 0] / picked[:, 1])
        means.append(np.mean(right - other))
        theirs_all.append(other.mean())
        cells.append((f"{100 * other.mean():.1f}", f"{100 * means[-1]:.1f} {interval(differences[-1])}"))
    cells.append((f"{100 * np.mean(theirs_all):.1f}",
                  f"{100 * np.mean(means):.1f} {interval(np.mean(differences, axis=0))}"))
    return cells


def paired_rows(name, suffix):
    if not all((ROOT / f"out/tests/{one}.{suffix}.jsonl").exists() for one in SETS):
        return f"| {name} |" + " not measured |" * (len(SETS) + 1)
    cells = paired(suffix)
    return "\n".join([f"| {name} | " + " | ".join(other for other, _ in cells) + " |",
                      "| – small less it | " + " | ".join(more for _, more in cells) + " |"])


def category_table():
    """One category against the rest on XGuard's held-out third, unsafe answers and safe ones alike."""
    records = {r["id"]: r for r in read_lines("out/small/holdout.jsonl")}
    verdicts = [v for v in read_lines("out/small/categories.jsonl") if v["id"] in records]
    truth = np.array([records[v["id"]].get("category") or "none" for v in verdicts])
    names = [n for n, count in collections.Counter(truth).most_common()
             if n not in ("none", "other") and count >= LEAST_POSITIVES]
    scores = {n: np.array([v["category_scores"].get(n, 0) for v in verdicts]) for n in names}
    lines = ["| category | texts of it | AUROC |", "| --- | --- | --- |"]
    values = [auroc(truth == n, scores[n]) for n in names]
    lines += [f"| {n} | {(truth == n).sum()} | {100 * v:.1f} |" for n, v in zip(names, values)]
    random, draws = np.random.default_rng(1), []
    cells = [np.flatnonzero(truth == name) for name in sorted(set(truth))]
    for _ in range(DRAWS):  # within each category: all stay there
        rows = np.concatenate([cell[random.integers(len(cell), size=len(cell))] for cell in cells])
        draws.append(np.mean([auroc(truth[rows] == n, scores[n][rows]) for n in names]))
    lines.append(f"| mean of {len(names)} | {len(verdicts)} in all | {100 * np.mean(values):.1f} {interval(draws)} |")
    return "\n".join(lines)


def slice_table(report):
    lines = ["| | items | judged unsafe | accuracy | AUROC |", "| --- | --- | --- | --- | --- |"]
    for one in [{**report["all"], "dimension": "", "name": "all"}] + report["slices"]:
        if one["dimension"] == "turns" or one["items"] < 20:
            continue
        lines.append(f"| {one['dimension']} {one['name']} | {one['items']} | {percent(one['unsafe_share'])} | "
                     f"{percent(one['accuracy'])} | {percent(one['auroc'])} |")
    return "\n".join(lines)


def split_table():
    """By source and by length of the answer, and what a threshold with few false positives finds."""
    records = {r["id"]: r for r in read_lines("out/small/held.jsonl")}
    rows = []
    for verdict in read_lines("out/small/valid.jsonl"):
        record = records[verdict["id"]]
        rows.append((record["source"], len(record["messages"][-1]["content"]), record["label"] == "unsafe",
                     verdict["p_unsafe"], verdict["label"] == record["label"]))
    sources, lengths, unsafe, scores, right = map(np.array, zip(*rows))
    thirds = np.quantile(lengths, [1 / 3, 2 / 3])
    parts = [(name, sources == name) for name in sorted(set(sources))]
    parts += [(f"answers of at most {thirds[0]:.0f} characters", lengths <= thirds[0]),
              ("longer ones", (lengths > thirds[0]) & (lengths <= thirds[1])),
              (f"more than {thirds[1]:.0f} characters", lengths > thirds[1]), ("all", lengths >= 0)]
    lines = ["| | items | unsafe | accuracy | AUROC | found at 1 % false alarms |",
             "| --- | --- | --- | --- | --- | --- |"]
    for name, inside in parts:
        u, s = unsafe[inside], scores[inside]
        area = f"{100 * auroc(u, s):.1f}" if 0 < u.sum() < len(u) else "–"
        found = "–"
        if (~u).sum() >= LEAST_NEGATIVES:
            found = f"{100 * np.mean(s[u] > np.quantile(s[~u], 0.99)):.1f}"
        lines.append(f"| {name} | {inside.sum()} | {100 * u.mean():.0f} % | {100 * right[inside].mean():.1f} | {area} | {found} |")
    return "\n".join(lines)


def critique_table():
    lines = ["| | language | critiques read | true of the dialogue | and bear the label out |",
             "| --- | --- | --- | --- | --- |"]
    for row in read("recipes/small/critiques-read.json")["rows"]:
        lines.append(f"| {row['model']} | {row['lang']} | {row['read']} | {row['true']} | {row['supports']} |")
    return "\n".join(lines)


def main():
    table, flips = read("out/small/data/table.json"), read("out/small/flips.json")
    valid, report = read("out/small/valid.json"), read("out/tests/report.json")
    judge, adapter = read("models/small/judge.json"), read("models/small/adapter_config.json")
    model = report["models"][0]
    megabytes = (ROOT / "models/small/adapter_model.safetensors").stat().st_size / 1e6
    sources = ["| source | read | learned | validation | held out |", "| --- | --- | --- | --- | --- |"]
    sources += [f"| {s['source']} | {s['read']:,} | {s['train']:,} | {s['valid']:,} | {s['holdout']:,} |"
                for s in table["sources"]]
    text = (pathlib.Path(__file__).parent / "card.md").read_text(encoding="utf-8")
    parts = {
        "model": model, "base": adapter["base_model_name_or_path"], "rank": adapter["r"],
        "megabytes": f"{megabytes:.0f}", "thresholds": ", ".join(f"{k} {v}" for k, v in judge["thresholds"].items()),
        "calibration": "; ".join(f"{k}: temperature {v['temperature']}, bias {v['bias']}"
                                 for k, v in judge.get("calibration", {}).items()),
        "sources": "\n".join(sources), "licences": share_table("licence of the data", table["by_licence"]),
        "writers": share_table("who wrote the answers", table["by_response_model"]),
        "labelers": share_table("who gave the labels", table["by_label_source"]),
        "results": results(report, "small"),
        "others": "\n".join([paired_rows("logistic regression on the base's frozen features", "frozen"),
                             paired_rows("the base asked plainly", "plain")]),
        "slices": slice_table(valid), "splits": split_table(), "categories": category_table(),
        "error": f"{100 * valid['all']['calibration_error']['value']:.1f}",
        "brier": f"{valid['all']['brier']['value']:.3f}",
        "flips": flip_table(flips), "triples": flips["all"]["triples"], "critiques": critique_table(),
        "looks": looks(model),
    }
    for name, value in parts.items():
        text = text.replace("{" + name + "}", str(value))
    if left := re.findall(r"\{[a-z]+\}", text):
        raise SystemExit(f"card.md: nothing to put in place of {', '.join(left)}")
    (ROOT / "models/small/README.md").write_text(text, encoding="utf-8")
    print("models/small/README.md")


if __name__ == "__main__":
    main()
