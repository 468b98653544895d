#!/usr/bin/env python3
"""Makes the golden values of preference training, by PyTorch, transformers and PEFT.

    scripts/peers
    out/peers/bin/python tools/goldens/make_preferences.py --out tests/golden/preference

One tiny random model, and policies that lie away from it in four ways:

    model/                  a Hugging Face directory: the reference, and the base of adapters
    full.safetensors        every parameter of a policy
    lora, rslora, dora/     policies as adapters in PEFT's form, over all products
    golden.json             pairs and single completions in tokens; for each case its loss as recipes
                            have it, its value and what ten steps of AdamW make of it, for each kind
                            of policy; log-probabilities; "layout": names and sizes of parameters in
                            the order that they are laid end to end
    golden.safetensors      f32: "CASE.KIND.grad" and "CASE.KIND.adamw" (after ten steps), laid end
                            to end as "layout" says

Every sequence is run by itself, prompt and completion together: no sharing, no padding, no mask. The
reference is the model without adapter. A step is all pairs (or all single completions) at once.
The losses are written here from their papers' formulas. TRL 1.16's DPOTrainer gave the same values
and gradients for those that it has, but for apo_down_js: there it leaves both terms as they are
without a divergence.
"""

import argparse
import copy
import json
import math
import os
import platform
import shutil
import sys
import warnings

import peft
import torch
import transformers
from safetensors.torch import save_file
from torch.nn.functional import logsigmoid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make import fill_randomly, make_config  # noqa: E402
from make_adapters import adapter_tensors, save_adapter  # noqa: E402
from make_adapters import fill_randomly as fill_adapter_randomly  # noqa: E402

MODEL = dict(
    kind="qwen2", vocab_size=37, hidden_size=16, intermediate_size=20, num_hidden_layers=2,
    num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-5, rope_theta=10000.0,
    tie_word_embeddings=True)
# An epsilon above the rounding errors of gradients: below it Adam's first steps go one way or the
# other by a full step where a gradient is nothing but such an error.
ADAMW = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.95, "eps": 1e-5, "weight_decay": 0.1, "steps": 10}
END = 2  # of every completion
DATA_SEED = 1718  # one that require_telling likes

# (prompt, chosen, rejected) tokens; the second and third pair's completions begin alike.
PAIR_LENGTHS = [(5, 4, 2), (9, 3, 7), (1, 6, 3), (6, 1, 5)]
BEGIN_ALIKE = {1: 2, 2: 1}
# (pair, which of its completions, whether wanted)
SINGLES = [(0, "chosen", True), (1, "rejected", False), (2, "chosen", True), (3, "rejected", False),
           (0, "rejected", False), (1, "chosen", True)]

