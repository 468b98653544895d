#include "templates/chat_format.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

namespace mores::templates {
namespace {

struct ChatFormat {
  std::string_view name;
  std::string_view help;
  std::string_view source;  // a template
};

constexpr std::string_view kChatMl = R"({%- for turn in messages -%}
{{- '<|im_start|>' ~ turn.role ~ '\n' ~ turn.content ~ '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
)";

// A system turn goes into the question behind it.
constexpr std::string_view kLlama2 = R"({%- set ns = namespace(system=none) -%}
{%- for turn in messages -%}
{%- set text = turn.content.strip() -%}
{%- if turn.role == 'system' -%}
{%- set ns.system = text -%}
{%- elif turn.role == 'user' -%}
{%- if ns.system is not none -%}
{%- set text = '<<SYS>>\n' ~ ns.system ~ '\n<</SYS>>\n\n' ~ text -%}
{%- set ns.system = none -%}
{%- endif -%}
{{- bos_token ~ '[INST] ' ~ text ~ ' [/INST]' -}}
{%- else -%}
{{- ' ' ~ text ~ ' ' ~ eos_token -}}
{%- endif -%}
{%- endfor -%}
)";

constexpr std::string_view kLlama3 = R"({{- bos_token -}}
{%- for turn in messages -%}
{{- '<|start_header_id|>' ~ turn.role ~ '<|end_header_id|>\n\n' ~ turn.content | trim -}}
{{- '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' -}}
{%- endif -%}
)";

// A system turn goes into the question behind it.
constexpr std::string_view kMistral = R"({{- bos_token -}}
{%- set ns = namespace(system='') -%}
{%- for turn in messages -%}
{%- if turn.role == 'system' -%}
{%- set ns.system = turn.content ~ '\n\n' -%}
{%- elif turn.role == 'user' -%}
{{- '[INST] ' ~ ns.system ~ turn.content ~ '[/INST]' -}}
{%- set ns.system = '' -%}
{%- else -%}
{{- ' ' ~ turn.content ~ eos_token -}}
{%- endif -%}
{%- endfor -%}
)";

constexpr std::string_view kNone = R"({%- for turn in messages -%}
{{- turn.content -}}
{%- if not loop.last -%}{{- '\n\n' -}}{%- endif -%}
{%- endfor -%}
)";

constexpr ChatFormat kFormats[] = {
    {"chatml", "<|im_start|>role ... <|im_end|>: Qwen, InternLM2, Yi", kChatMl},
    {"llama2", "[INST] <<SYS>> ... [/INST]: Llama 2", kLlama2},
    {"llama3", "<|start_header_id|>role ... <|eot_id|>: Llama 3", kLlama3},
    {"mistral", "[INST] ... [/INST]: Mistral, Mixtral", kMistral},
    {"none", "the texts alone, an empty line between turns", kNone},
};

}  // namespace

std::vector<ChatFormatName> ChatFormats() {
  std::vector<ChatFormatName> names;
  for (const ChatFormat& format : kFormats) names.push_back({format.name, format.help});
  return names;
}

Expected<ChatTemplate> FindChatFormat(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ChatFormat& format : kFormats) {
    if (format.name == name) {
      return ChatTemplate::Parse(format.source, fmt::format("chat format '{}'", name));
    }
    names.push_back(format.name);
  }
  return MakeError(ErrorKind::kUsage, "unknown chat format '{}'; there are {}", name,
                   fmt::join(names, ", "));
}

}  // namespace mores::templates
