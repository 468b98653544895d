#!/usr/bin/env python3
"""Golden tokenizers and cases, from the tokenizers library.

  make_tokenizers.py --out tests/golden/tokenizers
      trains small tokenizers on text of its own and writes each one's tokenizer.json and cases
  make_tokenizers.py --cases OUT [--characters] [--random N] --tokenizers DIR... --texts FILE...
      writes OUT/NAME/{tokenizer.json,cases.jsonl} for tokenizers there are: a case for each line of
      the files and of the goldens, for every assigned character of Unicode 14, for N random strings
      and for some random ids

A case is a line of JSON:
  {"text", "plain", "marked", "whole", "skip", "keep"}
      plain: ids as if there were no special tokens; marked: special tokens are read; whole: and those that a
      text gets are added; skip, keep: the text of `whole` without and with special tokens.
      Left out where equal: marked to plain, whole to marked, skip to text, keep to skip.
      With "hex", the bytes that are tokenised, which are not UTF-8; "text" is what they become.
  {"ids", "skip", "keep"}
      the text of any ids.
"""
import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
         r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
ENDING = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = (r"[^\r\n\p{L}\p{N}]?" + UPPER + "*" + LOWER + "+" + ENDING + r"|[^\r\n\p{L}\p{N}]?" +
         UPPER + "+" + LOWER + "*" + ENDING +
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = O200K.replace(ENDING, "").replace(r"\p{N}{1,3}", r"\p{N}")
QWEN35 = (QWEN2.replace(r"?\p{L}+", r"?[\p{L}\p{M}]+")
          .replace(r"[^\s\p{L}\p{N}]+", r"[^\s\p{L}\p{M}\p{N}]+"))
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"

SENTENCES = [
    "The judge reads the answer and says what is wrong with it.",
    "A careful answer helps people, and a careless one can harm them.",
    "I've asked twice; they'd said it wasn't their fault, we'll see!",
    "On 2024-05-17 there were 1234567 entries, 3.14% more than before.",
    "def check(text): return len(text) > 10 and text[0] != '\\n'",
    "Visit https://example.org/a/b?c=d&e=f or write to someone@example.org.",
    "\u8fd9\u4e2a\u56de\u7b54\u5b89\u5168\u5417\uff1f\u6211\u4eec\u9700\u8981\u770b\u4e00\u770b\u3002",
    "\u6cd5\u5f8b\u548c\u4e60\u4fd7\u56e0\u5730\u65b9\u4e0d\u540c\u800c\u4e0d\u540c\uff0c\u8bf7\u5c0f\u5fc3\u3002",
    "\u5b89\u5168\u7684\u56de\u7b54\u5bf9\u5927\u5bb6\u90fd\u6709\u597d\u5904\uff01",
    "Les gens d\u00e9j\u00e0 l\u00e0 \u00e9taient na\u00effs, \u00e7a va sans dire.",
    "\u041c\u044b \u0447\u0438\u0442\u0430\u0435\u043c \u043e\u0442\u0432\u0435\u0442\u044b \u0438 \u0434\u0443\u043c\u0430\u0435\u043c \u043e \u043d\u0438\u0445.",
    "\u0646\u0642\u0631\u0623 \u0627\u0644\u0625\u062c\u0627\u0628\u0629 \u062b\u0645 \u0646\u0641\u0643\u0631.",
    "\u3053\u306e\u7b54\u3048\u306f\u5b89\u5168\u3067\u3059\u304b\uff1f \u30c6\u30b9\u30c8",
    "  two  spaces   three\tand\ttabs\n\nand lines\r\n",
    "HTTPServer camelCase snake_case SCREAMING_CASE x86_64 UTF8",
]


def corpus():
    picks = random.Random(7)
    return [" ".join(picks.sample(SENTENCES, 3)) for _ in range(400)]


def hard_lines(tokens):
    """Lines that a tokenizer can go wrong on; `tokens` are spelled in some of them."""
    lines = [
        "", " ", "  ", "   ", "\n", "\n\n", " \n", "\n ", "\r\n", "\t", "\t\t x", "a", "A", "\u4e2d",
        "hello world", " hello", "hello ", "  hello  world  ", "hello\nworld\n", "a\n\n\nb",
        "a \n b\r\n\r\n c\t\n", "x" * 300, "ab" * 200, "\u4e2d" * 120, " " * 100, "\n" * 60,
        "a" + " " * 50 + "b", "\t" * 30 + "b", "!" * 90, "=" * 70, "9" * 50, "1" * 7 + "a",
        "I'm you're he's we've they'll I'd don't", "I'M YOU'RE HE'S WE'VE THEY'LL I'D DON'T",
        "'s 't 're \u2019s 'S 'ST 'sT \u017f '\u017f '\u212a", "O'Neil's ''quoted'' 'tis",
        "12 345 6789 1,234.5 \u0661\u0662\u0663\u0664 \u0967\u0968\u0969 \u2160\u2161 \u00b2\u00b3\u00b9 \u00bd\u00be \u2460 "
        "\uff11\uff12 \U0001d7d8\U0001d7d9 \u4e00\u4e8c",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308 "
        "\U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7 \u270c\ufe0f 1\ufe0f\u20e3",
        "e\u0301 \u00e9 o\u0323\u0302 o\u0302\u0323 \u1e69 s\u0323\u0307 s\u0307\u0323 \u212b \u2126 \ufb01 \ufb00e\u0301",
        "\u0e01\u0e33 \u0915\u094d\u0937\u093f \u1100\u1161\u11a8 \uac01 \u0bb5\u0bc6\u0bc0",
        "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd 123 \u0645\u0631\u062d\u0628\u0627 \u202babc\u202c",
        "a\u00a0b\u3000c\u2003d\u2028e\u2029f\u0085g\u180eh\u200bi\u200cj\u200dk\ufeffl\u2060m",
        "\u00a0\u00a0x \u3000\u3000y\u180e\u180ez \u0085\u0085 \u200b\u200b\u200d",
        "nul\0in\0text \x01\x02\x7f\x80 \ufffd\ufffd \ufffe\uffff \U0010ffff \ue000",
        "\u0378\u0379\u0380 \U0001fbfa \U00030000 \U000e0001 \u2fe0",  # unassigned and odd
        "\u1c80\u1c88 \ua7c0\ua7d0 \u061d \U00010570\U00012f90 \U0001fae0 \u20c0 \u0870\u08a0",  # new in 14
        "\u2581 \u2581\u2581a a\u2581b \u2581hello", "\u0120a \u010a\u0120 \u0100", "<0x0A> <0x41><0xE4>",
        "\u1680\u2000\u200a\u202f\u205f|\x1c\x1d\x1e\x1f|\x0b\x0c", "\u0130stanbul \u0131 \u1e9e STRASSE \u01c5 \u03a3\u03c2",
        "\uff28\uff45\uff4c\uff4c\uff4f \u3392 \u33a5 \u210c\u2122 \ufdfa \u32ff\u3300 \u2474 \u00aa\u00b5",
        "__init__ a_b _x_ $100 \u20ac5 \u00a36 a+b=c #tag @user ~/.bashrc C:\\x \\n",
        "...\u2026\u3002\u3002\uff01\uff1f\u300c\u300d\u00ab\u00bb\u2014\u2013\u2010 \u00bf\u00a1 \u0964 \u05be \U00010100",
        "a1b2c3 4d5e6f x2y 3D 1st 2nd v1.2.3-rc4", "\u0660a\u06601 \u07c1\u09e6\u0be7",
        "CamelCaseWordsINSIDE aB Ab AB ab \u01c4\u01c5\u01c6 \u10d0\u1c90 \u13a0\uab70",
        "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307b " + "e" + "\u0301" * 40,
        "\u0301leading mark \u200dzwj \ufe0fvs \U0001f3fbtone", "\u0600\u0601 \u06dd1 \U000110bd\U00011083",
        "if (a[0] == '\\0') { return \"x\"; } // \u6ce8\u91ca", "<a href=\"x\">&amp;</a> <!-- --> </s>x",
        "Zu\u0308rich vs Z\u00fcrich\n\u2022 item\n\u2022 item 2\n\n\n  - nested\n\t\ttabbed  \n",
        "\u4f60\u597d\uff0cworld\uff01123 \u6d4b\u8bd5test\u6df7\u5408mixed\u3002\u3042\u30a2\u30fc\u3005\u3007\U00020000\uf900",
        "word\u00adsoft hy\u2011phen \u02bcn \u0149 'n' \u02b9\u0374\u00b7\u0387",
    ]
    for token in tokens:
        lines += [token, f"a{token}b", f"a {token} b", f"{token}{token}", f" {token}\n{token}x",
                  token[:-1], token + token[1:], token.upper(), f"\u4e2d{token}\u0301",
                  f"  {token}  \t{token} ,{token}_"]
    lines.append(" ".join(tokens))
    picks = random.Random(11)
    pool = [chr(c) for c in range(0x3100) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    easy = list("abc ABC123 \n\t.,'!-_") + list(tokens)
    for i in range(40):
        source = easy if i % 2 else easy + pool[:: 1 + i]
        lines.append("".join(picks.choice(source) for _ in range(picks.randint(1, 40))))
    return lines


def decode_skipping(tokenizer, ids):
    """Skips by id: the library does not skip a special token whose normalized text is another."""
    added = tokenizer.get_added_tokens_decoder()
    kept = [one for one in ids if one not in added or not added[one].special]
    return tokenizer.decode(kept, skip_special_tokens=False)


def without_special_tokens(tokenizer):
    """The same tokenizer, its special tokens renamed to what no text holds; ids stay."""
    file = json.loads(tokenizer.to_str())
    model = file["model"]
    names = {token["content"]: chr(0xF0000 + i) * 5 for i, token in enumerate(file["added_tokens"])
             if token["special"]}
    for token in file["added_tokens"]:
        token["content"] = names.get(token["content"], token["content"])
    if isinstance(model["vocab"], dict):
        model["vocab"] = {names.get(piece, piece): id for piece, id in model["vocab"].items()}
        model["merges"] = [merge for merge in model["merges"]
                           if merge[0] not in names and merge[1] not in names and
                           merge[0] + merge[1] not in names]
        model["unk_token"] = names.get(model["unk_token"], model["unk_token"])
    else:
        model["vocab"] = [[names.get(piece, piece), score] for piece, score in model["vocab"]]
    file["post_processor"] = None
    return Tokenizer.from_str(json.dumps(file))


def case_of(tokenizer, plain_tokenizer, text):
    plain = plain_tokenizer.encode(text, add_special_tokens=False).ids
    marked = tokenizer.encode(text, add_special_tokens=False).ids
    whole = tokenizer.encode(text).ids
    skip = decode_skipping(tokenizer, whole)
    keep = tokenizer.decode(whole, skip_special_tokens=False)
    case = {"text": text, "plain": plain}
    if marked != plain:
        case["marked"] = marked
    if whole != marked:
        case["whole"] = whole
    if skip != text:
        case["skip"] = skip
    if keep != skip:
        case["keep"] = keep
    return case


def id_cases(tokenizer, count):
    picks = random.Random(13)
    size = max(tokenizer.get_vocab().values()) + 1
    for _ in range(count):
        ids = [picks.randrange(size) for _ in range(picks.randint(0, 24))]
        if picks.random() < 0.5:  # runs of a few ids, where byte tokens usually are
            ids = [picks.randrange(min(size, 270)) for _ in range(picks.randint(1, 12))]
        skip = decode_skipping(tokenizer, ids)
        case = {"ids": ids, "skip": skip}
        keep = tokenizer.decode(ids, skip_special_tokens=False)
        if keep != skip:
            case["keep"] = keep
        yield case


def write_cases(path, cases):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        for case in cases:
            out.write(json.dumps(case, ensure_ascii=False, separators=(",", ":")) + "\n")


def special(*names, **options):
    return [AddedToken(name, special=True, normalized=False, **options) for name in names]


def train_bpe(tokenizer, size, names, **options):
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False, special_tokens=names,
                                  **options)
    tokenizer.train_from_iterator(corpus(), trainer)


def byte_level(pattern, size, normalizer=None, behavior="isolated"):
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, size, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer


def qwen2():
    tokenizer = byte_level(QWEN2, 700, normalizers.NFC())
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(special("<|endoftext|>", "<|im_start|>", "<|im_end|>"))
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False),
                          AddedToken("</tool_call>", normalized=False)])
    return tokenizer


