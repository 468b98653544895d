#!/usr/bin/env python3
"""The peer of scripts/bench-peers: transformers with PyTorch, at its best.

Started once by tools/bench/compare.py; reads one JSON command a line, answers with one JSON line.
What is done in the peer's favour: two threads (or what is asked), no attention mask (right padding
under causal attention changes nothing before it, and allows the fast attention path), examples
sorted by length into micro-batches, the head applied only to the positions that the loss or the
label needs, the fused optimizer, the best of its precisions and batch sizes (the caller tries
them), and padding counted by nobody.
"""

import json
import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # don't spin while the other side runs
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import torch  # noqa: E402
import transformers  # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from peer_adapters import AdapterPeer  # noqa: E402

ROLES = {"system": "<|system|>", "user": "<|user|>", "assistant": "<|assistant|>"}
MAX_CRITIQUE = 96


class Tokens:
    """The judge prompt of docs/formats/judge-profile.md, in token ids."""

    def __init__(self, directory):
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(directory)
        names = ["<s>", "</s>", "<|judge|>", *ROLES.values()]
        self.special = dict(zip(names, self.tokenizer.convert_tokens_to_ids(names)))

    def encode_all(self, texts):
        return self.tokenizer(texts, add_special_tokens=False, split_special_tokens=True,
                              return_attention_mask=False)["input_ids"] if texts else []

    def prompts(self, dialogues):
        """One list of ids a dialogue; turns after the last assistant turn are dropped."""
        texts = [turn["content"] for turns in dialogues for turn in turns]
        encoded = iter(self.encode_all(texts))
        prompts = []
        for turns in dialogues:
            ids = [self.special["<s>"]]
            last = max(i for i, turn in enumerate(turns) if turn["role"] == "assistant")
            for i, turn in enumerate(turns):
                content = next(encoded)
                if i <= last:
                    ids += [self.special[ROLES[turn["role"]]], *content]
            prompts.append(ids + [self.special["<|judge|>"]])
        return prompts


def turns_of(record):
    if "messages" in record:
        return record["messages"]
    query = [{"role": "user", "content": record["query"]}] if record.get("query") else []
    return query + [{"role": "assistant", "content": record["response"]}]


def read_records(path):
    with open(path, encoding="utf-8-sig") as file:
        text = file.read()
    if text.lstrip().startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def precision_of(mode):
    """f32; autocast: f32 weights, bf16 products; bf16: everything in bf16."""
    return torch.bfloat16 if mode == "bf16" else torch.float32


def batches_of(lengths, batch_tokens):
    """Indices sorted by length, cut so that no padded batch exceeds batch_tokens."""
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    batches, current = [], []
    for index in order:
        if current and (len(current) + 1) * lengths[current[0]] > batch_tokens:
            batches.append(current)
            current = []
        current.append(index)
    return batches + [current] if current else batches


def padded(rows):
    width = max(len(row) for row in rows)
    return torch.tensor([row + [0] * (width - len(row)) for row in rows])


