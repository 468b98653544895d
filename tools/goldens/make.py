#!/usr/bin/env python3
"""Makes the golden values that our engine is compared with, by PyTorch and transformers.

    python3 tools/goldens/make.py --out tests/golden

Each case is a tiny random model and what the reference computes with it:

    CASE/model/            a Hugging Face directory: config.json, model.safetensors (f32)
    CASE/golden.safetensors  f32: "logits" [tokens, vocab], "grad.NAME" and "adamw.NAME" (the
                           parameter after ten steps) for every parameter
    CASE/golden.json       tokens, offsets, targets and target weights; loss; the optimizer's
                           settings and its ten losses; the deviation of the reference's own bf16
                           (autocast) from its f32; versions and command

Sequences are run one at a time, so no padding and no mask enters a value. targets[i] is the token
that position i predicts (already shifted); loss = sum(weight * nll) / sum(weight). A case of
InternLM2 is a Llama model: its tensors, their gradients and what AdamW makes of them are fused and
renamed, and no sequence is so long that rotary positions are stretched.
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

SEQUENCE_LENGTHS = [7, 33, 1]
ADAMW = {"lr": 2e-3, "beta1": 0.9, "beta2": 0.95, "eps": 1e-8, "weight_decay": 0.1, "steps": 10}

# Odd sizes on purpose: no dimension that a kernel would like is a multiple of its tile.
CASES = {
    "llama": dict(
        kind="llama", vocab_size=99, hidden_size=40, intermediate_size=52, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False),
    "llama_bias_tied": dict(
        kind="llama", vocab_size=83, hidden_size=32, intermediate_size=44, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=1, rms_norm_eps=1e-6, rope_theta=500000.0,
        attention_bias=True, mlp_bias=True, tie_word_embeddings=True),
    "llama_head_dim": dict(
        kind="llama", vocab_size=67, hidden_size=24, intermediate_size=39, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=3, head_dim=12, rms_norm_eps=1e-5,
        rope_theta=1234.5, tie_word_embeddings=False),
    "qwen2_tied": dict(
        kind="qwen2", vocab_size=101, hidden_size=36, intermediate_size=58, num_hidden_layers=2,
        num_attention_heads=6, num_key_value_heads=2, rms_norm_eps=1e-6, rope_theta=1000000.0,
        tie_word_embeddings=True),
    "qwen2_untied": dict(
        kind="qwen2", vocab_size=71, hidden_size=32, intermediate_size=35, num_hidden_layers=3,
        num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False),
    "qwen3_tied": dict(
        kind="qwen3", vocab_size=73, hidden_size=36, intermediate_size=42, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=14, rms_norm_eps=1e-6,
        rope_theta=1000000.0, tie_word_embeddings=True),
    "qwen3_bias": dict(
        kind="qwen3", vocab_size=61, hidden_size=28, intermediate_size=50, num_hidden_layers=2,
        num_attention_heads=3, num_key_value_heads=1, head_dim=18, rms_norm_eps=1e-5,
        rope_theta=10000.0, attention_bias=True, tie_word_embeddings=False),
    "internlm2": dict(
        kind="internlm2", vocab_size=75, hidden_size=48, intermediate_size=38, num_hidden_layers=2,
        num_attention_heads=6, num_key_value_heads=2, rms_norm_eps=1e-5, rope_theta=10000.0,
        tie_word_embeddings=False, max_position_embeddings=40,
        rope=dict(rope_type="dynamic", factor=3.0)),
    "internlm2_bias": dict(
        kind="internlm2", vocab_size=59, hidden_size=40, intermediate_size=44, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=1, rms_norm_eps=1e-6, rope_theta=1000000.0,
        attention_bias=True, tie_word_embeddings=False, max_position_embeddings=33,
        rope=dict(rope_type="dynamic", factor=2.0)),
}

MODEL_CLASSES = {"llama": "Llama", "qwen2": "Qwen2", "qwen3": "Qwen3", "internlm2": "Llama"}


def make_config(options):
    options = dict(options)
    kind = options.pop("kind")
    theta = options.pop("rope_theta")
    rope = {"rope_type": "default", "rope_theta": theta, **options.pop("rope", {})}
    common = {"max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, **options}
    return getattr(transformers, MODEL_CLASSES[kind] + "Config")(rope_parameters=rope, **common)


def make_model(options, seed):
    config = make_config(options)
    config._attn_implementation = "eager"
    model = getattr(transformers, MODEL_CLASSES[options["kind"]] + "ForCausalLM")(config).float()
    fill_randomly(model, seed)
    return model.train()  # no dropout is configured: train() only enables gradients' usual path


def fill_randomly(model, seed):
    """Weights large enough that attention is far from uniform and every gradient matters; norms
    and biases far from their usual ones and zeros, so that leaving one out is seen."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 2:
                scale = 0.5 if "embed_tokens" in name else 1.2 * parameter.shape[1] ** -0.5
                parameter.copy_(noise * scale)
            elif name.endswith("norm.weight"):
                parameter.copy_(1 + 0.3 * noise)
            else:
                parameter.copy_(0.2 * noise)


