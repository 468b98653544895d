"""What the cards of shipped models have in common: figures of `mores report` and `mores meta flips`, and
of the data builder's table.json, as Markdown tables."""
import collections
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]


def read(path):
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def read_lines(path):
    with open(ROOT / path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def percent(figure):
    if figure["value"] is None:
        return "–"
    return f"{100 * figure['value']:.1f} [{100 * figure['low']:.1f}, {100 * figure['high']:.1f}]"


def share_table(title, cells):
    counts = {name: sum(cell["train"].values()) for name, cell in cells.items()}
    total = sum(counts.values())
    lines = [f"| {title} | records | share |", "| --- | --- | --- |"]
    for name, count in sorted(counts.items(), key=lambda item: -item[1]):
        lines.append(f"| {name} | {count:,} | {100 * count / total:.1f} % |")
    return "\n".join(lines)


def results(report, name):
    """Accuracy by test set, the baselines beside it, and what else each set shows."""
    sets = [s for s in report["slices"] if s["dimension"] == "set"]
    lines = ["| | " + " | ".join(s["name"] for s in sets) + " | mean of four |",
             "| --- |" + " --- |" * (len(sets) + 1)]
    lines.append(f"| **{name}**, accuracy | " + " | ".join(percent(s["accuracy"]) for s in sets)
                 + " | " + percent(report["mean_of_sets_accuracy"]) + " |")
    columns = [s["name"] for s in sets] + ["(mean of sets)"]
    for baseline in report["baselines"]:
        rows = {row["set"]: row for row in baseline["rows"]}
        note = "chosen on the test items themselves" if baseline["basis"] == "hindsight" else "fixed on training data"
        for label, field in ((f"{baseline['name']} ({note})", "baseline"), (f"– {name} less it", "difference")):
            cells = [percent(rows[column][field]) if column in rows else "–" for column in columns]
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
    for field, label in [("precision", "precision of unsafe"), ("recall", "recall of unsafe"),
                         ("f1", "F1 of unsafe"), ("auroc", "AUROC"),
                         ("false_unsafe_rate", "safe ones judged unsafe")]:
        lines.append(f"| {name}, {label} | " + " | ".join(percent(s[field]) for s in sets) + " | |")
    return "\n".join(lines)


def flip_table(flips):
    lines = ["| | guideline | label changed | to unsafe | to safe | mean p_unsafe |",
             "| --- | --- | --- | --- | --- | --- |"]
    for scope in ("en", "zh"):
        for arm, row in flips[scope]["arms"].items():
            cells = [percent(row[name]) if name in row else ""
                     for name in ("changed", "safe_to_unsafe", "unsafe_to_safe", "mean_p_unsafe")]
            lines.append(f"| {scope} | {arm} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def looks(model):
    """How often each test set was scored, and in brackets with this model."""
    scorings = read_lines("docs/test-scorings.jsonl")
    all_of = collections.Counter(entry["set"] for entry in scorings)
    of_this = collections.Counter(entry["set"] for entry in scorings if entry["model"] == model)
    return ", ".join(f"{name} {count} ({of_this[name]})" for name, count in all_of.items())
