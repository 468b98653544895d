#!/usr/bin/env python3
"""Compares a model directory as transformers reads it with what `mores` makes of it.

scripts/check-model runs it in two halves, since the two programs may live in different systems:

    check_model.py prepare --model DIR --texts LINES.txt --work DIR   writes texts.jsonl (for
        `mores tokenize`) and items.jsonl (for `mores score`)
    check_model.py compare --model DIR --work DIR   reads tokenized.jsonl and scored.jsonl back

Ids must agree exactly, log-probabilities in f32 to 1e-3. Exit code 1 where they don't.
"""

import argparse
import json
import os
import sys

import torch
import transformers

TOLERANCE = 1e-3


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def encode(tokenizer, text):
    # Our tokenizer never reads a special token out of text; neither may the reference.
    return tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def prepare(args, tokenizer, config):
    with open(args.texts, encoding="utf-8") as file:
        texts = [line.rstrip("\n") for line in file]
    texts = [text for text in texts if text.strip()]
    write_lines(os.path.join(args.work, "texts.jsonl"),
                [{"id": str(i), "text": text} for i, text in enumerate(texts)])
    items, group = [], []
    limit = min(config.max_position_embeddings, 512)
    for text in texts:  # join lines, so that long contexts are scored too
        group += encode(tokenizer, text)
        if len(group) >= 8 + 37 * len(items) % limit or len(group) >= limit:
            ids = [config.bos_token_id, *group][:limit]
            items.append({"id": str(len(items)), "prompt_ids": ids[:len(ids) // 3 or 1],
                          "completion_ids": ids[len(ids) // 3 or 1:]})
            group = []
            if len(items) == args.items:
                break
    write_lines(os.path.join(args.work, "items.jsonl"), items)
    print(f"{len(texts)} texts, {len(items)} items to score")
    return 0


def compare(args, tokenizer, config):
    del config
    texts = read_lines(os.path.join(args.work, "texts.jsonl"))
    tokenized = {record["id"]: record for record in read_lines(
        os.path.join(args.work, "tokenized.jsonl"))}
    different = [record["id"] for record in texts
                 if tokenized[record["id"]]["ids"] != encode(tokenizer, record["text"])]
    print(f"tokenised: {len(texts)} texts, {len(different)} different")
    for name in different[:5]:
        print(f"  first differences: text {name}", file=sys.stderr)

    model = transformers.AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    model.eval()
    scored = {record["id"]: record for record in read_lines(
        os.path.join(args.work, "scored.jsonl"))}
    worst, tokens, items = 0.0, 0, read_lines(os.path.join(args.work, "items.jsonl"))
    with torch.inference_mode():
        for item in items:
            ids = item["prompt_ids"] + item["completion_ids"]
            logits = model(input_ids=torch.tensor([ids])).logits[0].float()
            logprobs = torch.log_softmax(logits, dim=-1)
            first = len(item["prompt_ids"])
            ours = scored[item["id"]]
            if ours["token_ids"] != item["completion_ids"]:
                sys.exit(f"item {item['id']}: other tokens were scored")
            for k, token in enumerate(item["completion_ids"]):
                worst = max(worst, abs(logprobs[first + k - 1, token].item()
                                       - ours["token_logprobs"][k]))
                tokens += 1
    print(f"scored: {len(items)} items, {tokens} tokens, largest difference {worst:.2e}")
    return 1 if different or not worst <= TOLERANCE else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("half", choices=["prepare", "compare"])
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", help="a file of plain text, one text a line")
    parser.add_argument("--work", required=True)
    parser.add_argument("--items", type=int, default=64)
    args = parser.parse_args()
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(2)
    tokenizer = transformers.AutoTokenizer.from_pretrained(args.model)
    config = transformers.AutoConfig.from_pretrained(args.model)
    return {"prepare": prepare, "compare": compare}[args.half](args, tokenizer, config)


if __name__ == "__main__":
    sys.exit(main())
