#!/usr/bin/env python3
"""Makes the golden values of the losses of preference training, by PyTorch's autograd in float64.

    python3 tools/goldens/make_preference_losses.py --out tests/golden/preference_losses.json

The file has `steps` (log-probabilities by token, which are exact in float32) and `cases`: the fields
of a recipe's [preference] section, the name of a step, the loss, and its derivative by the policy's
log-probability of each token, completion after completion. The formulas here are written from the
papers and from TRL's documentation, apart from those that they check.

    python3 tools/goldens/make_preference_losses.py --trl DIR

compares these formulas with TRL's own trainers instead, DIR being an unpacked trl-1.9.2 wheel (the
last version whose divergences reach every loss): value and gradient by logit of a random batch.
"""

import argparse
import collections
import contextlib
import importlib.machinery
import json
import math
import random
import sys
import types

import torch
import torch.nn.functional as F

DEFAULTS = dict(
    loss_type=["sigmoid"], loss_weights=None, beta=0.1, label_smoothing=0.0,
    f_divergence_type="reverse_kl", f_alpha_divergence_coef=0.5, ld_alpha=1.0, use_weighting=False,
    discopop_tau=0.05, simpo_gamma=0.5, orpo_lambda=0.1, desirable_weight=1.0,
    undesirable_weight=1.0)

SMOOTHED = {"exo_pair", "robust", "cdpo", "aot", "aot_unpaired", "simpo"}
PAIRED = ["sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "cdpo", "bco_pair",
          "sppo_hard", "aot", "aot_unpaired", "apo_zero", "apo_down", "discopop", "sigmoid_norm",
          "sft", "simpo", "orpo"]
OF_SCORES = ["sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "cdpo", "bco_pair",
             "sppo_hard", "apo_down", "discopop", "sigmoid_norm"]


def log_s(x):
    return -F.softplus(-x)


def score(ratio, options):
    kind = options["f_divergence_type"]
    if kind == "forward_kl":
        return -1 / ratio.exp()
    if kind == "js_divergence":
        return log_s(ratio)
    if kind == "alpha_divergence":
        order = options["f_alpha_divergence_coef"] - 1
        if abs(order) < 1e-6:
            return ratio
        return (order * ratio).clamp(max=80).exp() / order
    return ratio


def smoothed(x, eps):
    return -((1 - eps) * log_s(x) + eps * log_s(-x))


class Pairs:
    """Sums over tokens of a step's pairs, each a vector over pairs."""

    def __init__(self, step, policy, options):
        chosen, rejected = step["completions"][::2], step["completions"][1::2]
        self.weight = torch.tensor([c.get("weight", 1.0) for c in chosen], dtype=torch.float64)
        self.len_c = torch.tensor([len(c["policy"]) for c in chosen], dtype=torch.float64)
        self.len_r = torch.tensor([len(r["policy"]) for r in rejected], dtype=torch.float64)
        self.nll = torch.stack([-p.sum() for p in policy[::2]])
        shared = [min(len(c["policy"]), len(r["policy"])) for c, r in zip(chosen, rejected)]

        def total(rows):
            tail = options["ld_alpha"]
            return torch.stack([row[:n].sum() + tail * row[n:].sum()
                                for row, n in zip(rows, shared)])

        def fixed(rows, field):
            return [torch.tensor(row[field], dtype=torch.float64) for row in rows]

        self.c, self.r = total(policy[::2]), total(policy[1::2])
        self.ref_c = total(fixed(chosen, "reference"))
        self.ref_r = total(fixed(rejected, "reference"))
        self.likelihood = torch.ones_like(self.weight)
        if options["use_weighting"]:
            means = []
            for rows, logps in ((chosen, policy[::2]), (rejected, policy[1::2])):
                squares = fixed(rows, "log_square_sums")
                means.append(torch.stack([(p.detach() - s).mean()
                                          for p, s in zip(logps, squares)]))
            self.likelihood = (means[0] + means[1]).exp()


