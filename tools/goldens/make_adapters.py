#!/usr/bin/env python3
"""Makes the golden values of adapters, by PyTorch, transformers and PEFT over the models of
make.py's cases.

    scripts/peers
    out/peers/bin/python tools/goldens/make_adapters.py --out tests/golden

Each case is an adapter with random numbers (B is not zero, magnitudes are not those of the rows):

    adapters/CASE/adapter/       the folder as PEFT writes it
    adapters/CASE/golden.safetensors  f32: "logits" [tokens, vocab] with the adapter, "base_logits"
                                 without it, "grad.NAME" and "adamw.NAME" (after ten steps) for each
                                 of the adapter's tensors, named as its file has them without
                                 "base_model.model."
    adapters/CASE/golden.json    "base": the case of tests/golden whose model it is for; the rest as
                                 make.py has it

The base is frozen and PEFT's LoRA of what it leaves to others: nothing here is computed by formulas
of our own. Vectors (magnitudes) have no weight decay.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import warnings

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import internlm2  # noqa: E402
from make import ADAMW, CASES as MODELS, make_batch, make_config, forward  # noqa: E402

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
PREFIX = "base_model.model."

ADAPTERS = {
    "lora_qv": dict(base="llama", r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"]),
    "lora_all_linear": dict(base="qwen2_tied", r=3, lora_alpha=5, target_modules="all-linear"),
    "rslora": dict(base="qwen3_tied", r=6, lora_alpha=4, use_rslora=True, target_modules=ALL),
    "dora_bias": dict(base="llama_bias_tied", r=3, lora_alpha=7, use_dora=True,
                      target_modules="all-linear"),
    "dora": dict(base="qwen2_untied", r=5, lora_alpha=5, use_dora=True, target_modules="all-linear"),
    "dora_rslora": dict(base="qwen3_bias", r=4, lora_alpha=6, use_dora=True, use_rslora=True,
                        target_modules=["q_proj", "k_proj", "o_proj", "down_proj"]),
    # PEFT writes the frozen head beside its adapter (".base_layer.weight").
    "lora_head": dict(base="qwen2_untied", r=4, lora_alpha=8,
                      target_modules=["v_proj", "down_proj", "lm_head"]),
    "dora_head": dict(base="llama", r=3, lora_alpha=6, use_dora=True,
                      target_modules=["up_proj", "lm_head"]),
    "patterns": dict(
        base="qwen2_untied", r=4, lora_alpha=8, target_modules=["q_proj", "o_proj", "up_proj"],
        layers_to_transform=[0, 2], layers_pattern="layers",
        rank_pattern={"layers.0.self_attn.q_proj": 2, "up_proj": 5},
        alpha_pattern={"up_proj": 3, r"layers\.2\.self_attn\.o_proj": 16}),
    "pattern_of_targets": dict(
        base="qwen2_tied", r=2, lora_alpha=3.5,
        target_modules=r"model\.layers\.\d+\.(self_attn\.[kv]_proj|mlp\.(gate|down)_proj)",
        exclude_modules=r".*layers\.0\.mlp\.down_proj"),
    # Nothing but the upper layer: gradients need not go below it.
    "upper_layer": dict(base="llama_head_dim", r=4, lora_alpha=4, use_rslora=True,
                        target_modules=["q_proj", "gate_proj", "down_proj"],
                        layers_to_transform=1),
    "bf16_file": dict(base="llama", r=4, lora_alpha=8, target_modules=["k_proj", "o_proj"],
                      dtype=torch.bfloat16),
    "internlm2": dict(base="internlm2", r=4, lora_alpha=6,
                      target_modules=["wqkv", "wo", "w1", "w3", "w2"]),
    "internlm2_dora": dict(base="internlm2_bias", r=3, lora_alpha=6, use_dora=True,
                           target_modules=["wqkv", "w2"]),
}


class Part(torch.nn.Module):
    """Queries, keys or values of a fused product, which computes all three each time."""

    def __init__(self, fused, part, heads, groups, dim):
        super().__init__()
        self.owner = [fused]  # in a list: PEFT finds the module under one name alone
        self.part, self.heads, self.groups, self.dim = part, heads, groups, dim

    def forward(self, x):
        y = self.owner[0].attention.wqkv(x)
        per_group = self.heads // self.groups
        y = y.reshape(*y.shape[:-1], self.groups, per_group + 2, self.dim)
        y = {"q": y[..., :per_group, :], "k": y[..., per_group:per_group + 1, :],
             "v": y[..., per_group + 1:, :]}[self.part]
        return y.reshape(*y.shape[:-3], -1)


class Named(torch.nn.Module):
    """Calls a module that lies elsewhere under its published name."""

    def __init__(self, owner, group, name):
        super().__init__()
        self.owner, self.group, self.name = [owner], group, name

    def forward(self, x):
        return getattr(getattr(self.owner[0], self.group), self.name)(x)


def linear_of(weights, name):
    weight, bias = weights[name + ".weight"], weights.get(name + ".bias")
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(bias)
    return layer


def open_internlm2(directory, options):
    """A Llama model whose products lie under InternLM2's names, queries, keys and values fused."""
    config = make_config(options)
    config._attn_implementation = "eager"
    model = transformers.LlamaForCausalLM(config).float()
    weights = load_file(os.path.join(directory, "model.safetensors"))
    plain = {"model.embed_tokens": "model.tok_embeddings", "model.norm": "model.norm",
             "lm_head": "output"}
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    with torch.no_grad():
        for ours, theirs in plain.items():
            model.get_submodule(ours).weight.copy_(weights[theirs + ".weight"])
        for number, layer in enumerate(model.model.layers):
            at = f"model.layers.{number}."
            layer.input_layernorm.weight.copy_(weights[at + "attention_norm.weight"])
            layer.post_attention_layernorm.weight.copy_(weights[at + "ffn_norm.weight"])
            for group, names in (("attention", ["wqkv", "wo"]), ("feed_forward", ["w1", "w2", "w3"])):
                layer.add_module(group, torch.nn.Module())
                for name in names:
                    getattr(layer, group).add_module(name, linear_of(weights, f"{at}{group}.{name}"))
            for part in "qkv":
                setattr(layer.self_attn, part + "_proj",
                        Part(layer, part, heads, groups, config.head_dim))
            layer.self_attn.o_proj = Named(layer, "attention", "wo")
            for ours, theirs in (("gate_proj", "w1"), ("down_proj", "w2"), ("up_proj", "w3")):
                setattr(layer.mlp, ours, Named(layer, "feed_forward", theirs))
    return model