# Of each case: terms and options, as recipes name them.
CASES = {
    "sigmoid": dict(terms={"sigmoid": 1}),
    "hinge": dict(terms={"hinge": 1}),
    "ipo": dict(terms={"ipo": 1}),
    "exo_pair": dict(terms={"exo_pair": 1}, label_smoothing=0.15),
    "nca_pair": dict(terms={"nca_pair": 1}),
    "robust": dict(terms={"robust": 1}, label_smoothing=0.2),
    "cdpo": dict(terms={"cdpo": 1}, label_smoothing=0.2),
    "bco_pair": dict(terms={"bco_pair": 1}),
    "sppo_hard": dict(terms={"sppo_hard": 1}),
    "aot": dict(terms={"aot": 1}, label_smoothing=0.1),
    "aot_unpaired": dict(terms={"aot_unpaired": 1}, label_smoothing=0.1),
    "apo_zero": dict(terms={"apo_zero": 1}),
    "apo_down": dict(terms={"apo_down": 1}),
    "discopop": dict(terms={"discopop": 1}, discopop_tau=0.4),
    "sigmoid_norm": dict(terms={"sigmoid_norm": 1}, beta=2.0),
    "sft": dict(terms={"sft": 1}),
    "sigmoid_and_sft": dict(terms={"sigmoid": 1, "sft": 0.7}),
    "three_terms": dict(terms={"sigmoid": 0.8, "bco_pair": 0.2, "sft": 1}),
    "simpo": dict(terms={"simpo": 1}, beta=2.0, simpo_gamma=0.7),
    "orpo": dict(terms={"orpo": 1}, orpo_lambda=0.6),
    "kto": dict(terms={"kto": 1}, desirable_weight=1.3, undesirable_weight=0.8),
    "forward_kl": dict(terms={"sigmoid": 1}, divergence="forward_kl"),
    "js_divergence": dict(terms={"sigmoid": 1}, divergence="js_divergence"),
    "alpha_divergence": dict(terms={"sigmoid": 1}, divergence="alpha_divergence",
                             alpha_divergence=0.3),
    "hinge_js": dict(terms={"hinge": 1}, divergence="js_divergence"),
    "apo_down_js": dict(terms={"apo_down": 1}, divergence="js_divergence"),
    "aot_forward_kl": dict(terms={"aot": 1}, divergence="forward_kl"),
    "length_desensitised": dict(terms={"sigmoid": 1}, length_desensitised=0.4),
    "ipo_length_desensitised": dict(terms={"ipo": 1}, length_desensitised=0.4),
    "weighted": dict(terms={"sigmoid": 1}, weighted=True),
    "weighted_ipo": dict(terms={"ipo": 1}, weighted=True, beta=0.5),
}
DEFAULTS = dict(beta=0.3, label_smoothing=0.0, divergence="reverse_kl", alpha_divergence=0.5,
                length_desensitised=1.0, weighted=False, discopop_tau=0.05, simpo_gamma=0.5,
                orpo_lambda=0.1, desirable_weight=1.0, undesirable_weight=1.0)

KINDS = {"full": None,
         "lora": dict(r=2, lora_alpha=3),
         "rslora": dict(r=3, lora_alpha=2, use_rslora=True),
         "dora": dict(r=2, lora_alpha=2, use_dora=True)}


# Data ---------------------------------------------------------------------------------------


def make_pairs(seed):
    generator = torch.Generator().manual_seed(seed)

    def tokens(count):
        return torch.randint(3, MODEL["vocab_size"], (count,), generator=generator).tolist()

    pairs = []
    for number, (prompt, chosen, rejected) in enumerate(PAIR_LENGTHS):
        pair = {"prompt": tokens(prompt), "chosen": tokens(chosen - 1) + [END],
                "rejected": tokens(rejected - 1) + [END]}
        alike = BEGIN_ALIKE.get(number, 0)
        pair["rejected"][:alike] = pair["chosen"][:alike]
        pairs.append(pair)
    return pairs


def make_singles(pairs):
    """Each also with the completion of the one before it (of the last, for the first), which says
    nothing about its prompt."""
    singles = [{"prompt": pairs[pair]["prompt"], "completion": pairs[pair][which], "wanted": wanted}
               for pair, which, wanted in SINGLES]
    for i, single in enumerate(singles):
        single["mismatched"] = singles[i - 1]["completion"]
    return singles


# Log-probabilities --------------------------------------------------------------------------


def token_figures(model, prompt, completion):
    """Of each token of the completion: its log-probability, and log of the sum of squared
    probabilities where it was predicted."""
    ids = torch.tensor([prompt + completion[:-1]])
    logits = model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1:].double()
    logps = torch.log_softmax(logits, -1)
    squares = torch.logsumexp(2 * logps, -1)
    return logps.gather(-1, torch.tensor(completion)[:, None])[:, 0], squares