class Peer(AdapterPeer):
    def __init__(self):
        self.models = {}

    def setup(self, threads, model):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.directory = model
        self.tokens = Tokens(model)
        return {"torch": torch.__version__, "transformers": transformers.__version__,
                "threads": torch.get_num_threads()}

    def load(self, mode):
        model = transformers.AutoModelForCausalLM.from_pretrained(
            self.directory, dtype=precision_of(mode), attn_implementation="sdpa")
        return model

    # Training -------------------------------------------------------------------------------

    def train_setup(self, data, tokens_per_step, loss, context):
        """Cuts the data into optimizer steps of about tokens_per_step tokens. An example's last
        token is predicted and never read, so it isn't among the tokens computed."""
        tokenizer = self.tokens
        records = read_records(data)
        prompts = tokenizer.prompts([turns_of(record) for record in records])
        completions = [record["completion"].partition("\n") for record in records]
        parts = list(zip(*[tokenizer.encode_all([c[i] for c in completions]) for i in range(3)]))
        end = tokenizer.special["</s>"]
        self.examples = []  # (ids read, ids predicted, first position in the loss)
        for prompt, (label, separator, critique) in zip(prompts, parts):
            completion = [*label, *separator, *critique[:MAX_CRITIQUE], end]
            ids = (prompt + completion)[:context]
            first = 0 if loss == "all" else min(len(prompt), len(ids) - 1) - 1
            self.examples.append((ids[:-1], ids[1:], first))
        self.steps, step, count = [], [], 0
        for i, (ids, _, _) in enumerate(self.examples):
            step.append(i)
            count += len(ids)
            if count >= tokens_per_step or i + 1 == len(self.examples):
                self.steps.append(step)
                step, count = [], 0
        return {"examples": len(self.examples), "steps": len(self.steps),
                "tokens": sum(len(self.examples[i][0]) for step in self.steps for i in step)}

    def train_loss(self, model, batch, autocast):
        rows = [self.examples[i] for i in batch]
        inputs = padded([ids for ids, _, _ in rows])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
            hidden = model.model(input_ids=inputs, use_cache=False).last_hidden_state
            where = [(b, t) for b, (ids, _, first) in enumerate(rows)
                     for t in range(first, len(ids))]
            index = torch.tensor(where)
            targets = torch.tensor([rows[b][1][t] for b, t in where])
            logits = model.lm_head(hidden[index[:, 0], index[:, 1]])
        return torch.nn.functional.cross_entropy(logits.float(), targets, reduction="sum")

    def train(self, mode, batch_tokens, steps):
        """Trains from the directory's weights; seconds are those of forward, backward, update."""
        model = self.load(mode).train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
        tokens = 0
        start = time.perf_counter()
        for step in self.steps[:steps]:
            lengths = [len(self.examples[i][0]) for i in step]
            optimizer.zero_grad(set_to_none=True)
            for batch in batches_of(lengths, batch_tokens):
                loss = self.train_loss(model, [step[k] for k in batch], mode == "autocast")
                (loss / 1000).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            tokens += sum(lengths)
        return {"seconds": time.perf_counter() - start, "tokens": tokens}

    # Judging --------------------------------------------------------------------------------

    @torch.inference_mode()
    def judge(self, mode, batch_tokens, data, limit, context, out):
        """Loads and reads, then tokenises, sorts, runs and writes; the two are timed apart."""
        begin = time.perf_counter()
        model = self.load(mode).eval()
        records = read_records(data)[:limit or None]
        loaded = time.perf_counter()
        prompts = self.tokens.prompts([turns_of(record) for record in records])
        prompts = [ids if len(ids) <= context else [*ids[:context - 1], ids[-1]]
                   for ids in prompts]
        labels = [[ids[0] for ids in self.tokens.encode_all(pair)]
                  for pair in (["safe", "unsafe"], ["安全", "不安全"])]
        tokenised = time.perf_counter()
        results = [None] * len(prompts)
        for batch in batches_of([len(ids) for ids in prompts], batch_tokens):
            inputs = padded([prompts[i] for i in batch])
            last = torch.tensor([len(prompts[i]) - 1 for i in batch])
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=mode == "autocast"):
                hidden = model.model(input_ids=inputs, use_cache=False).last_hidden_state
                logits = model.lm_head(hidden[torch.arange(len(batch)), last])
            scores = torch.log_softmax(logits.float(), dim=-1)
            for row, i in zip(scores, batch):
                results[i] = [row[k].item() for pair in labels for k in pair]
        forward = time.perf_counter()
        with open(out, "w", encoding="utf-8") as file:
            for record, scores in zip(records, results):
                file.write(json.dumps({"id": record.get("id"), "scores": scores}) + "\n")
        done = time.perf_counter()
        return {"seconds": done - loaded, "seconds_with_load": done - begin,
                "seconds_forward": forward - tokenised, "items": len(prompts),
                "tokens": sum(len(ids) for ids in prompts)}


def main():
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print must not mix with the answers
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    peer = Peer()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(peer, command.pop("op"))(**command)
        except Exception as error:  # the other side reports it and stops
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