def pair_loss(name, p, o):
    """The loss of each pair; of `sft` and `orpo` without the mean over tokens."""
    beta, eps = o["beta"], o["label_smoothing"]
    ratio_c, ratio_r = p.c - p.ref_c, p.r - p.ref_r
    sc, sr = score(ratio_c, o), score(ratio_r, o)
    x = beta * (sc - sr)
    if name == "sigmoid":
        return -log_s(x)
    if name == "hinge":
        return F.relu(1 - x)
    if name == "ipo":
        return (sc / p.len_c - sr / p.len_r - 1 / (2 * beta)).square()
    if name == "exo_pair":
        return (x.sigmoid() * (log_s(x) - math.log(1 - eps))
                + (-x).sigmoid() * (log_s(-x) - math.log(eps)))
    if name == "nca_pair":
        return -log_s(beta * sc) - (log_s(-beta * sc) + log_s(-beta * sr)) / 2
    if name == "robust":
        return (eps * log_s(-x) - (1 - eps) * log_s(x)) / (1 - 2 * eps)
    if name == "cdpo":
        return smoothed(x, eps)
    if name == "bco_pair":
        return -log_s(beta * sc) - log_s(-beta * sr)
    if name == "sppo_hard":
        return (sc - 1 / (2 * beta)).square() + (sr + 1 / (2 * beta)).square()
    if name == "aot":
        rank_policy = (p.c - p.r).sort(stable=True).values
        rank_reference = (p.ref_c - p.ref_r).sort(stable=True).values
        return smoothed(beta * (rank_policy - rank_reference), eps)
    if name == "aot_unpaired":
        return smoothed(
            beta * (ratio_c.sort(stable=True).values - ratio_r.sort(stable=True).values), eps)
    if name == "apo_zero":
        return 1 - (beta * ratio_c).sigmoid() + (beta * ratio_r).sigmoid()
    if name == "apo_down":
        return (beta * ratio_c).sigmoid() + 1 - x.sigmoid()
    if name == "discopop":
        share = (x / o["discopop_tau"]).sigmoid()
        return -log_s(x) * (1 - share) + (-x + log_s(x / o["discopop_tau"])).exp()
    if name == "sigmoid_norm":
        return -log_s(beta * (sc / p.len_c - sr / p.len_r))
    if name == "simpo":
        return smoothed(beta * (p.c / p.len_c - p.r / p.len_r) - o["simpo_gamma"], eps)
    if name == "orpo":
        mean_c, mean_r = p.c / p.len_c, p.r / p.len_r
        odds_c = mean_c - torch.log(-torch.expm1(mean_c))
        odds_r = mean_r - torch.log(-torch.expm1(mean_r))
        return -o["orpo_lambda"] * log_s(odds_c - odds_r)
    raise ValueError(name)


def loss_of(step, policy, options):
    o = {**DEFAULTS, **options}
    weights = o["loss_weights"] or [1.0] * len(o["loss_type"])
    if o["loss_type"] == ["kto"]:
        return weights[0] * kto_loss(step, policy, o)
    p = Pairs(step, policy, o)
    total = torch.zeros((), dtype=torch.float64)
    for name, scale in zip(o["loss_type"], weights):
        if name in ("sft", "orpo"):
            nll = (p.weight * p.likelihood * p.nll).sum()
            total = total + scale * nll / (p.weight * p.len_c).sum()
        if name != "sft":
            # Sorted losses weigh as the pair whose figure stands at that rank.
            order = torch.arange(len(p.weight))
            if name == "aot":
                order = (p.c - p.r).argsort(stable=True)
            elif name == "aot_unpaired":
                order = (p.c - p.ref_c).argsort(stable=True)
            each = pair_loss(name, p, o) * p.likelihood
            total = total + scale * (p.weight[order] * each).sum() / p.weight.sum()
    return total


def kto_loss(step, policy, o):
    zero_point = max(0.0, step["kl"])
    losses, weights = [], []
    for completion, logps in zip(step["completions"], policy):
        ratio = logps.sum() - sum(completion["reference"])
        if completion["wanted"]:
            losses.append(o["desirable_weight"]
                          * (1 - (o["beta"] * (ratio - zero_point)).sigmoid()))
        else:
            losses.append(o["undesirable_weight"]
                          * (1 - (o["beta"] * (zero_point - ratio)).sigmoid()))
        weights.append(completion.get("weight", 1.0))
    weights = torch.tensor(weights, dtype=torch.float64)
    return (torch.stack(losses) * weights).sum() / weights.sum()


def compute(step, options):
    policy = [torch.tensor(c["policy"], dtype=torch.float64, requires_grad=True)
              for c in step["completions"]]
    loss = loss_of(step, policy, options)
    loss.backward()
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in policy]
    return loss.item(), torch.cat(gradients).tolist()


# Steps and cases.


def random_step(seed, lengths, apart=1.0, kl=0.4):
    """Log-probabilities that are multiples of 2^-10; the reference about `apart` from the policy."""
    rng = random.Random(seed)
    step = {"completions": [], "kl": kl}
    for i, tokens in enumerate(lengths):
        policy = [-rng.randrange(8, 4096) / 1024 for _ in range(tokens)]
        reference = [min(-1 / 1024, round((p + apart * rng.uniform(-1, 1)) * 1024) / 1024)
                     for p in policy]
        squares = [-rng.randrange(8, 2048) / 1024 for _ in range(tokens)]
        step["completions"].append({"policy": policy, "reference": reference,
                                    "log_square_sums": squares, "wanted": i % 2 == 0})
    return step


