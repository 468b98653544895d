#!/usr/bin/env python3
"""Makes golden logits of families in the forms that they are published in, by PyTorch and transformers.

    python3 tools/goldens/make_families.py --out tests/golden/families

Each case is a tiny random checkpoint in the form that its family is published in:

    CASE/model/              a Hugging Face directory: config.json, safetensors (one file or shards)
    CASE/golden.safetensors  f32: "logits" [tokens, vocab]
    CASE/golden.json         tokens, offsets, versions and command

Sequences are run one at a time. InternLM2 isn't part of transformers: its case is a Llama model whose
queries, keys and values are then fused and renamed as InternLM2's checkpoints have them.
"""

import argparse
import copy
import json
import os
import platform
import shutil
import sys

import torch
import transformers
from safetensors.torch import save_file

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import internlm2  # noqa: E402
import make  # noqa: E402

SEQUENCE_LENGTHS = [7, 33, 1, 58]

BASE = dict(vocab_size=67, hidden_size=40, intermediate_size=52, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
            rms_norm_eps=1e-5, tie_word_embeddings=False)

CASES = {
    "llama3_scaled": dict(
        kind="Llama", head_dim=16, max_position_embeddings=128,
        rope=dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
                  high_freq_factor=4.0, original_max_position_embeddings=16)),
    "llama2_linear_f16_shards": dict(
        kind="Llama", num_key_value_heads=4, dtype="float16", shards=True,
        rope=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)),
    "mistral_window": dict(
        kind="Mistral", head_dim=32, sliding_window=6, dtype="bfloat16",
        rope=dict(rope_type="default", rope_theta=10000.0)),
    "mistral_all": dict(
        kind="Mistral", sliding_window=None, head_dim=14,
        rope=dict(rope_type="default", rope_theta=1000000.0)),
    "qwen2_window": dict(
        kind="Qwen2", num_hidden_layers=3, use_sliding_window=True, sliding_window=5,
        max_window_layers=1, rope=dict(rope_type="default", rope_theta=10000.0)),
    "qwen3_tied": dict(
        kind="Qwen3", head_dim=32, tie_word_embeddings=True,
        rope=dict(rope_type="default", rope_theta=1000000.0)),
    "qwen3_bias": dict(
        kind="Qwen3", head_dim=12, attention_bias=True, num_key_value_heads=1,
        rope=dict(rope_type="default", rope_theta=10000.0)),
    # Sequences of 33 and 58 positions are beyond the 20 that it was made for.
    "internlm2": dict(
        kind="Llama", internlm2=True, hidden_size=48, num_attention_heads=6, num_key_value_heads=2,
        max_position_embeddings=20, rope=dict(rope_type="dynamic", rope_theta=10000.0, factor=3.0)),
    "internlm2_bias": dict(
        kind="Llama", internlm2=True, attention_bias=True,
        rope=dict(rope_type="dynamic", rope_theta=1000000.0, factor=2.0)),
}


def make_model(options, seed):
    options = {**BASE, **options}
    kind, rope = options.pop("kind"), options.pop("rope")
    for ours in ("internlm2", "dtype", "shards"):
        options.pop(ours, None)
    config = getattr(transformers, kind + "Config")(
        rope_parameters=rope, bos_token_id=1, eos_token_id=2, **options)
    config._attn_implementation = "eager"
    model = getattr(transformers, kind + "ForCausalLM")(config).float()
    make.fill_randomly(model, seed)
    return model.eval()


def save(options, model, directory):
    """Saves the model, and leaves it with the values that were saved."""
    dtype = getattr(torch, options.get("dtype", "float32"))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(parameter.to(dtype))
    shards = {"max_shard_size": "20KB"} if options.get("shards") else {}
    # A copy, since the rotary frequencies would be rounded too.
    copy.deepcopy(model).to(dtype).save_pretrained(directory, **shards)
    generation = os.path.join(directory, "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    if options.get("internlm2"):
        internlm2.fuse(directory, model)


def make_case(name, options, seed, out):
    model = make_model(options, seed)
    directory = os.path.join(out, name)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    save(options, model, os.path.join(directory, "model"))
    generator = torch.Generator().manual_seed(seed + 1)
    offsets = [0]
    for length in SEQUENCE_LENGTHS:
        offsets.append(offsets[-1] + length)
    tokens = torch.randint(3, model.config.vocab_size, (offsets[-1],), generator=generator)
    with torch.no_grad():
        rows = [model(input_ids=tokens[None, a:b], use_cache=False).logits[0]
                for a, b in zip(offsets, offsets[1:])]
    save_file({"logits": torch.cat(rows).contiguous()},
              os.path.join(directory, "golden.safetensors"))
    golden = {
        "made_by": {
            "command": "python3 " + " ".join(sys.argv), "python": platform.python_version(),
            "torch": torch.__version__, "transformers": transformers.__version__},
        "seed": seed, "tokens": tokens.tolist(), "offsets": offsets}
    with open(os.path.join(directory, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")
    for root, _, files in os.walk(directory):
        for file in files:
            os.chmod(os.path.join(root, file), 0o644)
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of the cases")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # one order of addition
    for index, (name, options) in enumerate(CASES.items()):
        make_case(name, options, 300 + 10 * index, args.out)


if __name__ == "__main__":
    main()
