// Renderings against those of transformers (tools/goldens/make_chat_templates.py).
// MORES_CHAT_TEMPLATES names another folder of the same form, such as one with templates of models.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "templates/chat_template.h"

namespace mores::templates {
namespace {

std::string Folder() {
  const char* other = std::getenv("MORES_CHAT_TEMPLATES");
  return other != nullptr ? other : MORES_SOURCE_DIR "/tests/golden/chat_templates";
}

Json ReadJsonFile(const std::string& path) {
  const auto bytes = ReadFile(path);
  EXPECT_TRUE(bytes) << path;
  const auto json = ParseJson(bytes.value_or("null"), path);
  EXPECT_TRUE(json) << json.error().message;
  return json.value_or(Json());
}

class GoldenClock : public FakeClock {
 public:
  explicit GoldenClock(std::string utc) : utc_(std::move(utc)) {}
  std::string UtcTimestamp() override { return utc_; }

 private:
  std::string utc_;
};

// How the rendering differs from what transformers made of the same, or nothing.
std::string Difference(const Expected<text::MarkedText>& rendered, const Json& wanted) {
  if (wanted.contains("fails")) return rendered ? "transformers fails: " + wanted.dump() : "";
  if (wanted.contains("refused")) {
    if (rendered) return "transformers refuses: " + wanted.dump();
    const std::string message = "the template refuses: " + wanted["refused"].get<std::string>();
    return rendered.error().message.find(message) == std::string::npos
               ? rendered.error().message + " instead of " + message
               : "";
  }
  if (!rendered) return rendered.error().message;
  if (wanted.contains("sha256")) {
    const std::string hash = Sha256Hex(rendered->utf8).substr(0, 16);
    return hash == wanted["sha256"] ? "" : "another hash than transformers, of " + rendered->utf8;
  }
  if (rendered->utf8 == wanted) return "";
  const auto text = wanted.get<std::string>();
  const auto [ours, theirs] =
      std::mismatch(rendered->utf8.begin(), rendered->utf8.end(), text.begin(), text.end());
  const auto around = [](const std::string& whole, size_t at) {
    return DumpJson(whole.substr(at - std::min<size_t>(at, 40), 100));
  };
  const auto at = static_cast<size_t>(ours - rendered->utf8.begin());
  return "at byte " + std::to_string(at) + ": " + around(rendered->utf8, at) + " instead of " +
         around(text, at);
}

TEST(ChatTemplateGolden, RendersAsTransformersDoes) {
  const Json conversations = ReadJsonFile(Folder() + "/conversations.json");
  const Json golden = ReadJsonFile(Folder() + "/renderings.json");
  GoldenClock clock(golden["utc"]);
  int compared = 0;
  for (const Json& entry : golden["templates"]) {
    const auto name = entry["template"].get<std::string>();
    const auto source = ReadFile(Folder() + "/" + name + ".jinja");
    ASSERT_TRUE(source);
    const auto parsed = ChatTemplate::Parse(*source, name);
    EXPECT_TRUE(parsed) << parsed.error().message;
    if (!parsed) continue;
    ChatTemplateInput input{.special_tokens = golden["special_tokens"],
                            .variables = entry["variables"],
                            .clock = &clock};
    int different = 0;
    for (size_t i = 0; i < conversations.size(); ++i) {
      input.messages = conversations[i];
      for (const size_t prompt : {0, 1}) {
        input.add_generation_prompt = prompt == 1;
        const auto rendered = parsed->Render(input);
        const std::string difference = Difference(rendered, entry["renderings"][i][prompt]);
        ++compared;
        if (difference.empty()) continue;
        ++different;
        if (different <= 3) ADD_FAILURE() << name << " conversation " << i << ": " << difference;
      }
    }
    EXPECT_EQ(different, 0) << name << ' ' << entry["variables"].dump();
  }
  RecordProperty("compared", compared);
  std::cout << compared << " renderings compared\n";
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace mores::templates