class Side:
    """The chosen or the rejected completions of all pairs."""

    def __init__(self, policy, reference, pairs, which, alpha):
        lengths = [min(len(pair["chosen"]), len(pair["rejected"])) for pair in pairs]
        figures = [token_figures(policy, pair["prompt"], pair[which]) for pair in pairs]
        with torch.no_grad():
            under_reference = [token_figures(reference, pair["prompt"], pair[which])[0]
                               for pair in pairs]

        def total(logps, shorter):
            return logps[:shorter].sum() + alpha * logps[shorter:].sum()

        self.count = torch.tensor([len(pair[which]) for pair in pairs]).double()
        self.tokens = torch.cat([logps for logps, _ in figures])
        self.plain = torch.stack([logps.sum() for logps, _ in figures])
        self.logp = torch.stack([total(f[0], n) for f, n in zip(figures, lengths)])
        self.reference = torch.stack([total(f, n) for f, n in zip(under_reference, lengths)])
        self.ratio = self.logp - self.reference
        self.likelihood = torch.stack(  # of WPO, which has no gradient
            [(logps - squares).mean() for logps, squares in figures]).detach().exp()


def divergence_of(options, ratio):
    kind, alpha = options["divergence"], options["alpha_divergence"]
    if kind == "forward_kl":
        return -torch.exp(-ratio)
    if kind == "js_divergence":
        return logsigmoid(ratio)
    if kind == "alpha_divergence":
        return torch.exp((alpha - 1) * ratio) / (alpha - 1)
    return ratio


def smoothed(x, epsilon):
    return -(1 - epsilon) * logsigmoid(x) - epsilon * logsigmoid(-x)


def pair_losses(kind, options, c, r):
    """[pairs], whose mean is the loss; c and r are the two sides."""
    beta, epsilon = options["beta"], options["label_smoothing"]
    score_c, score_r = divergence_of(options, c.ratio), divergence_of(options, r.ratio)
    x = beta * (score_c - score_r)
    if kind == "sigmoid":
        return -logsigmoid(x)
    if kind == "hinge":
        return torch.relu(1 - x)
    if kind == "ipo":
        return (score_c / c.count - score_r / r.count - 1 / (2 * beta)) ** 2
    if kind == "exo_pair":
        return (torch.sigmoid(x) * (logsigmoid(x) - math.log(1 - epsilon)) +
                torch.sigmoid(-x) * (logsigmoid(-x) - math.log(epsilon)))
    if kind == "nca_pair":
        return (-logsigmoid(beta * score_c) - logsigmoid(-beta * score_c) / 2 -
                logsigmoid(-beta * score_r) / 2)
    if kind == "robust":
        return ((-(1 - epsilon) * logsigmoid(x) + epsilon * logsigmoid(-x)) / (1 - 2 * epsilon))
    if kind == "cdpo":
        return smoothed(x, epsilon)
    if kind == "bco_pair":
        return -logsigmoid(beta * score_c) - logsigmoid(-beta * score_r)
    if kind == "sppo_hard":
        return (score_c - 1 / (2 * beta)) ** 2 + (score_r + 1 / (2 * beta)) ** 2
    if kind == "aot":
        policy = torch.sort(c.logp - r.logp).values
        reference = torch.sort(c.reference - r.reference).values
        return smoothed(beta * (policy - reference), epsilon)
    if kind == "aot_unpaired":
        return smoothed(beta * (torch.sort(c.ratio).values - torch.sort(r.ratio).values), epsilon)
    if kind == "apo_zero":
        return 1 - torch.sigmoid(beta * c.ratio) + torch.sigmoid(beta * r.ratio)
    if kind == "apo_down":
        return torch.sigmoid(beta * c.ratio) + 1 - torch.sigmoid(x)
    if kind == "discopop":
        m = torch.sigmoid(x / options["discopop_tau"])
        return -logsigmoid(x) * (1 - m) + torch.exp(-x) * m
    if kind == "sigmoid_norm":
        return -logsigmoid(beta * (score_c / c.count - score_r / r.count))
    if kind == "sft":
        return -c.tokens.mean().expand(len(c.count))
    if kind == "simpo":
        return -logsigmoid(beta * (c.logp / c.count - r.logp / r.count) - options["simpo_gamma"])
    if kind == "orpo":
        mean_c, mean_r = c.logp / c.count, r.logp / r.count
        odds = (mean_c - torch.log1p(-mean_c.exp())) - (mean_r - torch.log1p(-mean_r.exp()))
        return -c.tokens.mean() - options["orpo_lambda"] * logsigmoid(odds)
    raise ValueError(kind)