def make_steps():
    steps = {
        "few": random_step(1, [5, 3, 1, 4, 2, 2]),
        "tokens": random_step(2, [1, 1], kl=-1.0),
        "longer": random_step(3, [19, 11, 3, 23], apart=2.0, kl=2.0),
        "far": random_step(4, [6, 2, 3, 7, 4, 4], apart=40.0, kl=9.0),
        "equal": random_step(5, [3, 3, 2, 2]),
        "weights": random_step(6, [5, 3, 1, 4, 2, 2, 6, 1]),
    }
    for i in (0, 2):
        pair = steps["equal"]["completions"]
        pair[i + 1] = {**pair[i], "wanted": False}
    for i, weight in enumerate([0.5, 2.0, 1.0, 3.0]):
        for completion in steps["weights"]["completions"][2 * i:2 * i + 2]:
            completion["weight"] = weight
    return steps


def smoothing_of(name, eps=0.1):
    return {"label_smoothing": eps} if name in SMOOTHED else {}


def make_cases(steps):
    cases = []

    def add(step, **options):
        if options["loss_type"] == ["orpo"]:
            options.pop("beta", None)  # there it would be another name of orpo_lambda
        cases.append({"step": step, "options": options})

    for name in PAIRED:
        for step in steps:
            add(step, loss_type=[name], beta=0.3, **smoothing_of(name))
        add("few", loss_type=[name], beta=2.5, ld_alpha=0.3, **smoothing_of(name, 0.01))
        add("weights", loss_type=[name], ld_alpha=0.0, **smoothing_of(name, 0.3))
        if name not in ("aot", "aot_unpaired"):
            add("weights", loss_type=[name], beta=0.4, use_weighting=True, **smoothing_of(name))
    for name in OF_SCORES + ["aot", "aot_unpaired", "apo_zero"]:
        for extra in (dict(f_divergence_type="forward_kl"), dict(f_divergence_type="js_divergence"),
                      dict(f_divergence_type="alpha_divergence"),
                      dict(f_divergence_type="alpha_divergence", f_alpha_divergence_coef=1.7),
                      dict(f_divergence_type="alpha_divergence", f_alpha_divergence_coef=1.0)):
            add("few", loss_type=[name], beta=0.3, **extra, **smoothing_of(name))
    add("far", loss_type=["sigmoid"], f_divergence_type="alpha_divergence",
        f_alpha_divergence_coef=3.0)
    for name in ("robust", "cdpo", "aot", "aot_unpaired", "simpo"):
        add("few", loss_type=[name], beta=0.3)
    add("few", loss_type=["discopop"], beta=0.7, discopop_tau=0.5)
    add("few", loss_type=["discopop"], beta=0.7, discopop_tau=2.0)
    add("few", loss_type=["simpo"], beta=2.0, simpo_gamma=1.4)
    add("few", loss_type=["orpo"], orpo_lambda=0.6)
    add("few", loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.25])
    add("weights", loss_type=["sigmoid", "bco_pair", "sft"], loss_weights=[0.8, 0.2, 1.0])
    add("few", loss_type=["hinge", "aot", "simpo", "orpo"], loss_weights=[0.5, 2.0, 0.0, 1.5],
        beta=0.2, ld_alpha=0.5, label_smoothing=0.2)
    add("weights", loss_type=["robust", "exo_pair", "ipo", "sft"], label_smoothing=0.05,
        f_divergence_type="js_divergence", use_weighting=True)
    for step in steps:
        add(step, loss_type=["kto"], beta=0.3)
        add(step, loss_type=["kto"], loss_weights=[2.0], beta=0.1, desirable_weight=1.5,
            undesirable_weight=0.25)
    return cases


def make(path):
    steps = make_steps()
    cases = make_cases(steps)
    for case in cases:
        loss, gradients = compute(steps[case["step"]], case["options"])
        case["loss"] = loss
        case["gradients"] = [float(f"{g:.9g}") for g in gradients]
    golden = {"made_by": "tools/goldens/make_preference_losses.py", "torch": torch.__version__,
              "steps": steps, "cases": cases}
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"made_by": %s, "torch": %s,\n"steps": {\n' % (
            json.dumps(golden["made_by"]), json.dumps(golden["torch"])))
        file.write(",\n".join(f"{json.dumps(name)}: {json.dumps(step)}"
                              for name, step in steps.items()))
        file.write('\n},\n"cases": [\n')
        file.write(",\n".join(json.dumps(case) for case in cases))
        file.write("\n]}\n")
    print(f"{path}: {len(cases)} cases")