def make_batch(vocab, seed):
    generator = torch.Generator().manual_seed(seed)
    total = sum(SEQUENCE_LENGTHS)
    tokens = torch.randint(3, vocab, (total,), generator=generator)
    targets = torch.randint(0, vocab, (total,), generator=generator)
    weights = torch.tensor([0.0, 0.25, 1.0, 4.0])[torch.randint(0, 4, (total,), generator=generator)]
    weights[-1] = 1.5  # the sequence of one token counts
    offsets = [0]
    for length in SEQUENCE_LENGTHS:
        offsets.append(offsets[-1] + length)
    return tokens, targets, weights, offsets


def forward(model, batch):
    """Logits [tokens, vocab] and the weighted mean loss."""
    tokens, targets, weights, offsets = batch
    rows = []
    for begin, end in zip(offsets, offsets[1:]):
        rows.append(model(input_ids=tokens[None, begin:end], use_cache=False).logits[0].float())
    logits = torch.cat(rows)
    nll = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    return logits, (weights * nll).sum() / weights.sum()


def gradients(model, batch, autocast):
    model.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        logits, loss = forward(model, batch)
    loss.backward()
    grads = {name: p.grad.detach().clone() for name, p in model.named_parameters()}
    return logits.detach(), loss.detach().item(), grads


def as_published(options, config, tensors):
    """Tensors by the names of the model, as its checkpoint has them."""
    return internlm2.fused_names(tensors, config) if options["kind"] == "internlm2" else tensors


def relative(a, b):
    return ((a.double() - b.double()).norm() / b.double().norm()).item()


def adamw_steps(model, batch, autocast):
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": ADAMW["weight_decay"]},
         {"params": vectors, "weight_decay": 0.0}],
        lr=ADAMW["lr"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["eps"])
    losses = []
    for _ in range(ADAMW["steps"]):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            _, loss = forward(model, batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def make_case(name, options, seed, out):
    model = make_model(options, seed)
    batch = make_batch(options["vocab_size"], seed + 1)
    directory = os.path.join(out, name)
    shutil.rmtree(directory, ignore_errors=True)
    model.save_pretrained(os.path.join(directory, "model"))
    generation = os.path.join(directory, "model", "generation_config.json")
    if os.path.exists(generation):
        os.remove(generation)
    if options["kind"] == "internlm2":
        internlm2.fuse(os.path.join(directory, "model"), model)

    def published(values):
        return as_published(options, model.config, values)

    logits, loss, grads = gradients(model, batch, autocast=False)
    bf16_logits, bf16_loss, bf16_grads = gradients(model, batch, autocast=True)
    grads, bf16_grads = published(grads), published(bf16_grads)
    tensors = {"logits": logits}
    tensors.update({f"grad.{key}": value for key, value in grads.items()})
    bf16 = {"loss": abs(bf16_loss - loss) / abs(loss), "logits": relative(bf16_logits, logits)}
    bf16.update({f"grad.{key}": relative(bf16_grads[key], grads[key]) for key in grads})
    bf16_model = copy.deepcopy(model)
    bf16_losses = adamw_steps(bf16_model, batch, autocast=True)
    losses = adamw_steps(model, batch, autocast=False)
    bf16["adamw_loss"] = max(abs(a - b) / abs(b) for a, b in zip(bf16_losses, losses))
    trained, bf16_trained = (
        published({key: parameter.detach().clone() for key, parameter in m.named_parameters()})
        for m in (model, bf16_model))
    for key, parameter in trained.items():
        tensors[f"adamw.{key}"] = parameter
        bf16[f"adamw.{key}"] = relative(bf16_trained[key], parameter)
    save_file({key: value.contiguous() for key, value in tensors.items()},
              os.path.join(directory, "golden.safetensors"))

    tokens, targets, weights, offsets = batch
    golden = {
        "made_by": {
            "command": "python3 " + " ".join(sys.argv), "python": platform.python_version(),
            "torch": torch.__version__, "transformers": transformers.__version__},
        "seed": seed, "tokens": tokens.tolist(), "offsets": offsets, "targets": targets.tolist(),
        "target_weights": weights.tolist(), "loss": loss, "adamw": ADAMW, "adamw_losses": losses,
        "bf16_autocast_relative_error": {key: float(f"{value:.3g}") for key, value in bf16.items()},
    }
    for path in ("model/model.safetensors", "golden.safetensors"):
        os.chmod(os.path.join(directory, path), 0o644)
    with open(os.path.join(directory, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, indent=None, separators=(",", ":"))
        file.write("\n")
    worst = max(bf16, key=bf16.get)
    print(f"{name}: loss {loss:.6f}, after ten steps {losses[-1]:.6f}; reference's bf16 worst "
          f"{bf16[worst]:.2e} ({worst})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of the cases, such as tests/golden")
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)  # one order of addition
    for index, (name, options) in enumerate(CASES.items()):
        make_case(name, options, 100 + 10 * index, args.out)


if __name__ == "__main__":
    main()
