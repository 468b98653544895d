#!/usr/bin/env python3
"""Writes models/mini/README.md from what the build, the training and the scoring left behind.

    recipes/mini/card.py        after `scripts/score-tests` and `mores meta flips`

Reads out/mini/data/table.json, out/mini/places/table.json, out/mini/flips.json,
models/mini/config.json, out/tests/report.json and docs/test-scorings.jsonl.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from cards import ROOT, flip_table, looks, read, results, share_table  # noqa: E402


def main():
    table = read("out/mini/data/table.json")
    places = {s["source"]: s for s in read("out/mini/places/table.json")["sources"]}
    flips = read("out/mini/flips.json")
    config = read("models/mini/config.json")
    report = read("out/tests/report.json")
    model = report["models"][0]
    sources = ["| source | read | first stage | second stage | validation |",
               "| --- | --- | --- | --- | --- |"]
    for source in table["sources"]:
        sources.append(f"| {source['source']} | {source['read']:,} | {source['train']:,} × "
                       f"{source['repeat']} | {places[source['source']]['train']:,} × "
                       f"{places[source['source']]['repeat']} | {source['valid']:,} |")
    card = f"""---
language: [en, zh]
license: apache-2.0
library_name: mores
---
# mini

A small bilingual safety judge: given a dialogue it says `safe` or `unsafe` (`安全` or `不安全`) for
the last answer, with a probability, and then a short critique. {config['num_hidden_layers']} layers, hidden
{config['hidden_size']}, vocabulary {config['vocab_size']:,}, context {config['max_position_embeddings']:,} tokens; a
Llama-architecture directory that transformers opens, too. Identity of this version: `{model}`.

## What it can't do
- Its **critiques are templates**, chosen by what the training annotations know. They are not
  reasons, and nothing in them is evidence.
- Its **text generation is not for people**. It was trained to write labels and templates.
- It has seen few thousand questions. Expect it to be wrong on anything subtle, long or new, and use
  it as a baseline and for trying things, not to moderate.
- It **knows no law and no norm** of any place. It can be shown one at a time, and learned
  whether an answer goes against it from made-up examples, some of them beside a harmless exchange of
  the sources: figures below. The prompt marks which words of
  the guideline the dialogue has too; without a common word it finds nothing, and what a guideline only
  implies it misses.
- It knows nothing of languages other than English and Chinese.

## How it was made
```
mores data build recipes/mini/data.toml --data-root DATA -o out/mini/data
mores train sft recipes/mini/train.toml --data out/mini/data -o out/mini/base
mores data build recipes/mini/places-data.toml --data-root DATA -o out/mini/places
mores train sft recipes/mini/places-train.toml --data out/mini/places -o out/mini/model
```
From random weights; then a second stage with guidelines, which goes through the first one's sources
once more. In bf16 on AMX with float32 sums and master weights. The same bytes come out on the same
instruction set level by the same version of mores, for any number of threads and however often
training is stopped; the first stage is that of the version before, and was not made again.
Sources, balance and thresholds (one half) were chosen without the test sets: by leaving one
training source out at a time with an n-gram classifier, and on the validation split.

## Training data
Decontaminated against the test sets below by normalised query, by normalised response and by
near-duplicates (character 5-grams, Jaccard at least 0.6). [docs/data.md](../../docs/data.md) says
where each set comes from.

{chr(10).join(sources)}

{share_table('licence of the data', table['by_licence'])}

{share_table('who wrote the answers', table['by_response_model'])}

{share_table('who gave the labels', table['by_label_source'])}

Responses by OpenAI's models, Llama, Vicuna, Gemma, Qwen and Yi come under their makers' terms of
use, some of which restrict what may be built with outputs; check them before you build on this
model.

## Results
Accuracy in per cent at the thresholds shipped, with 95 % intervals resampled by query, on the four
label sets released with SAFETY-J ([arXiv 2407.17075](https://arxiv.org/abs/2407.17075)). Rows
"mini less it" are paired differences: where the interval lies above 0, mini is better.

{results(report, "mini")}

## Guidelines
How often its label changes when it is shown a norm or law, in per cent of {flips["all"]["triples"]} dialogues of
situations and countries that training didn't hold, put together from our own templates
([flips.md](../../docs/formats/flips.md)); the templates are those of training, so this flatters.

{flip_table(flips)}

## Looks
How often each set was scored in this project, and in brackets with this version: {looks(model)}
(`docs/test-scorings.jsonl`). Nothing was chosen by those scorings.

For orientation, means over the same four sets as published in the SAFETY-J paper: GPT-3.5 68.6,
InternLM2-7B-Chat 70.1, GPT-4 76.2, ShieldLM-7B 77.7, SAFETY-J 7B 82.1.
"""
    (ROOT / "models/mini/README.md").write_text(card, encoding="utf-8")
    print("models/mini/README.md")


if __name__ == "__main__":
    main()