# TRL's trainers, of which only what they compute of a batch is asked.


class Anything(types.ModuleType):
    """A package that isn't installed and isn't needed: whatever is asked of it is a class."""

    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def open_trl(folder):
    sys.path.insert(0, folder)
    for name in ("datasets", "datasets.fingerprint", "datasets.features",
                 "pandas", "pyarrow", "pyarrow.compute", "pyarrow.types"):
        sys.modules[name] = Anything(name)
        sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)
    from trl.trainer import dpo_trainer
    return dpo_trainer


PLAIN = types.SimpleNamespace(device="cpu", gather=lambda x: x, gather_for_metrics=lambda x: x)


def compare_means_with_trl():
    """SimPO and ORPO's odds: what TRL makes of mean log-probabilities."""
    from trl.experimental.cpo.cpo_trainer import CPOTrainer
    from trl.experimental.orpo.orpo_trainer import ORPOTrainer
    step = random_step(7, [5, 3, 1, 4, 2, 2])
    policy = [torch.tensor(c["policy"], dtype=torch.float64) for c in step["completions"]]
    means = [torch.stack([p.mean() for p in policy[half::2]]) for half in (0, 1)]
    o = {**DEFAULTS, "beta": 1.3, "simpo_gamma": 0.8, "label_smoothing": 0.1, "orpo_lambda": 0.7}
    p = Pairs(step, policy, o)
    cpo = types.SimpleNamespace(alpha=0.0, accelerator=PLAIN, loss_type="simpo", beta=o["beta"],
                                simpo_gamma=o["simpo_gamma"],
                                label_smoothing=o["label_smoothing"])
    orpo = types.SimpleNamespace(accelerator=PLAIN, beta=o["orpo_lambda"])
    simpo_error = (CPOTrainer.cpo_loss(cpo, *means)[0] - pair_loss("simpo", p, o)).abs().max()
    # TRL's is what it takes off.
    orpo_error = (ORPOTrainer.odds_ratio_loss(orpo, *means)[0]
                  + pair_loss("orpo", p, o)).abs().max()
    if max(simpo_error, orpo_error) > 1e-6:
        raise SystemExit(f"simpo is off by {simpo_error}, orpo by {orpo_error}")
    print(f"TRL's CPO and ORPO trainers agree; worst {max(simpo_error, orpo_error):.2g}")


def compare_kto_with_trl(batch):
    from trl.trainer import kto_trainer
    kto_trainer.disable_gradient_checkpointing = lambda *_: contextlib.nullcontext()
    worst = 0.0
    for kl in (0.7, -0.4):
        o = {**DEFAULTS, "loss_type": ["kto"], "beta": 0.4, "desirable_weight": 1.5,
             "undesirable_weight": 0.5}
        outputs = types.SimpleNamespace(logits=batch["policy"].clone().requires_grad_())
        reference_model = lambda **_: types.SimpleNamespace(logits=batch["reference"])
        model = lambda **_: outputs
        trainer = types.SimpleNamespace(
            model=types.SimpleNamespace(training=True), accelerator=PLAIN, aux_loss_enabled=False,
            precompute_ref_logps=False, calculate_KL=True, loss_type="kto", beta=o["beta"],
            desirable_weight=o["desirable_weight"], undesirable_weight=o["undesirable_weight"],
            args=types.SimpleNamespace(gradient_checkpointing_kwargs=None),
            ref_model=reference_model, _total_train_tokens=0,
            _compute_kl_logps=lambda asked, _: torch.full((8,), kl if asked is model else 0.0),
            _metrics={"train": collections.defaultdict(list)})
        wanted = [True, False, False, True, True, True, False, True]
        inputs = {"input_ids": batch["ids"], "attention_mask": torch.ones_like(batch["ids"]),
                  "completion_mask": batch["mask"], "label": torch.tensor(wanted)}
        theirs = kto_trainer.KTOTrainer._compute_loss(trainer, model, inputs, False)
        theirs.backward()
        ours, our_gradient = our_loss(batch, o, order=range(8), wanted=wanted, kl=kl)
        worst = max(worst, abs(theirs.item() - ours),
                    (outputs.logits.grad - our_gradient).norm().item() / our_gradient.norm())
    if worst > 1e-4:
        raise SystemExit(f"kto is off by {worst}")
    print(f"TRL's KTO trainer agrees; worst {worst:.2g}")


