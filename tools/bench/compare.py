#!/usr/bin/env python3
"""Measures mores beside transformers with PyTorch: same model, same data, one machine, one run.

scripts/bench-peers runs it (python 3.11 or later, standard library only). The peer (peer.py) stays
alive between its turns and sleeps while we run; both sides alternate, `--repeats` times each. The
peer first tries its precisions and batch sizes on a part of the work and keeps the fastest.

    training   one epoch over the same examples from the same weights, in tokens per second of
               forward, backward and update. Tokens are positions computed, padding not counted.
    judging    label-only judging of the same dialogues. Without load: from the dialogues in memory
               to the written output, tokenising included. With load: also reading model and input;
               ours is the whole process, the peer's begins after Python and its libraries are up.

Adapters and preferences: adapters.py.
"""

import argparse
import json
import os
import random
import shlex
import shutil
import statistics
import subprocess
import sys
import time
import tomllib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from adapters import (ADAPTER_MODES, AVX2_ENVIRONMENT, AdapterComparison,  # noqa: E402
                      print_adapter_memory)

WORK = "out/bench"  # below the repository, which may be all that the peer sees
MODES = ["f32", "autocast", "bf16"]  # of the peer
BATCH_TOKENS = [512, 1024, 2048, 4096, 8192]
DEFAULT_SHAPE = {"layers": 6, "hidden_dim": 320, "ffn_dim": 864, "query_heads": 5, "kv_heads": 5,
                 "context_length": 1024, "tied_head": True}


def log(text):
    print(f"== {text}", file=sys.stderr, flush=True)


def modes_left_out(flags, forced):
    """The peer's modes that aren't worth trying here, and why: products in bf16 without
    instructions for them took PyTorch 18 times as long as f32 on a machine with AVX2 alone."""
    if forced:
        return {mode: "not among --modes" for mode in MODES if mode not in forced}
    if flags & {"avx512_bf16", "amx_bf16"}:
        return {}
    return {mode: "this processor has no instructions for bf16 (avx512_bf16, amx_bf16)"
            for mode in ("autocast", "bf16")}


def processor_flags():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("flags")]
    return set(lines[0].split(":", 1)[1].split()) if lines else set()


