#!/usr/bin/env python3
"""Compares what `mores` makes of a GGUF file with the gguf package and transformers.

scripts/check-gguf runs it in steps, since the two programs may live in different systems:

    check_gguf.py texts FILE... --work DIR           texts.jsonl (for `mores tokenize`), an English and a
        Chinese one out of JSON, JSON lines and CSV files
    check_gguf.py items --work DIR                   items.jsonl (for `mores score`), from ids.jsonl
    check_gguf.py tensors --gguf FILE --work DIR     reads the folder `converted`
    check_gguf.py numbers --gguf FILE --work DIR     reads scored.f32.jsonl and scored.bf16.jsonl

The reference's weights and shape come out of the GGUF file by the gguf package, never out of a file
that `mores` wrote. Tensors must be equal bit for bit, log-probabilities in f32 agree to 1e-3 for each
token. Exit code 1 where they don't.
"""

import argparse
import csv
import json
import os
import random
import re
import sys

import gguf
import numpy as np

TOLERANCE = 1e-3
CONTEXTS = [1000, 200, 40, 10]  # tokens, in each of the two languages
CHARACTERS = 12000  # enough for as many tokens of either


def value(reader, key, default=None):
    field = reader.get_field(key)
    return default if field is None else field.contents()


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


# ---- texts

def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def texts_of(path):
    with open(path, encoding="utf-8-sig") as file:
        if path.endswith(".csv"):
            found = [cell for row in csv.reader(file) for cell in row]
        elif path.endswith(".json"):
            found = list(strings(json.load(file)))
        else:
            found = [text for line in file for text in strings(json.loads(line))]
    return [text for text in found if len(text) >= 12 and not re.fullmatch(r"[\w-]+", text, re.A)]


def is_chinese(text):
    return sum("\u4e00" <= one <= "\u9fff" for one in text) * 3 > len(text)


def prepare_texts(args):
    texts = [text for path in args.files for text in texts_of(path)]
    random.Random(20).shuffle(texts)
    write_lines(os.path.join(args.work, "texts.jsonl"), [
        {"id": "en", "text": "\n".join(filter(str.isascii, texts))[:CHARACTERS]},
        {"id": "zh", "text": "\n".join(filter(is_chinese, texts))[:CHARACTERS]}])
    return 0


def prepare_items(args):
    items = []
    for record in read_lines(os.path.join(args.work, "ids.jsonl")):
        ids = record["ids"]
        if len(ids) < sum(CONTEXTS):
            sys.exit(f"the texts have only {len(ids)} tokens of '{record['id']}'")
        for length in CONTEXTS:
            items.append({"id": f"{record['id']}-{length}", "prompt_ids": ids[:1],
                          "completion_ids": ids[1:length]})
            ids = ids[length:]
    write_lines(os.path.join(args.work, "items.jsonl"), items)
    return 0


# ---- weights

def architecture(reader):
    return value(reader, "general.architecture")


def key(reader, name, default=None):
    return value(reader, f"{architecture(reader)}.{name}", default)


def in_half_order(rows, heads):
    """Rows of q or k as transformers has them; llama files have pairs of a head's rows side by side."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(
        rows.shape)


def reference_weights(reader):
    """Yields name in Hugging Face's checkpoints and values in float32."""
    kind = architecture(reader)
    arch = next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == kind)
    layers = key(reader, "block_count")
    names = {}  # of the file by those of Hugging Face
    of_file = gguf.get_tensor_name_map(arch, layers)
    modules = ["model.embed_tokens", "model.norm", "lm_head"] + [
        f"model.layers.{i}.{module}" for i in range(layers) for module in
        ("input_layernorm", "post_attention_layernorm", "self_attn.q_proj", "self_attn.k_proj",
         "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")]
    for module in modules:
        for end in (".weight", ".bias"):
            names[of_file.get_name(module + end, try_suffixes=(".weight", ".bias"))] = module + end
    heads = key(reader, "attention.head_count")
    kv_heads = key(reader, "attention.head_count_kv", heads)
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32, copy=False)
        values = values.reshape([int(size) for size in reversed(tensor.shape)])
        name = names[tensor.name]
        if kind == "llama" and re.search(r"\.[qk]_proj\.", name):
            values = in_half_order(values, heads if ".q_proj." in name else kv_heads)
        yield name, tensor.tensor_type.name, values


