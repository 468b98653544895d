#!/usr/bin/env python3
"""The reference that a GGUF file's tokenizer is compared with, as a tokenizer.json.

  gguf_tokenizer_reference.py --gguf FILE [--tokenizer DIR] --out DIR

With --tokenizer it is that directory's tokenizer.json, the one that the model was published with;
its tokens must be the file's. Without it, for the families named below, it is what the published
tokenizers of the family do, put together by the tokenizers library from the file's tokens and merges.
A token is special in it where the file's type says control: that is what a reader of the file knows.
"""
import argparse
import json
import os
import sys

import gguf
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

CONTROL, USER_DEFINED, UNUSED = 3, 4, 5
DIGITS_APART = ("smollm", "starcoder", "refact")


def values(reader, key):
    field = reader.fields.get(key)
    if field is None:
        return None
    if field.types[0] == gguf.GGUFValueType.STRING:
        return bytes(field.parts[field.data[0]]).decode()
    if field.types[-1] == gguf.GGUFValueType.STRING:
        return [bytes(field.parts[i]).decode() for i in field.data]
    return [int(field.parts[i][0]) for i in field.data]


def of_family(pre, tokens, types, merges):
    if pre not in DIGITS_APART:
        sys.exit(f"no reference is known here for '{pre}': name a directory with its tokenizer.json")
    vocab = {token: id for id, token in enumerate(tokens) if types[id] != UNUSED}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(m.split(" ")) for m in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    added = [AddedToken(token, normalized=False, special=types[id] == CONTROL)
             for id, token in enumerate(tokens) if types[id] in (CONTROL, USER_DEFINED)]
    tokenizer.add_tokens(added)
    return json.loads(tokenizer.to_str())


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--tokenizer", help="a directory with the published tokenizer.json")
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    reader = gguf.GGUFReader(options.gguf)
    tokens = values(reader, "tokenizer.ggml.tokens")
    types = values(reader, "tokenizer.ggml.token_type")
    if options.tokenizer:
        with open(f"{options.tokenizer}/tokenizer.json", encoding="utf-8") as file:
            reference = json.load(file)
        known = dict(reference["model"]["vocab"])
        known.update({token["content"]: token["id"] for token in reference["added_tokens"]})
        listed = {token: id for id, token in enumerate(tokens) if types[id] != UNUSED}
        if known != listed:
            sys.exit(f"{options.tokenizer}: {len(known.items() ^ listed.items()) // 2 or 1} tokens "
                     "are others than the file's")
    else:
        reference = of_family(values(reader, "tokenizer.ggml.pre"), tokens, types,
                              values(reader, "tokenizer.ggml.merges"))
    for token in reference["added_tokens"]:
        token["special"] = types[token["id"]] == CONTROL
    os.makedirs(options.out, exist_ok=True)
    with open(f"{options.out}/tokenizer.json", "w", encoding="utf-8") as file:
        json.dump(reference, file, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
