#!/usr/bin/env python3
"""Compares what `mores` makes of adapters with PEFT, transformers and llama.cpp.

scripts/check-adapters runs it in steps, since the programs may live in different systems:

    check_adapters.py make --base DIR --work DIR       adapters/KIND, as PEFT writes them, of random
        numbers; items.jsonl (for `mores score`); expected.KIND.json, log-probabilities by PEFT
    check_adapters.py compare --work DIR KIND FILE...  `mores score`'s against them, to 1e-3 a token
    check_adapters.py open --base DIR --work DIR KIND FOLDER   PEFT's of a folder that mores wrote
    check_adapters.py whole --work DIR KIND FOLDER     transformers' of a folder that mores merged
    check_adapters.py verdicts ONE TWO                 two outputs of `mores judge`: same labels for
        99.5 % of the items, p_unsafe apart by 0.005 on average at most

Exit code 1 where they differ.
"""

import argparse
import json
import os
import sys

import numpy as np

TOLERANCE = 1e-3
TOKENS = 160
ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
KINDS = {
    "lora": dict(r=8, lora_alpha=16, target_modules="all-linear"),
    "rslora": dict(r=8, lora_alpha=4, use_rslora=True, target_modules=r".*\.self_attn\.(q|v)_proj"),
    "patterns": dict(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj", "down_proj"],
                     layers_to_transform=[0, 1, 3], rank_pattern={"up_proj": 6},
                     alpha_pattern={r"layers\.1\.mlp\.down_proj": 3}),
    "dora": dict(r=4, lora_alpha=8, use_dora=True, target_modules=ALL),
}


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def load_base(path):
    import torch
    from transformers import AutoModelForCausalLM
    return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()


def log_probabilities(model, items):
    """Of each item's completion tokens."""
    import torch
    result = {}
    for item in items:
        ids = item["prompt_ids"] + item["completion_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].double()
        rows = torch.log_softmax(logits, dim=-1)
        first = len(item["prompt_ids"])
        result[item["id"]] = [rows[at - 1, ids[at]].item() for at in range(first, len(ids))]
    return result


def make(args):
    import peft
    import torch
    generator = torch.Generator().manual_seed(5)
    model = load_base(args.base)
    vocab = model.config.vocab_size
    items = []
    for number, length in enumerate([TOKENS, 30, 5]):
        ids = torch.randint(0, vocab, (length,), generator=generator).tolist()
        items.append({"id": str(number), "prompt_ids": ids[:2], "completion_ids": ids[2:]})
    write_lines(os.path.join(args.work, "items.jsonl"), items)
    for kind, options in KINDS.items():
        adapted = peft.get_peft_model(
            load_base(args.base), peft.LoraConfig(task_type="CAUSAL_LM", **options))
        with torch.no_grad():
            for name, values in adapted.named_parameters():
                if "lora_B" in name:
                    values.copy_(0.02 * torch.randn(values.shape, generator=generator))
                elif "lora_magnitude_vector" in name:
                    values.mul_(1 + 0.1 * torch.randn(values.shape, generator=generator))
        adapted.eval()
        adapted.peft_config["default"].base_model_name_or_path = args.base
        adapted.save_pretrained(os.path.join(args.work, "adapters", kind))
        with open(os.path.join(args.work, f"expected.{kind}.json"), "w", encoding="utf-8") as file:
            json.dump(log_probabilities(adapted, items), file)
    return 0


def report(what, numbers, expected):
    largest = max(np.abs(np.array(numbers[name]) - np.array(values)).max()
                  for name, values in expected.items())
    print(f"  {what}: {largest:.2g} apart at most")
    return 0 if largest <= TOLERANCE else 1


def expected_of(args):
    with open(os.path.join(args.work, f"expected.{args.kind}.json"), encoding="utf-8") as file:
        return json.load(file)


def compare(args):
    failed = 0
    for path in args.files:
        numbers = {record["id"]: record["token_logprobs"] for record in read_lines(path)}
        failed |= report(os.path.basename(path), numbers, expected_of(args))
    return failed


def open_with_peft(args):
    import peft
    items = read_lines(os.path.join(args.work, "items.jsonl"))
    for folder in args.files:
        model = peft.PeftModel.from_pretrained(load_base(args.base), folder).eval()
        if report(f"PEFT of {os.path.basename(folder)}", log_probabilities(model, items),
                  expected_of(args)):
            return 1
    return 0


def open_whole(args):
    items = read_lines(os.path.join(args.work, "items.jsonl"))
    for folder in args.files:
        if report(f"transformers of {os.path.basename(folder)}",
                  log_probabilities(load_base(folder), items), expected_of(args)):
            return 1
    return 0


def verdicts(args):
    one, two = ({record["id"]: record for record in read_lines(path)} for path in args.files)
    same = sum(one[name]["label"] == two[name]["label"] for name in one) / len(one)
    apart = np.mean([abs(one[name]["p_unsafe"] - two[name]["p_unsafe"]) for name in one])
    print(f"  {len(one)} verdicts: {100 * same:.2f} % the same label, p_unsafe {apart:.4f} apart")
    return 0 if len(one) == len(two) and same >= 0.995 and apart <= 0.005 else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("step", choices=["make", "compare", "open", "whole", "verdicts"])
    parser.add_argument("--base")
    parser.add_argument("--work")
    parser.add_argument("files", nargs="*")
    args = parser.parse_args()
    if args.step in ("compare", "open", "whole"):
        args.kind, args.files = args.files[0], args.files[1:]
    steps = {"make": make, "compare": compare, "open": open_with_peft, "whole": open_whole,
             "verdicts": verdicts}
    sys.exit(steps[args.step](args))


if __name__ == "__main__":
    main()
