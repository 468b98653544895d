#!/usr/bin/env python3
"""Compares two GGUF files, and what llama.cpp generates from them (scripts/check-gguf-writing)."""

import argparse
import subprocess
import sys

import gguf
import numpy as np


def compare(ours, theirs, keys):
    """Prints what differs; returns whether the tensors are the same, byte for byte."""
    a, b = gguf.GGUFReader(ours), gguf.GGUFReader(theirs)
    one = {t.name: t for t in a.tensors}
    two = {t.name: t for t in b.tensors}
    wrong = sorted(set(one) ^ set(two))
    squares, differences, types = {}, {}, {}
    for name in sorted(set(one) & set(two)):
        x, y = one[name], two[name]
        types[x.tensor_type.name] = types.get(x.tensor_type.name, 0) + 1
        if x.tensor_type == y.tensor_type and np.array_equal(x.data, y.data):
            continue
        wrong.append(name)
        u = gguf.quants.dequantize(x.data, x.tensor_type).astype(np.float64)
        v = gguf.quants.dequantize(y.data, y.tensor_type).astype(np.float64)
        kind = x.tensor_type.name
        differences[kind] = differences.get(kind, 0) + ((u - v) ** 2).sum()
        squares[kind] = squares.get(kind, 0) + (v**2).sum()
    for kind, sum_of in differences.items():
        print(f"  {kind}: differs by {np.sqrt(sum_of / squares[kind]):.3g} of the norm")
    for name in wrong[:5]:
        print(f"  differs: {name}")
    if keys:
        for key in sorted(set(a.fields) | set(b.fields)):
            x = a.fields[key].contents() if key in a.fields else None
            y = b.fields[key].contents() if key in b.fields else None
            if str(x) != str(y):
                print(f"  {key}: {str(x)[:50]!r} against {str(y)[:50]!r}")
    print(f"  {len(one)} tensors {types}: {'the same' if not wrong else f'{len(wrong)} differ'}")
    return not wrong


PROMPTS = ["The capital of France is", "def fibonacci(n):", "请用一句话介绍北京。", "Once upon a time"]


def generate(model, prompt):
    command = ["llama-completion", "-m", model, "-p", prompt, "-n", "32", "--temp", "0", "-no-cnv",
               "--no-display-prompt", "-t", "1", "--no-warmup"]
    run = subprocess.run(command, capture_output=True, timeout=600, stdin=subprocess.DEVNULL)
    if run.returncode:
        sys.exit(f"llama-completion failed: {run.stderr.decode(errors='replace')[-500:]}")
    return run.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--generate", action="store_true")
    options = parser.parse_args()
    print(f"{options.ours} against {options.theirs}")
    same = compare(options.ours, options.theirs, options.keys)
    if options.generate:
        for prompt in PROMPTS:
            one, two = generate(options.ours, prompt), generate(options.theirs, prompt)
            print(f"  {prompt!r}: 32 greedy tokens {'the same' if one == two else 'DIFFER'}: "
                  f"{one.decode(errors='replace')[:40]!r}")
            same = same and one == two
    sys.exit(not same)


if __name__ == "__main__":
    main()