def open_base(directory, options):
    if options["kind"] == "internlm2":
        return open_internlm2(directory, options)
    return transformers.AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager")


def adapter_tensors(model):
    """The adapter's parameters by the names of its file, without its beginning."""
    tensors = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        name = name.replace(".default", "").removeprefix(PREFIX)
        tensors[name.removesuffix(".weight") if "magnitude" in name else name] = parameter
    return tensors


def fill_randomly(tensors, seed):
    """A as large as what it multiplies, B so that the change is about a third of the product,
    magnitudes up to a third away from their rows' norms."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(tensors.items()):
            noise = torch.randn(tensor.shape, generator=generator)
            if "magnitude" in name:
                tensor.mul_(1 + 0.15 * noise)
            elif "lora_A" in name:
                tensor.copy_(noise * tensor.shape[1] ** -0.5)
            else:
                tensor.copy_(0.3 * noise * tensor.shape[1] ** -0.5)


def save_adapter(model, directory, dtype):
    model.peft_config["default"].base_model_name_or_path = ""
    model.save_pretrained(directory)
    path = os.path.join(directory, "adapter_model.safetensors")
    if dtype is not None:
        save_file({key: value.to(dtype) for key, value in load_file(path).items()}, path,
                  metadata={"format": "pt"})
    path_of_config = os.path.join(directory, "adapter_config.json")
    with open(path_of_config, encoding="utf-8") as file:
        config = json.load(file)
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # PEFT writes a set
    with open(path_of_config, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
    for extra in os.listdir(directory):
        if extra not in ("adapter_config.json", "adapter_model.safetensors"):
            os.remove(os.path.join(directory, extra))
    os.chmod(path, 0o644)


def adamw_steps(model, tensors, batch):
    matrices = [p for p in tensors.values() if p.dim() >= 2]
    vectors = [p for p in tensors.values() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": ADAMW["weight_decay"]},
         {"params": vectors, "weight_decay": 0.0}],
        lr=ADAMW["lr"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["eps"])
    losses = []
    for _ in range(ADAMW["steps"]):
        optimizer.zero_grad(set_to_none=True)
        _, loss = forward(model, batch)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def versions():
    return {"command": "python " + " ".join(sys.argv), "python": platform.python_version(),
            "torch": torch.__version__, "transformers": transformers.__version__,
            "peft": peft.__version__}


def make_case(name, options, seed, out):
    options = dict(options)
    base, dtype = options.pop("base"), options.pop("dtype", None)
    model = open_base(os.path.join(out, base, "model"), MODELS[base]).train()
    batch = make_batch(MODELS[base]["vocab_size"], seed + 1)
    with torch.no_grad():
        base_logits, _ = forward(model, batch)
    model = peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", **options))
    tensors = adapter_tensors(model)
    fill_randomly(tensors, seed)
    if dtype is not None:
        with torch.no_grad():
            for tensor in tensors.values():
                tensor.copy_(tensor.to(dtype).float())
    directory = os.path.join(out, "adapters", name)
    shutil.rmtree(directory, ignore_errors=True)
    save_adapter(model, os.path.join(directory, "adapter"), dtype)

    logits, loss = forward(model, batch)
    loss.backward()
    values = {"logits": logits.detach(), "base_logits": base_logits}
    values.update({f"grad.{key}": tensor.grad.clone() for key, tensor in tensors.items()})
    losses = adamw_steps(model, tensors, batch)
    values.update({f"adamw.{key}": tensor.detach() for key, tensor in tensors.items()})
    path = os.path.join(directory, "golden.safetensors")
    save_file({key: value.contiguous() for key, value in values.items()}, path)
    os.chmod(path, 0o644)

    tokens, targets, weights, offsets = batch
    golden = {
        "made_by": versions(), "base": base, "seed": seed, "tokens": tokens.tolist(),
        "offsets": offsets, "targets": targets.tolist(), "target_weights": weights.tolist(),
        "loss": loss.item(), "adamw": ADAMW, "adamw_losses": losses}
    with open(os.path.join(directory, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, indent=None, separators=(",", ":"))
        file.write("\n")
    change = (logits - base_logits).norm() / base_logits.norm()
    print(f"{name}: {len(tensors)} tensors, logits change by {change:.2f}, loss {loss.item():.6f}, "
          f"after ten steps {losses[-1]:.6f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder of the cases, such as tests/golden")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # one order of addition
    for index, (name, options) in enumerate(ADAPTERS.items()):
        make_case(name, options, 700 + 10 * index, args.out)


if __name__ == "__main__":
    main()
