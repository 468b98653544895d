#!/usr/bin/env python3
"""Golden GGUF files, written by the gguf package.

  make_gguf.py --out tests/golden/gguf
      writes everything.gguf (each type of value and of element that is read, tensors of up to four dimensions, data
      aligned to 64 bytes) with everything.json, which says what is in it, written.gguf, which has the types of values
      that mores writes, and parts-0000N-of-00003.gguf, a split model
  make_gguf.py --seeds fuzz/seeds/model_gguf_source_fuzz
      writes tiny models with tokenizers, from which fuzzing starts
  make_gguf.py --check FILE...
      reads files as the package does and prints their keys and tensors as JSON
"""
import argparse
import hashlib
import json
import os

import gguf
import numpy
from gguf import GGMLQuantizationType as Element
from gguf import GGUFValueType as Value

ELEMENTS = [Element.F32, Element.F16, Element.BF16, Element.Q8_0, Element.Q4_0, Element.Q4_1, Element.Q5_0,
            Element.Q5_1, Element.Q2_K, Element.Q3_K, Element.Q4_K, Element.Q5_K, Element.Q6_K, Element.IQ4_NL,
            Element.IQ4_XS, Element.MXFP4]
SCALARS = [("u8", Value.UINT8, 255), ("i8", Value.INT8, -128), ("u16", Value.UINT16, 65535),
           ("i16", Value.INT16, -32768), ("u32", Value.UINT32, 4294967295), ("i32", Value.INT32, -2147483648),
           ("u64", Value.UINT64, 9223372036854775807), ("i64", Value.INT64, -9223372036854775808),
           ("f32", Value.FLOAT32, 0.10000000149011612), ("f64", Value.FLOAT64, 0.1), ("yes", Value.BOOL, True),
           ("no", Value.BOOL, False), ("text", Value.STRING, "käse\n奶酪\x00"), ("no_text", Value.STRING, "")]
LISTS = [("u8", Value.UINT8, [0, 255]), ("i8", Value.INT8, [-128, 127]), ("u16", Value.UINT16, [0, 65535]),
         ("i16", Value.INT16, [-32768]), ("u32", Value.UINT32, [1, 4294967295]), ("i32", Value.INT32, [-1, 0, 1]),
         ("u64", Value.UINT64, [9223372036854775807]), ("i64", Value.INT64, [-9223372036854775808, 5]),
         ("f32", Value.FLOAT32, [0.5, -1.5]), ("f64", Value.FLOAT64, [0.1]), ("bool", Value.BOOL, [True, False]),
         ("text", Value.STRING, ["a", "", "奶酪", "b c"])]


def some_bytes(name, count):
    """As many bytes as asked for, the same for the same name."""
    made = b""
    while len(made) < count:
        made += hashlib.sha256(f"{name} {len(made)}".encode()).digest()
    return numpy.frombuffer(made[:count], dtype=numpy.uint8)


