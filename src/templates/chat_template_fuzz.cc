// Any template: parsing and rendering end, with a text whose marks are in order or with one line
// that says why not. What is before the first NUL byte is the template, the rest a message.
#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "templates/chat_template.h"
#include "text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = mores::FuzzBytes(data, size);
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const auto parsed = mores::templates::ChatTemplate::Parse(bytes.substr(0, end), "fuzz");
  if (!parsed) {
    MORES_CHECK(parsed.error().message.find('\n') == std::string::npos);
    return 0;
  }
  mores::FakeClock clock;
  mores::templates::ChatTemplateInput input{
      .messages = mores::Json::array(
          {{{"role", "system"}, {"content", "Be kind."}},
           {{"role", "user"},
            {"content", mores::text::ReplaceInvalidUtf8(bytes.substr(std::min(end + 1, size)))}},
           {{"role", "assistant"}, {"content", "ok"}, {"n", 1.5}, {"list", {1, nullptr, true}}}}),
      .special_tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
      .add_generation_prompt = true,
      .clock = &clock};
  const auto rendered = parsed->Render(input);
  if (!rendered) {
    MORES_CHECK(rendered.error().message.find('\n') == std::string::npos);
    MORES_CHECK(rendered.error().message.size() < 5000);
    return 0;
  }
  MORES_CHECK(mores::text::IsValidUtf8(rendered->utf8));
  size_t done = 0;
  bool first = true;
  for (const auto& range : rendered->plain) {
    MORES_CHECK(first || range.begin > done);  // apart from each other
    MORES_CHECK(range.begin < range.end && range.end <= rendered->utf8.size());
    done = range.end;
    first = false;
  }
  return 0;
}