def trl_loss(dpo_trainer, batch, options):
    o = {**DEFAULTS, **options}
    outputs = types.SimpleNamespace(logits=batch["policy"].clone().requires_grad_())
    trainer = types.SimpleNamespace(
        model=types.SimpleNamespace(training=True), accelerator=PLAIN,
        aux_loss_enabled=False, ld_alpha=None if o["ld_alpha"] == 1.0 else o["ld_alpha"],
        precompute_ref_logps=False,
        args=types.SimpleNamespace(gradient_checkpointing_kwargs=None,
                                   discopop_tau=o["discopop_tau"]),
        ref_model=lambda **_: types.SimpleNamespace(logits=batch["reference"]),
        f_divergence_type=o["f_divergence_type"],
        f_alpha_divergence_coef=o["f_alpha_divergence_coef"], beta=o["beta"],
        label_smoothing=o["label_smoothing"], use_weighting=o["use_weighting"],
        loss_types=o["loss_type"],
        loss_weights=o["loss_weights"] or [1.0] * len(o["loss_type"]),
        _metrics={"train": collections.defaultdict(list)}, _total_train_tokens=0)
    dpo_trainer.disable_gradient_checkpointing = lambda *_: contextlib.nullcontext()
    inputs = {"input_ids": batch["ids"], "attention_mask": torch.ones_like(batch["ids"]),
              "completion_mask": batch["mask"]}
    loss = dpo_trainer.DPOTrainer._compute_loss(trainer, lambda **_: outputs, inputs, False)
    loss.backward()
    return loss.item(), outputs.logits.grad


def our_loss(batch, options, order=None, wanted=None, kl=0.0):
    """The same by the formulas above, from the batch's logits."""
    logits = batch["policy"].clone().double().requires_grad_()
    rows = batch["ids"].shape[0]
    order = order or [half * rows // 2 + i for i in range(rows // 2) for half in (0, 1)]
    logps = logits.log_softmax(-1)[:, :-1]
    reference = batch["reference"].double().log_softmax(-1)[:, :-1]
    labels, mask = batch["ids"][:, 1:], batch["mask"][:, 1:].bool()
    step, policy = {"completions": [], "kl": kl}, []
    for row in order:
        def said(table):
            return table[row].gather(-1, labels[row][:, None])[:, 0][mask[row]]
        policy.append(said(logps))
        step["completions"].append({
            "wanted": wanted is None or wanted[row],
            "policy": policy[-1].tolist(), "reference": said(reference).tolist(),
            "log_square_sums": (2 * logps[row].detach()).logsumexp(-1)[mask[row]].tolist()})
    loss = loss_of(step, policy, options)
    loss.backward()
    return loss.item(), logits.grad


def compare_with_trl(folder):
    dpo_trainer = open_trl(folder)
    torch.manual_seed(0)
    lengths = [5, 2, 7, 1, 4, 3, 7, 6]  # chosen ones, then rejected ones
    width = 2 + max(lengths)
    batch = {"policy": torch.randn(8, width, 11) * 2, "ids": torch.randint(0, 11, (8, width)),
             "mask": torch.zeros(8, width, dtype=torch.long)}
    batch["reference"] = batch["policy"] + torch.randn(8, width, 11)
    for row, tokens in enumerate(lengths):
        batch["mask"][row, 2:2 + tokens] = 1
    compared, worst = set(), 0.0
    for case in make_cases(make_steps()):
        options = case["options"]
        names = set(options["loss_type"])
        elsewhere = names & {"simpo", "orpo", "kto", "cdpo"}  # not this trainer's
        # Its weighting multiplies in place, which neither of these survives.
        if elsewhere or (options.get("use_weighting") and names & {"hinge", "sft"}):
            continue
        theirs, their_gradient = trl_loss(dpo_trainer, batch, options)
        ours, our_gradient = our_loss(batch, options)
        scale = max(1e-3, our_gradient.norm().item())
        error = max(abs(theirs - ours) / max(1, abs(ours)),
                    (their_gradient - our_gradient).norm().item() / scale)
        worst = max(worst, error)
        compared |= names
        if error > 1e-4:
            raise SystemExit(f"{options}: TRL {theirs}, here {ours}, error {error}")
    print(f"TRL's DPO trainer agrees: {', '.join(sorted(compared))}; worst {worst:.2g}")
    compare_means_with_trl()
    compare_kto_with_trl(batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out")
    parser.add_argument("--trl")
    args = parser.parse_args()
    if args.trl:
        compare_with_trl(args.trl)
    if args.out:
        make(args.out)


if __name__ == "__main__":
    main()
