#!/usr/bin/env python3
"""Compares the ids of `mores tokenize` with those of transformers, tokenizers and sentencepiece.

  mores tokenize --model DIR texts.jsonl -o ids.jsonl
  python3 tools/check_tokenizer.py --model DIR --texts texts.jsonl --ids ids.jsonl

texts.jsonl holds {"id", "text"}, ids.jsonl {"id", "ids"}. Texts with U+2581 or with the spelling of
a special token are counted and left out: docs/formats/tokenizer.md says why they may differ.
Exit code: 0 all agree, 1 some differ.
"""
import argparse
import json
import sys


def read_jsonl(path, field):
    with open(path, encoding="utf-8") as lines:
        return {record["id"]: record[field] for record in map(json.loads, lines)}


def encoders(model):
    import sentencepiece
    import tokenizers
    import transformers

    auto = transformers.AutoTokenizer.from_pretrained(model)
    file = tokenizers.Tokenizer.from_file(f"{model}/tokenizer.json")
    pieces = sentencepiece.SentencePieceProcessor(model_file=f"{model}/tokenizer.model")
    special = set(auto.all_special_tokens) | set(auto.get_added_vocab())
    checks = {
        "transformers": (lambda text: auto(text)["input_ids"], auto.decode),
        "tokenizers": (lambda text: file.encode(text).ids, file.decode),
        "sentencepiece": (pieces.encode, pieces.decode),
    }
    return checks, special


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="model directory")
    parser.add_argument("--texts", required=True, help='JSONL of {"id", "text"}')
    parser.add_argument("--ids", required=True, help='JSONL of {"id", "ids"}')
    options = parser.parse_args()
    texts = read_jsonl(options.texts, "text")
    ours = read_jsonl(options.ids, "ids")
    checks, special = encoders(options.model)
    left_out = [key for key, text in texts.items()
                if "\u2581" in text or any(token in text for token in special)]
    for key in left_out:
        del texts[key]
    print(f"{len(texts)} texts compared, {len(left_out)} left out")
    failed = len(texts) == 0
    for name, (encode, decode) in checks.items():
        ids = [key for key, text in texts.items() if encode(text) != ours.get(key)]
        decoded = [key for key, text in texts.items() if decode(ours.get(key, [])) != text]
        print(f"{name}: {len(ids)} differ in ids, {len(decoded)} in decoded text"
              + (f", first {(ids + decoded)[0]}" if ids or decoded else ""))
        failed = failed or bool(ids) or bool(decoded)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
