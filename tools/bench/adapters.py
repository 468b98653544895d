"""Training of adapters beside PyTorch, transformers and PEFT: a part of compare.py.

    adapter-sft   tokens per second of forward, backward and update: all tokens of a sequence count,
                  prompts too; the loss looks at answers alone
    dpo           pairs per second: the reference's log-probabilities of each pair once (one epoch),
                  then forward, backward and update

Both sides train the same adapter from the same numbers over the same base and the same texts. Peaks
of memory are those of whole processes, ours with all that it reads, the peer's with Python and its
libraries; the peer's process is a new one that has tried nothing before.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys

ADAPTER_MODES = ["f32", "autocast", "bf16", "bf16-f32-adapter", "bf16-autocast"]
AVX2_ENVIRONMENT = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                    "DNNL_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}
SIZES = {"adapter-sft": [1, 2, 4, 8], "dpo": [1, 2, 4]}  # sequences or pairs at once


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def run_measured(command):
    """The most memory that the process held, in bytes."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    messages = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"bench-peers: {' '.join(command)} failed:\n{messages}")
    return usage.ru_maxrss * 1024


class AdapterComparison:
    def __init__(self, args, work, start_peer, write_recipe, log):
        self.args, self.work, self.start_peer = args, work, start_peer
        self.write_recipe, self.log = write_recipe, log
        self.model = f"{work}/base"

    def prepare(self):
        """Model, adapter and texts below the work folder, all that both sides read."""
        args = self.args
        if os.path.isdir(args.model):
            shutil.copytree(args.model, self.model, copy_function=link_or_copy)
        else:
            subprocess.run([args.mores, "model", "convert", args.model, "-o", self.model, "--dtype",
                            "bf16"], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        with open(f"{self.work}/texts.txt", "w", encoding="utf-8") as file:
            file.write("\n".join(self.texts()))
        peer = self.new_peer()
        peer("adapter_texts", data=f"{self.work}/texts.txt", pairs=args.pairs,
             out=f"{self.work}/pairs.jsonl", lengths=args.lengths)
        self.data = peer("adapter_data", data=f"{self.work}/pairs.jsonl")
        peer.close()
        with open(f"{self.work}/pairs.jsonl", encoding="utf-8") as file:
            records = [json.loads(line) for line in file]
        with open(f"{self.work}/sft.jsonl", "w", encoding="utf-8") as file:
            for record in records:
                for side in ("chosen", "rejected"):
                    file.write(json.dumps({"id": f"{record['id']}-{side}", "prompt": record["prompt"],
                                           "completion": record[side]}, ensure_ascii=False) + "\n")
        self.log(f"{self.data['pairs']} pairs, prompts of {self.data['prompt_tokens']:.0f} and "
                 f"answers of {self.data['answer_tokens']:.0f} tokens on average")

    def texts(self):
        wanted = self.args.pairs * 8 * sum(self.args.lengths)  # characters, with room
        if not self.args.adapter_data:
            return self.args.made_up_texts(wanted)
        texts, size = [], 0
        with open(self.args.adapter_data, encoding="utf-8") as file:
            for line in file:
                for value in json.loads(line).values():
                    if isinstance(value, str) and len(value) > 40 and size < wanted:
                        texts.append(value)
                        size += len(value)
        return texts

    def new_peer(self):
        peer = self.start_peer()
        self.versions = peer("adapter_setup", threads=self.args.threads, model=self.model,
                             rank=self.args.rank, adapter=f"{self.work}/adapter", seed=1)
        if os.path.exists(f"{self.work}/pairs.jsonl"):
            peer("adapter_data", data=f"{self.work}/pairs.jsonl")
        return peer

    # The peer --------------------------------------------------------------------------------

    def peer_rate(self, peer, kind, size, count, first=0):
        if kind == "dpo":
            done = peer("adapter_dpo", batch=size, pairs=count, first=first)
            return done["pairs"] / done["seconds"], done
        done = peer("adapter_sft", batch=size, sequences=count, first=first)
        return done["tokens"] / done["seconds"], done

    def best_of(self, kind, modes):
        """Each mode with two at once; then the two best modes with every size. Each is tried
        twice, since a shape's first time pays for the library's preparations."""
        tried = {}
        peer = self.new_peer()

        def rate(mode, size):
            nonlocal peer
            try:
                tried[f"{mode}/{size}"] = max(self.peer_rate(peer, kind, size, size)[0]
                                              for _ in range(2))
            except (SystemExit, BrokenPipeError):
                # It was killed, as for want of memory.
                self.log(f"peer ended with {mode}, {size} at once")
                tried[f"{mode}/{size}"] = 0
                peer = self.new_peer()
                peer("adapter_load", mode=mode)
                return 0
            self.log(f"peer tries {mode}, {size} at once: {tried[f'{mode}/{size}']:.3f}")
            return tried[f"{mode}/{size}"]

        first = {}
        for mode in modes:
            peer("adapter_load", mode=mode)
            first[mode] = rate(mode, 2)
        for mode in sorted(first, key=first.get)[-2:]:
            peer("adapter_load", mode=mode)
            for size in SIZES[kind]:
                if size != 2:
                    rate(mode, size)
        mode, size = max(tried, key=tried.get).split("/")
        if self.args.compile:
            peer("adapter_load", mode=mode)
            peer("adapter_compile")
            tried[f"{mode}/{size}/compiled"] = rate(mode, int(size))
        peer.close()
        return mode, int(size), tried

    # Ours ------------------------------------------------------------------------------------

    def ours(self, kind):
        args = self.args
        command = "preference" if kind == "dpo" else "sft"
        out = f"{self.work}/{kind}"
        for leftover in (out, out + ".train", f"{self.work}/references"):
            shutil.rmtree(leftover, ignore_errors=True)
        length = sum(args.lengths) + 50
        data = {"train": "pairs.jsonl" if kind == "dpo" else "sft.jsonl", "valid_share": 0.0,
                "max_length": length}
        if kind == "dpo":
            data["references"] = "references"
        per_step = args.step * (args.lengths[0] + 2 * args.lengths[1] if kind == "dpo" else
                                sum(args.lengths))
        self.write_recipe(f"{self.work}/{kind}.toml", {
            "data": data, "model": {"from": "base"}, "adapter": {"from": "adapter"},
            "optim": {"epochs": 1, "learning_rate": 1e-4, "tokens_per_step": per_step,
                      "micro_batch_tokens": min(per_step, args.micro_batch_tokens)},
            "run": {"precision": "bf16", "checkpoint_seconds": 0}})
        mores = [args.mores, "train", command, f"{self.work}/{kind}.toml", "-o", out, "--fresh",
                 "--threads", str(args.threads)]
        peak = run_measured(mores + (["--isa", args.isa] if args.isa else []))
        with open(out + ".manifest.json", encoding="utf-8") as file:
            manifest = json.load(file)
        references = manifest.get("references", {}).get("seconds", 0)
        return {"seconds": manifest["training_seconds"] + references,
                "reference_seconds": references, "tokens": manifest["tokens"], "peak": peak}

    # Both ------------------------------------------------------------------------------------

    def compare(self, kind, modes):
        args = self.args
        unit = "pairs/s" if kind == "dpo" else "tokens/s"
        mode, size, tried = self.best_of(kind, modes)
        peer = self.new_peer()
        peer("adapter_load", mode=mode)
        self.peer_rate(peer, kind, size, size)  # not counted
        count = args.pairs if kind == "dpo" else 2 * args.pairs
        row = {"what": f"{kind}, prompts of {args.lengths[0]}, answers of {args.lengths[1]}",
               "unit": unit, "peer_best": f"{mode}/{size}", "peer_tried": tried, "ours": [],
               "peer": [], "peak_bytes": {"ours": 0, "peer": 0}}
        tokens = set()
        for repeat in range(args.repeats):
            mine = {} if args.peer_only else self.ours(kind)
            seconds = peer_tokens = 0
            for first in range(0, count, args.step):
                _, done = self.peer_rate(peer, kind, size, min(args.step, count - first), first)
                seconds += done["seconds"]
                peer_tokens += done["tokens"]
                row["peak_bytes"]["peer"] = max(row["peak_bytes"]["peer"], done["rss"])
            row["peer"].append((count if kind == "dpo" else peer_tokens) / seconds)
            if args.peer_only:
                self.log(f"repeat {repeat + 1}: peer {row['peer'][-1]:.3f} {unit}")
                continue
            row["ours"].append((count if kind == "dpo" else mine["tokens"]) / mine["seconds"])
            row["peak_bytes"]["ours"] = max(row["peak_bytes"]["ours"], mine["peak"])
            tokens.add((mine["tokens"], peer_tokens))
            self.log(f"repeat {repeat + 1}: ours {row['ours'][-1]:.3f}, "
                     f"peer {row['peer'][-1]:.3f} {unit}")
        peer.close()
        row["tokens_ours_and_peer"] = sorted(tokens)
        return row

    def peer_lengths(self, mode):
        """How the peer's memory goes where every batch has another length."""
        peer = self.new_peer()
        peer("adapter_load", mode=mode)
        done = peer("adapter_lengths", steps=self.args.length_steps, longest=sum(self.args.lengths),
                    batch=2, seed=3)
        peer.close()
        held = done["held"]
        self.log(f"peer over {len(held)} lengths: {held[0] / 1e9:.2f} GB after the first step, "
                 f"{held[-1] / 1e9:.2f} after the last, peak {done['peak'] / 1e9:.2f}; "
                 f"{statistics.median(done['seconds']):.1f} s a step")
        return done


def print_adapter_memory(row):
    peaks = row["peak_bytes"]
    if peaks["ours"]:
        print(f"{'':48} peak of memory, ours and peer's: {peaks['ours'] / 1e9:.2f} and "
              f"{peaks['peer'] / 1e9:.2f} GB, {peaks['ours'] / peaks['peer']:.2f}")
    else:
        print(f"{'':48} the peer's peak of memory: {peaks['peer'] / 1e9:.2f} GB")