def paired_loss(policy, reference, pairs, options):
    alpha = options["length_desensitised"]
    c, r = (Side(policy, reference, pairs, which, alpha) for which in ("chosen", "rejected"))
    total = 0
    for kind, weight in options["terms"].items():
        losses = pair_losses(kind, options, c, r)
        if options["weighted"]:
            losses = losses * c.likelihood * r.likelihood
        total = total + weight * losses.mean()
    return total


def single_figures(policy, reference, singles, which):
    policy_logps = [token_figures(policy, s["prompt"], s[which])[0].sum() for s in singles]
    with torch.no_grad():
        reference_logps = [token_figures(reference, s["prompt"], s[which])[0].sum() for s in singles]
    return torch.stack(policy_logps) - torch.stack(reference_logps)


def mismatched_kl(policy, reference, singles):
    with torch.no_grad():
        return single_figures(policy, reference, singles, "mismatched").mean().item()


def kto_loss(policy, reference, singles, options):
    z = max(0.0, mismatched_kl(policy, reference, singles))
    ratio = single_figures(policy, reference, singles, "completion")
    losses = []
    for i, single in enumerate(singles):
        x = options["beta"] * (ratio[i] - z)
        losses.append(options["desirable_weight"] * (1 - torch.sigmoid(x)) if single["wanted"] else
                      options["undesirable_weight"] * (1 - torch.sigmoid(-x)))
    return torch.stack(losses).mean()


# Policies -----------------------------------------------------------------------------------


def full_policy(model, seed):
    policy = copy.deepcopy(model)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in policy.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.1 * noise * parameter.pow(2).mean().sqrt())
    return policy, dict(policy.named_parameters())


def adapter_policy(model, options, seed):
    policy = peft.get_peft_model(copy.deepcopy(model), peft.LoraConfig(
        task_type="CAUSAL_LM", target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj",
                                               "up_proj", "down_proj"], **options))
    tensors = adapter_tensors(policy)
    fill_adapter_randomly(tensors, seed)
    with torch.no_grad():
        for name, tensor in tensors.items():
            if "lora_B" in name:
                tensor.mul_(0.6)
    return policy, tensors


def flat(tensors):
    return torch.cat([tensors[name].detach().float().reshape(-1) for name in sorted(tensors)])


def train(loss_of, policy, tensors):
    matrices = [p for p in tensors.values() if p.dim() >= 2]
    vectors = [p for p in tensors.values() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": ADAMW["weight_decay"]},
         {"params": vectors, "weight_decay": 0.0}],
        lr=ADAMW["lr"], betas=(ADAMW["beta1"], ADAMW["beta2"]), eps=ADAMW["eps"])
    losses = []
    for _ in range(ADAMW["steps"]):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(policy)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def make_case(case, given, model, policies, pairs, singles):
    options = {**DEFAULTS, **given}

    def loss_of(policy):
        if "kto" in options["terms"]:
            return kto_loss(policy, model, singles, options)
        return paired_loss(policy, model, pairs, options)

    entry, values = {"loss": options, "kinds": {}}, {}
    for kind, (policy, tensors) in policies.items():
        start = {name: tensor.detach().clone() for name, tensor in tensors.items()}
        policy.zero_grad(set_to_none=True)
        loss = loss_of(policy)
        loss.backward()
        # What a loss doesn't look at has no gradient at all.
        grads = {name: torch.zeros_like(tensor) if tensor.grad is None else tensor.grad.clone()
                 for name, tensor in tensors.items()}
        entry["kinds"][kind] = {"value": loss.item()}
        if "kto" in options["terms"]:
            entry["kinds"][kind]["kl"] = mismatched_kl(policy, model, singles)
        values[f"{case}.{kind}.grad"] = flat(grads)
        entry["kinds"][kind]["adamw_losses"] = train(loss_of, policy, tensors)
        values[f"{case}.{kind}.adamw"] = flat(tensors)
        smallest = min(grads, key=lambda name: grads[name].norm())
        print(f"{case:24} {kind:7} {loss.item():9.5f} to "
              f"{entry['kinds'][kind]['adamw_losses'][-1]:9.5f}; gradient "
              f"{flat(grads).norm():.3g}, smallest {grads[smallest].norm():.2g} ({smallest})"
              + (f" kl {entry['kinds'][kind]['kl']:.3f}" if "kto" in options["terms"] else ""))
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(start[name])
    return entry, values


