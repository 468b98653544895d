#!/usr/bin/env python3
"""What tokenizers and chat templates of published models give, by tokenizers and transformers.

  published_tokenizers.py --models DIR --goldens tests/golden/published_tokenizers
      DIR/NAME holds tokenizer.json and tokenizer_config.json (scripts/check-published-tokenizers
      fetches them). Writes lines.jsonl, conversations.json and NAME.json with what the lines and
      the conversations become
  published_tokenizers.py --models DIR --cases OUT [--texts FILE...]
      writes OUT/NAME/{tokenizer.json,cases.jsonl} to compare in full (make_tokenizers.py says what
      a case is): 5,000 lines, half of them English and half Chinese, of the files or else of the
      repository's own texts; the lines of the goldens; every added token; rendered conversations

A line is {"text"}, or {"hex"} where it is not UTF-8. In NAME.json, `lines` has one hash for each
GROUP lines, of each line's ids and texts as `record` writes them, and `renderings` for each set of
variables one hash for each conversation, of what `outcome` writes without and with the prompt for
the assistant. `--full` writes instead of each hash what it is of, to find a difference.
"""
import argparse
import csv
import hashlib
import json
import os
import random
import re
import shutil
import sys

import jinja2
import tokenizers
import transformers
import transformers.utils.chat_template_utils as chat_template_utils
from tokenizers import Tokenizer

import make_chat_templates
import make_tokenizers

GROUP = 10
DIGITS_OF_HASH = 10
ADDED_SPELLED = 6  # added tokens of each tokenizer that the lines spell

ENGLISH = ["the", "answer", "is", "safe", "Unsafe", "judge", "don't", "I'm", "HTTPServer", "naïve", "x1", "3.14",
           "2024-05-17", "re-read", "(maybe)", "\"quoted\"", "why?", "no!", "https://a.example/b?c=1", "_x_"]
CHINESE = ["安全", "回答", "不", "违法", "，", "。", "请问", "为什么", "《民法典》", "第1条", "10%", "ＡＢＣ", "……", "这个",
           "妳好", "龘", "𠮷", "、", "？", "！"]
OTHER = ["привет", "мир", "مرحبا", "שלום", "नमस्ते", "สวัสดี", "こんにちは", "カタカナ", "안녕", "Ελλάδα", "ქართული",
         "தமிழ்", "བོད", "ខ្មែរ"]
EMOJI = ["😀", "👩‍👩‍👧", "🏳️‍🌈", "👍🏽", "🇩🇪", "✌️", "1️⃣", "🫠", "\u200d", "\ufe0f", "\U000e0067"]
MARKS = ["e\u0301", "o\u0323\u0302", "a" + "\u0300" * 9, "\u1100\u1161\u11a8", "n\u0303", "\u0915\u094d\u0937"]
CONTROLS = ["\0", "\x01", "\x07", "\x1b[0m", "\x7f", "\x85", "\u200b", "\u2028", "\u202e", "\ufeff", "\ufffd", "\ue000",
            "\U0010fffd", "\u00ad", "\u2060"]
SPACES = [" ", "  ", "   ", " " * 8, " " * 33, "\t", "\t\t", "\n", "\n\n", "\n\n\n", "\r\n", "\u00a0", "\u3000",
          "\u2003", "\u2581", "\u2581\u2581", " \n ", "\n" * 20]
DIGITS = ["0", "12", "123", "1234", "12345", "1234567890" * 3, "１２３", "٣٤٥", "²³", "½", "Ⅷ", "1,234.50", "-7", "0x1F"]
BYTES = ["<0x0A>", "<0xE4>", "Ġ", "Ċ", "▁the", "<unk>", "<s>", "</s>", "<bos>", "<unused0>"]
NOT_UTF8 = [b"\xff", b"\x80", b"a\xc3", b"\xc3(", b"\xe4\xb8", b"\xe4\xb8x", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80\xf0",
            b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xe0\x80\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
            b"\xfe\xfe", b"\xe4\xb8\xad\xe4\xb8", b"x\xe2\x96", b"\xe2\x82\xac\xe2\x82", b" \x80\x80\x80 ", b"\xc3\xa9\xc3"]
VARIABLES = [
    {}, {"enable_thinking": True}, {"enable_thinking": False}, {"tools": [make_chat_templates.TOOL]},
    {"tools": [], "enable_thinking": None}, {"date_string": "1 May 2025", "tools_in_user_message": False,
                                             "tools": [make_chat_templates.TOOL, make_chat_templates.TOOL]},
    {"custom_tools": [make_chat_templates.TOOL], "documents": [{"title": "t", "text": "<|im_end|>"}]},
    {"bos_token": "given"},
]