def add_tensor(writer, told, name, element, shape):
    block, size = gguf.GGML_QUANT_SIZES[element]
    data = some_bytes(name, int(numpy.prod(shape)) // block * size)
    stored = data.reshape(tuple(shape[:-1]) + (shape[-1] // block * size,))
    if element in (Element.F32, Element.F16):
        stored = data.view(numpy.float32 if element == Element.F32 else numpy.float16).reshape(shape)
        writer.add_tensor(name, stored)
    else:
        writer.add_tensor(name, stored, raw_dtype=element)
    told.append({"name": name, "type": element.name, "shape": list(shape), "hex": data.tobytes().hex()})


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_everything(out):
    writer = gguf.GGUFWriter(os.path.join(out, "everything.gguf"), "llama")
    writer.add_custom_alignment(64)
    told = {"keys": {"general.architecture": "llama", "general.alignment": 64}, "tensors": []}
    for name, kind, value in SCALARS:
        writer.add_key_value("one." + name, value, kind)
        told["keys"]["one." + name] = value
    for name, kind, values in LISTS:
        writer.add_key_value("many." + name, values, Value.ARRAY, sub_type=kind)
        told["keys"]["many." + name] = values
    for element in ELEMENTS:
        block = gguf.GGML_QUANT_SIZES[element][0]
        add_tensor(writer, told["tensors"], f"of_{element.name.lower()}", element, (1, block) if block > 32 else (2, block))
    add_tensor(writer, told["tensors"], "one_dimension", Element.F32, (5,))
    add_tensor(writer, told["tensors"], "three_dimensions", Element.F16, (2, 1, 3))
    add_tensor(writer, told["tensors"], "four_dimensions", Element.BF16, (2, 1, 3, 2))
    finish(writer)
    with open(os.path.join(out, "everything.json"), "w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
        file.write("\n")


def make_written(out):
    writer = gguf.GGUFWriter(os.path.join(out, "written.gguf"), "llama")
    writer.add_uint32("u32", 4294967295)
    writer.add_float32("f32", 0.1)
    writer.add_bool("yes", True)
    writer.add_bool("no", False)
    writer.add_string("text", "käse\n奶酪")
    writer.add_array("texts", ["a", "", "奶酪"])
    writer.add_key_value("i32s", [-1, 0, 1], Value.ARRAY, sub_type=Value.INT32)
    writer.add_key_value("f32s", [0.5, -1.5], Value.ARRAY, sub_type=Value.FLOAT32)
    writer.add_key_value("u8s", bytes([0, 255]), Value.ARRAY)
    add_tensor(writer, [], "odd.weight", Element.F32, (3, 5))
    add_tensor(writer, [], "blocks.weight", Element.Q4_0, (2, 64))
    add_tensor(writer, [], "halves", Element.F16, (7,))
    finish(writer)


def make_parts(out):
    writer = gguf.GGUFWriter(os.path.join(out, "parts.gguf"), "llama", split_max_tensors=2, small_first_shard=True)
    writer.add_block_count(1)
    for number in range(4):
        add_tensor(writer, [], f"t{number}.weight", Element.F32, (number + 1, 2))
    finish(writer)


def add_model(writer, name, tied, bias):
    hidden, heads, kv_heads, ffn, vocab, context = 16, 2, 1, 16, 40, 64
    writer.add_block_count(2)
    writer.add_context_length(context)
    writer.add_embedding_length(hidden)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    told = []
    half, whole = Element.F16, Element.F32
    add_tensor(writer, told, "token_embd.weight", half, (vocab, hidden))
    add_tensor(writer, told, "output_norm.weight", whole, (hidden,))
    if not tied:
        add_tensor(writer, told, "output.weight", half, (vocab, hidden))
    for layer in range(2):
        block, kv_dim = f"blk.{layer}.", hidden // heads * kv_heads
        for norm in ("attn_norm", "ffn_norm") + (("attn_q_norm", "attn_k_norm") if name == "qwen3" else ()):
            size = hidden if norm in ("attn_norm", "ffn_norm") else hidden // heads
            add_tensor(writer, told, block + norm + ".weight", whole, (size,))
        for part, rows in (("q", hidden), ("k", kv_dim), ("v", kv_dim)):
            add_tensor(writer, told, f"{block}attn_{part}.weight", half, (rows, hidden))
            if bias:
                add_tensor(writer, told, f"{block}attn_{part}.bias", whole, (rows,))
        add_tensor(writer, told, block + "attn_output.weight", half, (hidden, hidden))
        for part, shape in (("gate", (ffn, hidden)), ("up", (ffn, hidden)), ("down", (hidden, ffn))):
            add_tensor(writer, told, f"{block}ffn_{part}.weight", half, shape)


def add_byte_bpe(writer, pre):
    tokens = list("!'2abdeghinorstuwy") + ["Ġ", "Ċ", "ä", "½", "ł", "å", "¥", "he", "Ġj", "th", "an", "Ġan", "The"]
    tokens += ["T", "j", "er", "<|im_end|>", "<|im_start|>", "<think>", "<unused>"]
    tokens += [f"<pad{number}>" for number in range(40 - len(tokens))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token.startswith("<|") else 4 if token == "<think>" else
                            5 if token.startswith("<") else 1 for token in tokens])
    writer.add_token_merges(["h e", "Ġ j", "t h", "a n", "Ġ an", "T he", "e r"])
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_bos_token_id(tokens.index("<|im_start|>"))
    writer.add_add_bos_token(True)
    writer.add_chat_template("{% for m in messages %}{{ m.content }}{% endfor %}")


def add_sentencepiece(writer):
    tokens = ["<unk>", "<s>", "</s>", "<0x0A>", "<0xE4>", "▁", "▁the", "▁j", "u", "d", "g", "e", "'", "s", "2", "a", "n",
              "w", "r", "er", "ers", ":", "你", "好", "▁T", "h", "he", "<|im_end|>"]
    tokens += [f"<pad{number}>" for number in range(40 - len(tokens))]
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3, "<|im_end|>": 3, "<0x0A>": 6, "<0xE4>": 6}
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types([kinds.get(token, 5 if token.startswith("<pad") else 1) for token in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_space_prefix(True)


def make_seeds(out):
    for name, tied, bias in (("llama", False, False), ("qwen2", True, True), ("qwen3", True, False),
                             ("internlm2", False, False)):
        writer = gguf.GGUFWriter(os.path.join(out, name), name)
        add_model(writer, name, tied, bias)
        if name in ("llama", "internlm2"):
            add_sentencepiece(writer)
        else:
            add_byte_bpe(writer, "qwen2" if name == "qwen2" else "llama-bpe")
        finish(writer)


def tell(path):
    reader = gguf.GGUFReader(path)
    keys = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    tensors = [{"name": tensor.name, "type": tensor.tensor_type.name, "shape": [int(n) for n in tensor.shape[::-1]],
                "sha256": hashlib.sha256(tensor.data.tobytes()).hexdigest()} for tensor in reader.tensors]
    print(json.dumps({"keys": keys, "tensors": tensors}, ensure_ascii=False))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("--check", nargs="+", default=[])
    parser.add_argument("--seeds")
    options = parser.parse_args()
    for path in options.check:
        tell(path)
    if options.seeds:
        os.makedirs(options.seeds, exist_ok=True)
        make_seeds(options.seeds)
    if options.out:
        os.makedirs(options.out, exist_ok=True)
        make_everything(options.out)
        make_written(options.out)
        make_parts(options.out)


if __name__ == "__main__":
    main()
