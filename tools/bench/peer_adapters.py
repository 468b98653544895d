"""Adapters and preferences by PyTorch, transformers and PEFT: a part of peer.py.

What is done in the peer's favour, beside what peer.py says: the head is applied to the tokens of
completions alone, in training and for the reference; chosen and rejected go through the model in
one batch, as TRL has it; the reference is computed once for a pair and without gradients; the
adapter is in the base's precision where that is faster.
"""

import json
import os
import re
import time
import warnings

import torch
import transformers

# weights of the base, whether PEFT keeps the adapter in f32, whether products are autocast to bf16
ADAPTER_MODES = {"f32": (torch.float32, True, False), "autocast": (torch.float32, True, True),
                 "bf16": (torch.bfloat16, False, False),
                 "bf16-f32-adapter": (torch.bfloat16, True, False),
                 "bf16-autocast": (torch.bfloat16, True, True)}


def peak_rss():
    """Most memory that this process has held so far, in bytes."""
    with open("/proc/self/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s*(\d+)", file.read()).group(1)) * 1024


def current_rss():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class AdapterPeer:
    def adapter_setup(self, threads, model, rank, adapter, seed):
        """Writes an adapter over all products with PEFT's own beginning to the folder `adapter`."""
        import peft
        warnings.simplefilter("ignore", FutureWarning)
        torch.set_num_threads(threads)
        torch.manual_seed(seed)
        self.directory, self.adapter_directory = model, adapter
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        self.end = self.tokenizer.eos_token_id
        if not os.path.exists(adapter):
            config = peft.LoraConfig(
                r=rank, lora_alpha=2 * rank, task_type="CAUSAL_LM",
                target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj",
                                "down_proj"])
            base = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)
            made = peft.get_peft_model(base, config)
            made.peft_config["default"].base_model_name_or_path = ""
            made.save_pretrained(adapter)
        return {"torch": torch.__version__, "transformers": transformers.__version__,
                "peft": peft.__version__, "threads": torch.get_num_threads(),
                "capability": torch.backends.cpu.get_cpu_capability()}

    def adapter_texts(self, data, pairs, out, lengths):
        """Cuts texts to prompts and answers of the lengths; each pair's as JSON with texts."""
        with open(data, encoding="utf-8") as file:
            ids = self.tokenizer(file.read(), add_special_tokens=False)["input_ids"]
        at = 0

        def text(count):
            """Of about `count` tokens, which begins with a word and ends with one."""
            nonlocal at
            piece = self.tokenizer.decode(ids[at:at + count]).replace("\ufffd", "").strip()
            at += count
            if at + count > len(ids):
                at = 0
            return piece

        with open(out, "w", encoding="utf-8") as file:
            for number in range(pairs):
                prompt, chosen, rejected = (text(lengths[i]) for i in (0, 1, 1))
                file.write(json.dumps({"id": str(number), "prompt": prompt, "chosen": " " + chosen,
                                       "rejected": " " + rejected}, ensure_ascii=False) + "\n")
        return {"tokens": len(ids)}

    def adapter_data(self, data):
        with open(data, encoding="utf-8") as file:
            records = [json.loads(line) for line in file]

        def ids(text):
            return self.tokenizer(text, add_special_tokens=False)["input_ids"]

        self.pairs = [(ids(r["prompt"]), [ids(r["chosen"]) + [self.end],
                                          ids(r["rejected"]) + [self.end]]) for r in records]
        return {"pairs": len(self.pairs),
                "prompt_tokens": sum(len(p) for p, _ in self.pairs) / len(self.pairs),
                "answer_tokens": sum(len(c) for _, cs in self.pairs for c in cs) /
                (2 * len(self.pairs))}

    def adapter_load(self, mode):
        import peft
        dtype, f32_adapter, self.autocast = ADAPTER_MODES[mode]
        base = transformers.AutoModelForCausalLM.from_pretrained(
            self.directory, dtype=dtype, attn_implementation="sdpa")
        self.model = peft.PeftModel.from_pretrained(
            base, self.adapter_directory, is_trainable=True, autocast_adapter_dtype=f32_adapter)
        if not f32_adapter and dtype == torch.bfloat16:
            self.model.to(torch.bfloat16)
        self.model.train()
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-4, fused=True)
        return {"parameters": sum(p.numel() for p in self.trained), "rss": current_rss()}

    def adapter_compile(self):
        """Sets torch.compile; the next batch pays for it."""
        inner = self.model.base_model.model.model
        inner.forward = torch.compile(inner.forward, dynamic=False)
        return {}

    def token_logps(self, rows):
        """Sums of log-probabilities and their counts for (prompt, completion) rows: one forward."""
        width = max(len(p) + len(c) - 1 for p, c in rows)
        inputs = torch.tensor([(p + c[:-1]) + [0] * (width - len(p) - len(c) + 1) for p, c in rows])
        batch, position, target = [], [], []
        for i, (prompt, completion) in enumerate(rows):
            for t, token in enumerate(completion):
                batch.append(i)
                position.append(len(prompt) - 1 + t)
                target.append(token)
        inner = self.model.base_model.model
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.autocast):
            hidden = inner.model(input_ids=inputs, use_cache=False).last_hidden_state
            logits = inner.lm_head(hidden[torch.tensor(batch), torch.tensor(position)])
        nll = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(target),
                                                reduction="none")
        return -torch.zeros(len(rows)).index_add(0, torch.tensor(batch), nll)

    def update(self):
        torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def adapter_sft(self, batch, sequences, first):
        """One step over `sequences` sequences from number `first` on, `batch` at a time."""
        rows = [(p, c) for p, cs in self.pairs for c in cs]
        rows = [rows[(first + i) % len(rows)] for i in range(sequences)]
        start = time.perf_counter()
        for begin in range(0, sequences, batch):
            part = rows[begin:begin + batch]
            loss = -self.token_logps(part).sum() / sum(len(c) for _, c in rows)
            loss.backward()
        self.update()
        return {"seconds": time.perf_counter() - start, "rss": peak_rss(),
                "tokens": sum(len(p) + len(c) - 1 for p, c in rows)}

    def adapter_dpo(self, batch, pairs, first):
        """One step over `pairs` pairs, `batch` pairs at a time; the reference beforehand, once."""
        chosen = [self.pairs[(first + i) % len(self.pairs)] for i in range(pairs)]
        start = time.perf_counter()
        references = []
        with torch.no_grad(), self.model.disable_adapter():
            for begin in range(0, pairs, batch):
                references.append(self.token_logps(self.both(chosen[begin:begin + batch])))
        reference_seconds = time.perf_counter() - start
        for number, begin in enumerate(range(0, pairs, batch)):
            part = chosen[begin:begin + batch]
            ratios = self.token_logps(self.both(part)) - references[number]
            margin = ratios[:len(part)] - ratios[len(part):]
            loss = -torch.nn.functional.logsigmoid(0.1 * margin).sum() / pairs
            loss.backward()
        self.update()
        tokens = sum(2 * len(p) + len(c) + len(r) - 2 for p, (c, r) in chosen)
        return {"seconds": time.perf_counter() - start, "reference_seconds": reference_seconds,
                "tokens": tokens, "pairs": pairs, "rss": peak_rss()}

    @staticmethod
    def both(pairs):
        return [(p, c) for p, (c, _) in pairs] + [(p, r) for p, (_, r) in pairs]

    def adapter_lengths(self, steps, longest, batch, seed):
        """Memory held after each step over sequences of another length."""
        generator = torch.Generator().manual_seed(seed)
        prompt, completions = self.pairs[0]
        ids = prompt + completions[0]
        held, seconds = [], []
        for _ in range(steps):
            length = int(torch.randint(longest // 4, longest + 1, (1,), generator=generator))
            row = (ids * (1 + length // len(ids)))[:length + 1]
            start = time.perf_counter()
            loss = -self.token_logps([(row[:length // 2], row[length // 2:])] * batch).sum()
            (loss / length).backward()
            self.update()
            held.append(current_rss())
            seconds.append(time.perf_counter() - start)
        return {"held": held, "seconds": seconds, "peak": peak_rss()}