def logps_of(policies, model, pairs):
    """Sums by policy and side, of one pair after the other."""
    result = {}
    with torch.no_grad():
        for kind, policy in {"reference": model, **{k: p for k, (p, _) in policies.items()}}.items():
            result[kind] = {which: [token_figures(policy, pair["prompt"], pair[which])[0].sum().item()
                                    for pair in pairs] for which in ("chosen", "rejected")}
    return result


def require_telling(logps, kinds_kl):
    """That sorting changes who is compared with whom, and that z is clamped for some policies and
    not for others: else a loss that leaves it out would agree."""
    def order(values):
        return sorted(range(len(values)), key=values.__getitem__)

    def minus(a, b):
        return [x - y for x, y in zip(a, b)]

    base = logps["reference"]
    for kind, policy in logps.items():
        if kind == "reference":
            continue
        assert (order(minus(policy["chosen"], policy["rejected"])) !=
                order(minus(base["chosen"], base["rejected"]))), f"aot, {kind}"
        assert (order(minus(policy["chosen"], base["chosen"])) !=
                order(minus(policy["rejected"], base["rejected"]))), f"aot_unpaired, {kind}"
    assert min(kinds_kl) < -0.1 and max(kinds_kl) > 0.1, kinds_kl


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="folder, such as tests/golden/preference")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # one order of addition
    shutil.rmtree(args.out, ignore_errors=True)

    config = make_config(MODEL)
    config._attn_implementation = "eager"
    model = transformers.Qwen2ForCausalLM(config).float()
    fill_randomly(model, 1700)
    model.save_pretrained(os.path.join(args.out, "model"))
    os.remove(os.path.join(args.out, "model", "generation_config.json"))
    pairs = make_pairs(DATA_SEED)
    singles = make_singles(pairs)

    policies = {"full": full_policy(model, 1702)}
    save_file({name: tensor.detach().clone() for name, tensor in policies["full"][1].items()},
              os.path.join(args.out, "full.safetensors"))
    for index, (kind, options) in enumerate(KINDS.items()):
        if options is not None:
            policies[kind] = adapter_policy(model, options, 1703 + index)
            save_adapter(policies[kind][0], os.path.join(args.out, kind), None)

    logps = logps_of(policies, model, pairs)
    require_telling(logps, [mismatched_kl(policy, model, singles)
                            for policy, _ in policies.values()])
    cases, values = {}, {}
    for case, options in CASES.items():
        cases[case], more = make_case(case, options, model, policies, pairs, singles)
        values.update(more)
    save_file(values, os.path.join(args.out, "golden.safetensors"))
    golden = {
        "made_by": {"command": "python " + " ".join(sys.argv), "python": platform.python_version(),
                    "torch": torch.__version__, "transformers": transformers.__version__,
                    "peft": peft.__version__},
        "pairs": pairs, "singles": singles, "adamw": ADAMW, "logps": logps,
        "layout": {kind: [[name, tensors[name].numel()] for name in sorted(tensors)]
                   for kind, (_, tensors) in policies.items()},
        "cases": cases}
    with open(os.path.join(args.out, "golden.json"), "w", encoding="utf-8") as file:
        json.dump(golden, file, indent=None, separators=(",", ":"))
        file.write("\n")
    for folder, _, names in os.walk(args.out):
        for name in names:
            os.chmod(os.path.join(folder, name), 0o644)


if __name__ == "__main__":
    main()