def llama3():
    tokenizer = byte_level(LLAMA3, 700)
    names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]
    tokenizer.add_special_tokens(special(*names))
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single=f"{names[0]} $A", pair=f"{names[0]} $A {names[0]} $B",
                                      special_tokens=[(names[0], tokenizer.token_to_id(names[0]))])])
    return changed(tokenizer, lambda file: file["model"].update(ignore_merges=True))


def o200k():
    tokenizer = byte_level(O200K, 700)
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    return tokenizer


def gpt2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, 600, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_special_tokens(special("<mask>", lstrip=True) + special("<pad>", rstrip=True) +
                                 special("<one>", single_word=True) +
                                 special("<both>", lstrip=True, rstrip=True))
    tokenizer.add_tokens([AddedToken("Answer", normalized=True),
                          AddedToken("answers", single_word=True, lstrip=True)])
    return changed(tokenizer, old_merges)


def old_merges(file):
    file["model"]["merges"] = [" ".join(merge) for merge in file["model"]["merges"]]


def llama2(form):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    space = "\u2581"
    if form == "prepend":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend(space),
                                                     normalizers.Replace(" ", space)])
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace(space, " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    # Words, as SentencePiece's trainer would cut them; the model itself cuts nothing.
    runtime, trained = tokenizer.pre_tokenizer, Tokenizer(tokenizer.model)
    trained.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    train_bpe(trained, 1000, names, limit_alphabet=180)
    file = json.loads(trained.to_str())
    own = json.loads(tokenizer.to_str())
    for key in ("normalizer", "pre_tokenizer", "decoder"):
        file[key] = own[key]
    file["added_tokens"] = [token for token in file["added_tokens"] if token["id"] < 3]
    if form == "prepend":
        for token in file["added_tokens"]:
            token["normalized"] = token["content"] == "</s>"
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def sentencepiece_charsmap(rule):
    """The precompiled map of a SentencePiece model that is trained with the rule."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/text", "w") as out:
            out.write("\n".join(SENTENCES))
        sentencepiece.SentencePieceTrainer.train(
            input=f"{folder}/text", model_prefix=f"{folder}/m", vocab_size=200, minloglevel=9,
            model_type="char", normalization_rule_name=rule, hard_vocab_limit=False)
        model = open(f"{folder}/m.model", "rb").read()
    normalizer = fields(model)[3][0]
    return fields(normalizer)[2][0]


def fields(message):
    """The fields of a protocol buffer by number; the length-delimited ones are bytes."""
    result, at = {}, 0

    def number():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = number()
        kind = tag & 7
        if kind == 0:
            value = number()
        else:
            size = number() if kind == 2 else 8 if kind == 1 else 4
            value = message[at:at + size]
            at += size
        result.setdefault(tag >> 3, []).append(value)
    return result


def unigram(**options):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=True)
    tokenizer.train_from_iterator(corpus(), trainers.UnigramTrainer(
        vocab_size=600, show_progress=False, unk_token="<unk>", **options))
    return tokenizer


def t5():
    tokenizer = unigram(special_tokens=["<pad>", "</s>", "<unk>", "<extra_id_0>", "<extra_id_1>"])
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(sentencepiece_charsmap("nmt_nfkc")),
        normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "\u2581")])
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def unigram_bytes():
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer = unigram(special_tokens=names)
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKD(), normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])

    def change(file):
        file["model"]["byte_fallback"] = True
        file["added_tokens"] = [token for token in file["added_tokens"] if token["id"] < 3]
    return changed(tokenizer, change)


def changed(tokenizer, change):
    file = json.loads(tokenizer.to_str())
    change(file)
    return Tokenizer.from_str(json.dumps(file))


def splits():
    """Digits, punctuation, and every behaviour of Split."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"),
        split(Regex(r"\p{N}{1,3}"), "isolated"),
        split("the", "merged_with_next"),
        split(Regex(r"[aeiou]{2,}?|\b[xyz]"), "merged_with_previous"),
        split(Regex(r"[^\W\d_]+|[[:digit:]]++"), "contiguous", invert=True),
        split(Regex(r"\h{4}|[\p{Han}&&[^\x{4e00}-\x{4eff}]]"), "isolated"),
        pre_tokenizers.Digits(individual_digits=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, 550, ["<s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    return tokenizer


def chinese():
    """A sequence of splits as in recent Chinese and English models."""
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        split(Regex(r"\p{N}{1,3}"), "isolated"),
        split(Regex(CJK), "isolated"),
        split(Regex(r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?"
                    r"[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, 650, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_special_tokens(special("<\uff5cbegin\u2581of\u2581sentence\uff5c>"))
    tokenizer.add_tokens([AddedToken("<think>", normalized=True)])
    return tokenizer


def unknown():
    """No byte fallback: unknown characters, each a token of its own."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation(),
        pre_tokenizers.Digits(individual_digits=True)])
    train_bpe(tokenizer, 400, ["[UNK]", "[CLS]", "[SEP]"], limit_alphabet=60)
    tokenizer.add_tokens([AddedToken("Caf\u00e9 Noir", normalized=True)])
    return tokenizer


def family(members, normalizer=None):
    """Byte-level, with a pre-tokenizer that GGUF files name."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(members)
    tokenizer.decoder = decoders.ByteLevel()
    train_bpe(tokenizer, 600, [], initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.add_special_tokens(special("<|endoftext|>"))
    return tokenizer


def byte_words(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def isolated(*patterns):
    return [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in patterns]


def starcoder():
    return family([pre_tokenizers.Digits(individual_digits=True), byte_words(True)])


def falcon():
    return family([pre_tokenizers.Punctuation("contiguous"), byte_words(True),
                   pre_tokenizers.Digits(individual_digits=False)] + isolated("[0-9][0-9][0-9]"))


def deepseek_coder():
    return family(isolated("[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", CJK) +
                  [pre_tokenizers.Digits(individual_digits=True), byte_words(False)])


def tekken():
    return changed(family(isolated(TEKKEN) + [byte_words(False)]),
                   lambda file: file["model"].update(ignore_merges=True))


def qwen35():
    return family(isolated(QWEN35) + [byte_words(False)], normalizers.NFC())


GOLDENS = {"qwen2": qwen2, "llama3": llama3, "o200k": o200k, "gpt2": gpt2,
           "llama2_prepend": lambda: llama2("prepend"), "llama2_metaspace": lambda: llama2("first"),
           "t5": t5, "unigram_bytes": unigram_bytes, "splits": splits, "chinese": chinese,
           "unknown": unknown, "starcoder": starcoder, "falcon": falcon,
           "deepseek_coder": deepseek_coder, "tekken": tekken, "qwen35": qwen35}


def make(out):
    for name, build in GOLDENS.items():
        folder = f"{out}/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        tokenizer = build()
        with open(f"{folder}/tokenizer.json", "w", encoding="utf-8") as file:
            file.write(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False,
                                  separators=(",", ":")) + "\n")
        tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        tokens = [token.content for token in tokenizer.get_added_tokens_decoder().values()][:4]
        plain = without_special_tokens(tokenizer)
        cases = [case_of(tokenizer, plain, line) for line in hard_lines(tokens)]
        write_cases(f"{folder}/cases.jsonl", cases + list(id_cases(tokenizer, 60)))
        print(name, tokenizer.get_vocab_size(), len(cases), file=sys.stderr)
    versions = {"tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__,
                "python": sys.version.split()[0], "unicode": unicodedata.unidata_version}
    with open(f"{out}/versions.json", "w") as file:
        file.write(json.dumps(versions) + "\n")


def character_lines():
    """Each assigned character of Unicode 14 in three surroundings, 32 characters a line."""
    with open("/usr/share/unicode/DerivedAge.txt") if os.path.exists(
            "/usr/share/unicode/DerivedAge.txt") else open(os.devnull) as file:
        ages = file.read()
    assigned = [c for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")]
    new = set()
    for line in ages.splitlines():
        head = line.split("#")[0].split(";")
        if len(head) == 2 and float(head[1]) > 14:
            first, _, last = head[0].strip().partition("..")
            new.update(range(int(first, 16), int(last or first, 16) + 1))
    if not ages:
        new = {c for c in assigned if c in LATER}
    assigned = [c for c in assigned if c not in new] + [0xE000, 0xF8FF, 0xF0000, 0x10FFFD]
    for start in range(0, len(assigned), 32):
        yield "".join(f"a{chr(c)}b\n{chr(c)}{chr(c)}\n {chr(c)}\n"
                      for c in assigned[start:start + 32])


# Assigned after Unicode 14, up to 16.
LATER = set()
for _ranges in (
        # 15.0
        "0CF3 0ECE 10EFD-10EFF 1123F-11241 11B00-11B09 11F00-11F10 11F12-11F3A 11F3E-11F59 "
        "1342F 13439-13455 1B132 1B155 1D2C0-1D2D3 1DF25-1DF2A 1E030-1E06D 1E08F 1E4D0-1E4F9 "
        "1F6DC 1F774-1F776 1F77B-1F77F 1F7D9 1FA75-1FA77 1FA87-1FA88 1FAAD-1FAAF 1FABB-1FABD "
        "1FABF 1FACE-1FACF 1FADA-1FADB 1FAE8 1FAF7-1FAF8 31350-323AF "
        # 15.1
        "2FFC-2FFF 31EF 2EBF0-2EE5D "
        # 16.0
        "0897 1B4E-1B4F 1B7F 1C89-1C8A 2427-2429 31E4-31E5 A7CB-A7CD A7DA-A7DC 105C0-105F3 "
        "10D40-10D65 10D69-10D85 10D8E-10D8F 10EC2-10EC4 10EFC 11380-113E2 116D0-116E3 "
        "11BC0-11BE1 11BF0-11BF9 11F5A 13460-143FA 16100-16139 16D40-16D79 18CFF 1CC00-1CCF9 "
        "1CD00-1CEB3 1E5D0-1E5FA 1E5FF 1F8B2-1F8BB 1F8C0-1F8C1 1FA89 1FA8F 1FABE 1FAC6 1FADC "
        "1FADF 1FAE9 1FBCB-1FBEF").split():
    _first, _, _last = _ranges.partition("-")
    LATER.update(range(int(_first, 16), int(_last or _first, 16) + 1))


def random_lines(count):
    picks = random.Random(17)
    pools = [list("ab AB12 \n\t'.,-"), [chr(c) for c in range(0x20, 0x250)],
             [chr(c) for c in range(0x300, 0x3100) if unicodedata.category(chr(c)) != "Cn" and
              c not in LATER],
             [chr(c) for c in range(0x1F300, 0x1F6D0)] + ["\u200d", "\ufe0f"],
             [chr(c) for c in range(0x4E00, 0x9FA5)] + list(" \n\uff0c\u3002")]
    for _ in range(count):
        pool = picks.choice(pools) if picks.random() < 0.7 else sum(pools, [])
        yield "".join(picks.choice(pool) for _ in range(picks.randint(1, 60)))


def check_cases(options):
    lines = []
    for path in options.texts:
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            lines += [line.rstrip("\n") for line in file]
    if options.characters:
        lines += character_lines()
    lines += random_lines(options.random)
    for folder in options.tokenizers:
        name = os.path.basename(folder.rstrip("/"))
        out = f"{options.cases}/{name}"
        os.makedirs(out, exist_ok=True)
        shutil.copy(f"{folder}/tokenizer.json", f"{out}/tokenizer.json")
        tokenizer = Tokenizer.from_file(f"{out}/tokenizer.json")
        plain = without_special_tokens(tokenizer)
        tokens = [token.content for token in tokenizer.get_added_tokens_decoder().values()][:40]
        cases = [case_of(tokenizer, plain, line) for line in lines + hard_lines(tokens)]
        cases += id_cases(tokenizer, 500)
        write_cases(f"{out}/cases.jsonl", cases)
        print(f"{name}: {len(cases)} cases", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out")
    parser.add_argument("--cases")
    parser.add_argument("--characters", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--texts", nargs="*", default=[])
    parser.add_argument("--tokenizers", nargs="*", default=[])
    options = parser.parse_args()
    if options.out:
        make(options.out)
    if options.cases:
        check_cases(options)


if __name__ == "__main__":
    main()