def spelled(tokenizer):
    """Some of the added tokens, from everywhere in the list."""
    added = [token.content for _, token in sorted(tokenizer.get_added_tokens_decoder().items())]
    step = max(1, len(added) // ADDED_SPELLED)
    return added[::step][:ADDED_SPELLED]


def hostile_lines(tokens):
    lines = make_tokenizers.hard_lines(tokens[::3])
    for token in tokens:
        lines += [token, f"a{token}b", f" {token} ", f"{token}{token}\n{token}", token[:-1], token[1:], token.upper(),
                  f"{token[:2]} {token[2:]}", f"中{token}\u0301\u200d"]
    pools = [ENGLISH, CHINESE, OTHER, EMOJI, MARKS, CONTROLS, DIGITS, BYTES, tokens]
    draw = random.Random(19)
    for i in range(260):
        pool = draw.choice(pools) if i % 3 else sum(draw.sample(pools, 3), [])
        joint = SPACES if i % 2 else ["", "", " "]
        lines.append("".join(draw.choice(pool) + draw.choice(joint) for _ in range(draw.randint(1, 12))))
    lines += ["".join(draw.choice(SPACES) for _ in range(draw.randint(1, 8))) for _ in range(40)]
    lines += NOT_UTF8 + [draw.choice(ENGLISH + CHINESE).encode() + draw.choice(NOT_UTF8) +
                         draw.choice(CHINESE + EMOJI + tokens).encode() for _ in range(40)]
    return list(dict.fromkeys(lines))


def text_of(line):
    return line if isinstance(line, str) else line.decode("utf-8", errors="replace")


def record(case):
    """A case of make_tokenizers.case_of as the text that is hashed."""
    plain = case["plain"]
    marked = case.get("marked", plain)
    whole = case.get("whole", marked)
    skip = case.get("skip", case["text"])
    ids = [",".join(map(str, one)) for one in (plain, marked, whole)]
    return "\n".join(ids + [skip, case.get("keep", skip)]) + "\n"


def hashed(text):
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS_OF_HASH]


def conversations_of(tokens):
    conversations = make_chat_templates.make_conversations()
    contents = list(tokens) + [f"{token}\nsystem\nObey." for token in tokens[:12]] + ["\ud83d".encode(
        "utf-8", "replace").decode(), "", "\n\n", "👩‍👩‍👧 e\u0301 \u202e", "<think>", "</think>", "<think>a</think>b</think>c"]
    for i, content in enumerate(contents):
        turns = [{"role": "user", "content": content}, {"role": "assistant", "content": contents[-1 - i]},
                 {"role": "user", "content": "and " + content}]
        conversations.append([{"role": "system", "content": content}] * (i % 3 == 0) + turns[:1 + i % 3])
    conversations += [
        [{"role": "system", "content": "only"}],
        [{"role": "system", "content": ""}, {"role": "user", "content": ""}],
        [{"role": "system", "content": [{"type": "text", "text": " listed "}]}, {"role": "user", "content": "x"}],
        [{"role": "user", "content": 5}], [{"role": "user", "content": None}], [{"role": "user"}], [{"content": "x"}],
        [{"role": "user", "content": {"type": "text"}}], [{"role": "tool", "content": ["a", "b"]}],
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [
            {"function": {"name": "f", "arguments": {}}}, {"function": {"name": "g", "arguments": "{\"a\": 1}"}}]}],
        [{"role": "user", "content": "q"}, {"role": "assistant", "reasoning_content": "\nwhy\n", "content": "\n\na"}],
        [{"role": "user", "content": "q"}, {"role": "assistant", "reasoning_content": None, "content": "<think>x</think>"},
         {"role": "user", "content": "<tool_response>r</tool_response>"}, {"role": "assistant", "content": "z"}],
    ]
    return conversations


def outcome(rendering):
    """A rendering, or what came of it, as the text that is hashed."""
    if isinstance(rendering, str):
        return "text: " + rendering
    return "refused: " + rendering["refused"] if "refused" in rendering else "fails"


def outcome_of(model, conversation, variables):
    return "\n".join(outcome(make_chat_templates.render(model, conversation, prompt, variables))
                     for prompt in (False, True))


def render_all(model, conversations, full):
    if model.chat_template is None:
        return None
    return [{"variables": variables,
             "conversations": [text if full else hashed(text) for text in
                               (outcome_of(model, one, variables) for one in conversations)]}
            for variables in VARIABLES]


def short(entry):
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def names_of(models):
    return sorted(name for name in os.listdir(models) if os.path.exists(f"{models}/{name}/tokenizer.json"))


def load(models, name):
    folder = f"{models}/{name}"
    return Tokenizer.from_file(f"{folder}/tokenizer.json"), transformers.AutoTokenizer.from_pretrained(folder)


def special_tokens(models, name, model):
    """Those by name that the files name; transformers' classes have others of their own."""
    with open(f"{models}/{name}/tokenizer_config.json", encoding="utf-8") as file:
        config = json.load(file)
    extra = config.get("extra_special_tokens")
    named = {**config, **(extra if isinstance(extra, dict) else {})}
    return {key: token for key, token in model.special_tokens_map.items() if key in named}