class Peer:
    def __init__(self, python, environment=None):
        self.process = subprocess.Popen(
            [*shlex.split(python), "tools/bench/peer.py"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})

    def __call__(self, op, **arguments):
        self.process.stdin.write(json.dumps({"op": op, **arguments}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("bench-peers: the peer ended; its messages are above")
        answer = json.loads(line)
        if "error" in answer:
            sys.exit(f"bench-peers: the peer failed: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def run_mores(args, *command):
    """Wall-clock seconds of the whole process."""
    start = time.perf_counter()
    result = subprocess.run([args.mores, *command, "--threads", str(args.threads)],
                            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    if result.returncode != 0:
        sys.exit(f"bench-peers: mores {' '.join(command)} failed:\n{result.stderr}")
    return time.perf_counter() - start


# Data ---------------------------------------------------------------------------------------


def made_up_text(rng, tokens, chinese):
    if chinese:
        return "".join(chr(0x4E00 + int(rng.random() ** 3 * 3000)) for _ in range(tokens))
    syllables = "ba co di fu ga he ji lo mi no pe ra si to vu wa ze".split()
    words = ["".join(rng.choice(syllables) for _ in range(rng.randint(1, 3)))
             for _ in range(tokens)]
    return " ".join(words)


def made_up_records(count, seed):
    """Half Chinese; lengths as those of questions and answers are: a median and a long tail."""
    rng = random.Random(seed)
    records = []
    for i in range(count):
        zh = i % 2 == 1
        unsafe = rng.random() < 0.5
        query, answer = (min(int(rng.lognormvariate(m, 0.7)) + 3, 300) for m in (2.8, 4.2))
        label = ("不安全" if unsafe else "安全") if zh else ("unsafe" if unsafe else "safe")
        records.append({
            "id": str(i), "source": "made-up", "lang": "zh" if zh else "en",
            "label": "unsafe" if unsafe else "safe",
            "messages": [{"role": "user", "content": made_up_text(rng, query, zh)},
                         {"role": "assistant", "content": made_up_text(rng, answer, zh)}],
            "completion": label + "\n" + made_up_text(rng, 12, zh)})
    return records


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def toml_value(value):
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)


def write_recipe(path, sections):
    with open(path, "w", encoding="utf-8") as file:
        for name, fields in sections.items():
            file.write(f"[{name}]\n")
            file.writelines(f"{key} = {toml_value(value)}\n" for key, value in fields.items())


def shape(args):
    if os.path.exists(args.recipe):
        with open(args.recipe, "rb") as file:
            recipe = tomllib.load(file)
        return recipe.get("tokenizer", {}).get("vocab_size", 12000), recipe["model"]
    return 12000, DEFAULT_SHAPE


def prepare(args):
    """Data and a model directory below WORK: the given one, or one step from random weights."""
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK)
    if args.train_data:
        with open(args.train_data, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        random.Random(1).shuffle(records)
        records = records[:max(args.train_examples, 4000)]
    else:
        records = made_up_records(4000, seed=1)
    write_lines(f"{WORK}/all.jsonl", records)
    write_lines(f"{WORK}/train.jsonl", records[:args.train_examples])
    write_lines(f"{WORK}/valid.jsonl", records[:8])
    if args.judge_data:
        shutil.copy(args.judge_data, f"{WORK}/dialogues.jsonl")
    else:
        write_lines(f"{WORK}/dialogues.jsonl",
                    [{"id": r["id"], "messages": r["messages"]}
                     for r in made_up_records(2000, seed=2)])
    model = f"{WORK}/model"
    if args.model:
        shutil.copytree(args.model, model)
        return model
    log("making a model of mini's shape")
    vocab, fields = shape(args)
    write_recipe(f"{WORK}/make.toml", {
        "data": {"train": "all.jsonl", "valid": "valid.jsonl"},
        "tokenizer": {"vocab_size": vocab}, "model": fields,
        "optim": {"steps": 1, "tokens_per_step": 2048, "micro_batch_tokens": 2048}})
    run_mores(args, "train", "sft", f"{WORK}/make.toml", "-o", model)
    return model


def best_of(rate, unit, left_out):
    """The peer's precision and batch size with the best rate; each is tried twice, since the first
    time of a shape pays for the library's preparations."""
    tried = {}
    for mode in [mode for mode in MODES if mode not in left_out]:
        for batch in BATCH_TOKENS:
            name = f"{mode}/{batch}"
            tried[name] = max(rate(mode, batch) for _ in range(2))
            log(f"peer tries {mode}, batches of {batch} tokens: {tried[name]:.1f} {unit}")
    mode, batch = max(tried, key=tried.get).split("/")
    return mode, int(batch), tried


# Training -----------------------------------------------------------------------------------


def train_ours(args, model):
    for leftover in (f"{WORK}/trained", f"{WORK}/trained.train"):
        shutil.rmtree(leftover, ignore_errors=True)
    run_mores(args, "train", "sft", f"{WORK}/bench.toml", "-o", f"{WORK}/trained", "--fresh")
    del model
    with open(f"{WORK}/trained.manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    return {"tokens": manifest["tokens"], "seconds": manifest["training_seconds"]}


def compare_training(args, peer, model, loss):
    write_recipe(f"{WORK}/bench.toml", {
        "data": {"train": "train.jsonl", "valid": "valid.jsonl"}, "model": {"from": "model"},
        "optim": {"epochs": 1, "tokens_per_step": args.tokens_per_step, "learning_rate": 1e-4,
                  "micro_batch_tokens": min(args.micro_batch_tokens, args.tokens_per_step)},
        "loss": {"prompt_weight": 1.0 if loss == "all" else 0.0},
        "run": {"dropout": 0.0, "precision": "bf16", "checkpoint_seconds": 0}})
    with open(f"{model}/config.json", encoding="utf-8") as file:
        context = json.load(file)["max_position_embeddings"]
    work = peer("train_setup", data=f"{WORK}/train.jsonl", tokens_per_step=args.tokens_per_step,
                loss=loss, context=context)
    log(f"training, loss on {loss}: {work['examples']} examples, {work['tokens']} tokens, {work['steps']} steps")

    def rate(mode, batch):
        result = peer("train", mode=mode, batch_tokens=batch, steps=1)
        return result["tokens"] / result["seconds"]

    mode, batch, tried = best_of(rate, "tokens/s", args.left_out)
    ours, theirs, tokens = [], [], set()
    for repeat in range(args.repeats):
        mine = train_ours(args, model)
        his = peer("train", mode=mode, batch_tokens=batch, steps=None)
        ours.append(mine["tokens"] / mine["seconds"])
        theirs.append(his["tokens"] / his["seconds"])
        tokens.add((mine["tokens"], his["tokens"]))
        log(f"repeat {repeat + 1}: ours {ours[-1]:.0f}, peer {theirs[-1]:.0f} tokens/s")
    return {"what": f"training, loss on {loss}", "unit": "tokens/s", "peer_best": f"{mode}/{batch}",
            "peer_tried": tried, "tokens_ours_and_peer": sorted(tokens),
            "ours": ours, "peer": theirs}


# Judging ------------------------------------------------------------------------------------


def judge_ours(args, model):
    out = f"{WORK}/verdicts.jsonl"
    for leftover in (out, out + ".part"):
        if os.path.exists(leftover):
            os.remove(leftover)
    whole = run_mores(args, "judge", f"{WORK}/dialogues.jsonl", "-o", out, "--model", model,
                      "--label-only")
    with open(out + ".manifest.json", encoding="utf-8") as file:
        manifest = json.load(file)
    with open(out, encoding="utf-8") as file:
        tokens = sum(json.loads(line)["usage"]["prompt_tokens"] for line in file)
    return {"whole": whole, "seconds": manifest["wall_seconds"], "tokens": tokens,
            "max_prompt": manifest["fingerprint"]["max_prompt_tokens"]}


def compare_judging(args, peer, model):
    # The first run of ours isn't counted; it says how many tokens of a prompt are kept.
    common = dict(data=f"{WORK}/dialogues.jsonl", out=f"{WORK}/peer-verdicts.jsonl",
                  context=judge_ours(args, model)["max_prompt"])

    def rate(mode, batch):
        result = peer("judge", mode=mode, batch_tokens=batch, limit=args.judge_trial, **common)
        return result["items"] / result["seconds"]

    mode, batch, tried = best_of(rate, "items/s", args.left_out)
    rows = {key: {"ours": [], "peer": []} for key in ("without load", "with load")}
    tokens = set()
    for repeat in range(args.repeats):
        mine = judge_ours(args, model)
        his = peer("judge", mode=mode, batch_tokens=batch, limit=None, **common)
        rows["without load"]["ours"].append(his["items"] / mine["seconds"])
        rows["without load"]["peer"].append(his["items"] / his["seconds"])
        rows["with load"]["ours"].append(his["items"] / mine["whole"])
        rows["with load"]["peer"].append(his["items"] / his["seconds_with_load"])
        tokens.add((mine["tokens"], his["tokens"]))
        log(f"repeat {repeat + 1}: ours {mine['seconds']:.2f} s ({mine['whole']:.2f} s with load), "
            f"peer {his['seconds']:.2f} s ({his['seconds_with_load']:.2f} s), "
            f"of that forward {his['seconds_forward']:.2f} s")
    return [{"what": f"judging, label only, {key}", "unit": "items/s", "peer_best": f"{mode}/{batch}",
             "peer_tried": tried, "tokens_ours_and_peer": sorted(tokens), **row}
            for key, row in rows.items()]


# Report -------------------------------------------------------------------------------------


def spread(values):
    digits = 1 if min(values) >= 10 else 3
    return (f"{statistics.median(values):9.{digits}f} "
            f"({min(values):.{digits}f} to {max(values):.{digits}f})")


def print_table(results, left_out):
    print(f"{'':48} {'ours: median (min to max)':32} {'peer: median (min to max)':32} ratio")
    for row in results:
        if not row["ours"]:
            print(f"{row['what'] + ', ' + row['unit']:48} {'':32} {spread(row['peer'])}")
            print(f"{'':48} peer's best: {row['peer_best']}")
            print_adapter_memory(row)
            continue
        ratios = sorted(a / b for a, b in zip(row["ours"], row["peer"]))
        row["ratio"] = statistics.median(row["ours"]) / statistics.median(row["peer"])
        row["ratio_min"], row["ratio_max"] = ratios[0], ratios[-1]
        name = f"{row['what']}, {row['unit']}"
        print(f"{name:48} {spread(row['ours']):32} {spread(row['peer']):32} "
              f"{row['ratio']:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")
        print(f"{'':48} peer's best: {row['peer_best']}; tokens, ours and peer's: "
              f"{', '.join(f'{a} and {b}' for a, b in row['tokens_ours_and_peer'])}")
        if "peak_bytes" in row:
            print_adapter_memory(row)
    for mode, why in left_out.items():
        print(f"{'':48} the peer's {mode} was not tried: {why}")


def compare_adapters(args, kinds):
    """Rows of the kinds, and versions of the peer."""
    rng = random.Random(4)
    args.made_up_texts = lambda size: [made_up_text(rng, 400, chinese=False)
                                       for _ in range(1 + size // 1200)]
    avx2 = args.isa == "avx2"
    flags = set() if avx2 else processor_flags()
    left_out = modes_left_out(flags, None)
    modes = [mode for mode in ADAPTER_MODES if mode.partition("-")[0] not in left_out]
    modes = [mode for mode in modes if not args.adapter_modes or mode in args.adapter_modes]
    args.left_out.update({mode: why for mode, why in left_out.items() if not args.adapter_modes})
    comparison = AdapterComparison(
        args, WORK, lambda: Peer(args.peer_python, AVX2_ENVIRONMENT if avx2 else None),
        write_recipe, log)
    comparison.prepare()
    rows = [comparison.compare(kind, modes) for kind in kinds]
    if args.length_steps:
        rows[0]["peer_lengths"] = comparison.peer_lengths(rows[0]["peer_best"].partition("/")[0])
    return rows, comparison.versions


def add_adapter_options(parser):
    parser.add_argument("--adapter-data", help="texts to train adapters on, as JSON lines of any "
                                               "fields (default: made up)")
    parser.add_argument("--lengths", type=int, nargs=2, default=[400, 150],
                        help="tokens of prompts and of answers, of adapter-sft and dpo")
    parser.add_argument("--pairs", type=int, default=16, help="of dpo; twice as many sequences of "
                                                              "adapter-sft")
    parser.add_argument("--step", type=int, default=8, help="sequences or pairs of a step")
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--adapter-modes", nargs="+", choices=ADAPTER_MODES)
    parser.add_argument("--isa", choices=["avx2"], help="both sides without AVX-512 and AMX, in "
                                                        "adapter-sft and dpo")
    parser.add_argument("--compile", action="store_true", help="also try torch.compile (minutes)")
    parser.add_argument("--length-steps", type=int, default=0,
                        help="also train the peer on so many sequences of other lengths, and say "
                             "how its memory grows")
    parser.add_argument("--peer-only", action="store_true", help="of adapter-sft and dpo")


def compare_whole(args):
    """Training of all weights, and judging; and versions of the peer."""
    model = prepare(args)
    log("starting the peer")
    peer = Peer(args.peer_python)
    versions = peer("setup", threads=args.threads, model=model)
    results = []
    if args.only != "judge":
        losses = ["completion", "all"] if args.loss == "both" else [args.loss]
        results += [compare_training(args, peer, model, loss) for loss in losses]
    if args.only != "train":
        results += compare_judging(args, peer, model)
    peer.close()
    return results, versions


def main():
    parser = argparse.ArgumentParser(
        prog="bench-peers", description="Speed of mores beside transformers with PyTorch.")
    parser.add_argument("--model", help="a model directory, for adapters also a GGUF file (default: "
                                        "models/mini, or a new one)")
    parser.add_argument("--recipe", default="recipes/mini/train.toml", help="for a new model's shape")
    parser.add_argument("--train-data", help="SFT examples as JSON lines (default: made up)")
    parser.add_argument("--train-examples", type=int, default=256)
    parser.add_argument("--tokens-per-step", type=int, default=8192)
    parser.add_argument("--micro-batch-tokens", type=int, default=2048, help="ours")
    parser.add_argument("--loss", choices=["completion", "all", "both"], default="both",
                        help="what is learned: mini learns prompts too in its first part")
    parser.add_argument("--judge-data", help="dialogues to judge (default: 2,000, made up)")
    parser.add_argument("--judge-trial", type=int, default=150, help="items of the peer's trials")
    parser.add_argument("--only", choices=["train", "judge", "adapter-sft", "dpo", "adapters"],
                        help="adapters: adapter-sft and dpo in one run, of a --model")
    add_adapter_options(parser)
    parser.add_argument("--modes", nargs="+", choices=MODES,
                        help="the peer's precisions to try (default: those that can win here)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--mores", default="build/release/mores")
    parser.add_argument("--peer-python", default=os.environ.get("MORES_PEER_PYTHON", "python3"))
    args = parser.parse_args()
    for name in ("model", "train_data", "judge_data", "adapter_data"):  # as whoever called the script meant them
        path = getattr(args, name)
        setattr(args, name, path and os.path.join(os.environ.get("MORES_CALLER", "."), path))
    if not args.model and os.path.exists("models/mini/config.json"):
        args.model = "models/mini"

    args.left_out = modes_left_out(processor_flags(), args.modes)
    for mode, why in args.left_out.items():
        log(f"the peer's {mode} is left out: {why}")

    kinds = {"adapters": ["adapter-sft", "dpo"], "adapter-sft": ["adapter-sft"],
             "dpo": ["dpo"]}.get(args.only)
    if kinds:
        if not args.model:
            sys.exit("bench-peers: --only adapters needs a --model: a folder or a GGUF file")
        shutil.rmtree(WORK, ignore_errors=True)
        os.makedirs(WORK)
        results, versions = compare_adapters(args, kinds)
        del args.made_up_texts
    else:
        results, versions = compare_whole(args)
    print_table(results, args.left_out)
    with open(f"{WORK}/results.json", "w", encoding="utf-8") as file:
        json.dump({"peer": versions, "options": vars(args), "results": results}, file, indent=1)
        file.write("\n")
    log(f"written: {WORK}/results.json")


if __name__ == "__main__":
    main()