def compare_tensors(args, reader):
    from safetensors import safe_open
    folder = os.path.join(args.work, "converted")
    where = {}
    for file in sorted(os.listdir(folder)):
        if file.endswith(".safetensors"):
            opened = safe_open(os.path.join(folder, file), "numpy")
            where.update({name: opened for name in opened.keys()})
    counts, different, numbers = {}, [], 0
    for name, kind, values in reference_weights(reader):
        counts[kind] = counts.get(kind, 0) + 1
        numbers += values.size
        ours = where.pop(name).get_tensor(name) if name in where else None
        if ours is None or ours.dtype != np.float32 or ours.shape != values.shape or \
                not np.array_equal(ours.view(np.uint32), np.ascontiguousarray(values).view(np.uint32)):
            different.append(name)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    print(f"  tensors: {sum(counts.values())} ({kinds}), {numbers} numbers, {len(different)} different, "
          f"{len(where)} of ours that the file doesn't have")
    for name in different[:5] + sorted(where)[:5]:
        print(f"    {name}", file=sys.stderr)
    return 1 if different or where else 0


# ---- log-probabilities

def reference_model(reader):
    import torch
    import transformers
    kind = architecture(reader)
    config = {"llama": transformers.LlamaConfig, "qwen2": transformers.Qwen2Config}[kind](
        vocab_size=len(value(reader, "tokenizer.ggml.tokens")),
        hidden_size=key(reader, "embedding_length"), num_hidden_layers=key(reader, "block_count"),
        intermediate_size=key(reader, "feed_forward_length"),
        num_attention_heads=key(reader, "attention.head_count"),
        num_key_value_heads=key(reader, "attention.head_count_kv"),
        max_position_embeddings=key(reader, "context_length"),
        rms_norm_eps=key(reader, "attention.layer_norm_rms_epsilon"),
        rope_parameters=dict(rope_type="default", rope_theta=key(reader, "rope.freq_base", 10000.0)),
        tie_word_embeddings=not any(tensor.name == "output.weight" for tensor in reader.tensors))
    model_class = {"llama": transformers.LlamaForCausalLM, "qwen2": transformers.Qwen2ForCausalLM}[kind]
    # Without memory at first: each weight is put in its place as it comes, so there is one copy.
    with torch.device("meta"):
        model = model_class(config)
    for name, _, values in reference_weights(reader):
        module, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(module), leaf,
                torch.nn.Parameter(torch.from_numpy(np.ascontiguousarray(values)), requires_grad=False))
    model.tie_weights()
    # What isn't a weight (the angles' frequencies) is made anew, since it had no memory either.
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    left = [name for name, tensor in [*model.named_parameters(), *model.named_buffers()] if tensor.is_meta]
    if left:
        sys.exit(f"weights that the file doesn't have: {left[:3]}")
    return model.eval()


def compare_numbers(args, reader):
    import torch
    import transformers
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(args.threads)
    model = reference_model(reader)
    items = read_lines(os.path.join(args.work, "items.jsonl"))
    wanted = {}
    with torch.inference_mode():
        for item in items:
            ids = torch.tensor(item["prompt_ids"] + item["completion_ids"])
            hidden = model.model(input_ids=ids[None], use_cache=False).last_hidden_state[0]
            wanted[item["id"]] = []
            for start in range(0, len(ids) - 1, 128):
                following = ids[start + 1:start + 129]
                logits = model.lm_head(hidden[start:start + len(following)])
                chosen = torch.log_softmax(logits.float(), -1).gather(1, following[:, None])[:, 0]
                wanted[item["id"]] += chosen.tolist()
    failed = False
    for precision in ("f32", "bf16"):
        scored = {one["id"]: one for one in read_lines(
            os.path.join(args.work, f"scored.{precision}.jsonl"))}
        differences, theirs = [], []
        for item in items:
            ours = scored[item["id"]]
            if ours["token_ids"] != item["completion_ids"]:
                sys.exit(f"item {item['id']}: other tokens were scored")
            differences += [abs(a - b) for a, b in
                            zip(ours["token_logprobs"], wanted[item["id"]], strict=True)]
            theirs += wanted[item["id"]]
        fails = precision == "f32" and not max(differences) <= TOLERANCE
        failed = failed or fails
        print(f"  log-probabilities in {precision}: {len(differences)} tokens, mean {np.mean(theirs):.4f}, "
              f"differ by {max(differences):.2e} at most, {np.mean(differences):.2e} in the mean"
              f"{'  FAILED' if fails else ''}")
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("step", choices=["texts", "items", "tensors", "numbers"])
    parser.add_argument("files", nargs="*", help="texts: files to take them from")
    parser.add_argument("--work", required=True)
    parser.add_argument("--gguf")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.step in ("texts", "items"):
        return {"texts": prepare_texts, "items": prepare_items}[args.step](args)
    reader = gguf.GGUFReader(args.gguf)
    return {"tensors": compare_tensors, "numbers": compare_numbers}[args.step](args, reader)


if __name__ == "__main__":
    sys.exit(main())