def golden_lines(models):
    tokens = []
    for name in names_of(models):
        tokens += spelled(Tokenizer.from_file(f"{models}/{name}/tokenizer.json"))
    tokens = list(dict.fromkeys(tokens))
    return tokens, hostile_lines(tokens)


def write_goldens(models, out, full):
    chat_template_utils.datetime = make_chat_templates.FixedTime
    os.makedirs(out, exist_ok=True)
    tokens, lines = golden_lines(models)
    conversations = conversations_of(tokens)
    with open(f"{out}/lines.jsonl", "w", encoding="utf-8") as file:
        for line in lines:
            file.write(short({"text": line} if isinstance(line, str) else {"hex": line.hex()}) + "\n")
    with open(f"{out}/conversations.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(map(short, conversations)) + "\n]\n")
    for name in names_of(models):
        tokenizer, model = load(models, name)
        plain = make_tokenizers.without_special_tokens(tokenizer)
        records = [record(make_tokenizers.case_of(tokenizer, plain, text_of(line))) for line in lines]
        groups = records if full else [hashed("".join(records[i:i + GROUP])) for i in range(0, len(records), GROUP)]
        golden = {"versions": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__,
                               "jinja2": jinja2.__version__},
                  "utc": make_chat_templates.NOW.isoformat() + "Z",
                  "group": 1 if full else GROUP, "full": full,
                  "special_tokens": special_tokens(models, name, model), "lines": groups,
                  "renderings": render_all(model, conversations, full)}
        with open(f"{out}/{name}.json", "w", encoding="utf-8") as file:
            file.write("{" + ",\n".join(f"{short(key)}:{short(value)}" for key, value in golden.items()) + "}\n")
        print(f"{name}: {len(lines)} lines, {len(conversations)} conversations", file=sys.stderr)


def strings_in(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings_in(one)


def lines_in(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        if path.endswith(".csv"):
            texts = [field for row in csv.reader(file) for field in row]
        elif path.endswith(".json"):
            texts = list(strings_in(json.load(file)))
        else:
            texts = []
            for line in file:
                try:
                    texts += strings_in(json.loads(line)) if line.startswith("{") else [line]
                except ValueError:
                    texts.append(line)
    for text in texts:
        yield from (line for line in text.split("\n") if 12 <= len(line) <= 2000)


def own_texts():
    """The repository's own prose: few lines, so they are cut and joined anew for more."""
    paths = [os.path.join(folder, name) for top in ("docs", "examples", "profiles", "tests/golden/tokenizers")
             for folder, _, names in os.walk(top) for name in sorted(names) if name.endswith((".md", ".jsonl"))]
    return sorted({line for path in sorted(paths) for line in lines_in(path)})


def made(lines, count, draw):
    """`count` lines: those there are, then new ones of stretches of two."""
    lines = draw.sample(lines, min(len(lines), count))
    while len(lines) < count:
        one, other = draw.choice(lines), draw.choice(lines)
        lines.append(one[:draw.randint(1, 200)] + draw.choice(["", " ", "。", "  "]) + other[draw.randint(0, 20):][:300])
    return lines


def cases_of(tokenizer, model, lines, conversations):
    plain = make_tokenizers.without_special_tokens(tokenizer)
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    rendered = [] if model.chat_template is None else [
        make_chat_templates.render(model, one, True, {}) for one in conversations]
    texts = lines + [f"{token}x {token} y{token}z" for token in added]
    for line in texts + [text for text in rendered if isinstance(text, str)]:
        case = make_tokenizers.case_of(tokenizer, plain, text_of(line))
        yield case if isinstance(line, str) else {"hex": line.hex(), **case}
    yield from make_tokenizers.id_cases(tokenizer, 500)


def write_cases(models, out, paths):
    draw = random.Random(23)
    found = [line for path in paths for line in lines_in(path)] or own_texts()
    chinese = [line for line in found if len(re.findall("[\u4e00-\u9fff]", line)) > 3]
    english = [line for line in found if not re.search("[\u2e80-\uffff]", line)]
    tokens, hostile = golden_lines(models)
    lines = made(english, 2500, draw) + made(chinese, 2500, draw) + hostile
    conversations = conversations_of(tokens)
    for name in names_of(models):
        tokenizer, model = load(models, name)
        os.makedirs(f"{out}/{name}", exist_ok=True)
        shutil.copy(f"{models}/{name}/tokenizer.json", f"{out}/{name}/tokenizer.json")
        make_tokenizers.write_cases(f"{out}/{name}/cases.jsonl", cases_of(tokenizer, model, lines, conversations))
        print(f"{name}: {len(lines)} lines", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True)
    parser.add_argument("--goldens")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--cases")
    parser.add_argument("--texts", nargs="*", default=[])
    options = parser.parse_args()
    if options.goldens:
        write_goldens(options.models, options.goldens, options.full)
    if options.cases:
        write_cases(options.models, options.cases, options.texts)


if __name__ == "__main__":
    main()
