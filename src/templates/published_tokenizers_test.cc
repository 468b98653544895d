// Tokenizers and chat templates of published models against the tokenizers library and transformers
// (tools/goldens/published_tokenizers.py says what tests/golden/published_tokenizers holds).
// scripts/check-published-tokenizers fetches the models' files; what isn't there is skipped.
// MORES_PUBLISHED_GOLDENS names another folder of goldens, such as one made with --full.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/json_lines.h"
#include "templates/chat_template.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::templates {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::string GoldensFolder() {
  const std::string named = Environment("MORES_PUBLISHED_GOLDENS");
  return named.empty() ? MORES_SOURCE_DIR "/tests/golden/published_tokenizers" : named;
}

// Where the script leaves them, by the same rule.
std::string ModelsFolder() {
  const std::string named = Environment("MORES_PUBLISHED_TOKENIZERS");
  if (!named.empty()) return named;
  const std::string cache = Environment("XDG_CACHE_HOME");
  return (cache.empty() ? Environment("HOME") + "/.cache" : cache) + "/mores/published-tokenizers";
}

std::vector<std::string> PublishedNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(GoldensFolder())) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".json" && path.stem() != "conversations") names.push_back(path.stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string BytesOfHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::string Joined(const std::vector<int32_t>& ids) {
  std::string text;
  for (const int32_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  return text + "\n";
}

class GoldenTime : public FakeClock {
 public:
  explicit GoldenTime(std::string utc) : utc_(std::move(utc)) {}
  std::string UtcTimestamp() override { return utc_; }

 private:
  std::string utc_;
};

class PublishedTokenizers : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    folder_ = ModelsFolder() + "/" + GetParam();
    if (!FileExists(folder_ + "/tokenizer.json")) {
      GTEST_SKIP() << "skipped: no " << folder_
                   << "/tokenizer.json; scripts/check-published-tokenizers fetches it";
    }
    golden_ = ReadGolden(GetParam() + ".json");
  }

  static Json ReadGolden(const std::string& name) {
    const std::string path = GoldensFolder() + "/" + name;
    const auto bytes = ReadFile(path);
    const auto json = ParseJson(bytes.value_or(""), path);
    EXPECT_TRUE(json) << json.error().message;
    return json.value_or(Json());
  }

  // What a golden entry says of the text: its hash, or all of it.
  void ExpectGolden(const std::string& text, const Json& entry, const std::string& what) {
    const std::string wanted = entry;
    const bool full = golden_["full"];
    const std::string have = full ? text : Sha256Hex(text).substr(0, wanted.size());
    if (have == wanted || ++differences_ > 20) return;
    ADD_FAILURE() << what << "\n  have " << DumpJson(full ? have : text) << "\n  want "
                  << DumpJson(wanted);
  }

  std::string folder_;
  Json golden_;
  int differences_ = 0;
};

std::string RecordOf(const text::Tokenizer& tokenizer, const std::string& bytes) {
  const std::vector<int32_t> whole = tokenizer.EncodeWithSpecialTokens(bytes);
  return Joined(tokenizer.Encode(bytes)) + Joined(tokenizer.EncodeMarked({.utf8 = bytes})) +
         Joined(whole) + tokenizer.Decode(whole) + "\n" +
         tokenizer.DecodeWith(whole, {.special = text::SpecialTokens::kKeep}) + "\n";
}

TEST_P(PublishedTokenizers, GiveTheIdsAndTextOfTheLibrary) {
  const auto tokenizer = text::LoadTokenizer(folder_);
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  std::vector<std::string> records;
  ASSERT_TRUE(
      ForEachJsonLine(GoldensFolder() + "/lines.jsonl", {}, [&](const JsonLine& line) -> Status {
        const Json& one = line.value;
        const std::string bytes =
            one.contains("hex") ? BytesOfHex(one["hex"]) : one["text"].get<std::string>();
        records.push_back(RecordOf(**tokenizer, bytes));
        return {};
      }));
  const size_t group = golden_["group"];
  ASSERT_EQ((records.size() + group - 1) / group, golden_["lines"].size());
  for (size_t i = 0; i < records.size(); i += group) {
    std::string text;
    for (size_t j = i; j < std::min(i + group, records.size()); ++j) text += records[j];
    ExpectGolden(text, golden_["lines"][i / group], "from line " + std::to_string(i + 1));
  }
  EXPECT_EQ(differences_, 0);
}

TEST_P(PublishedTokenizers, NameTheSpecialTokensOfTransformers) {
  const auto tokens = text::ReadModelTexts(folder_).special_tokens;
  ASSERT_TRUE(tokens) << tokens.error().message;
  std::map<std::string, std::string> wanted;
  for (const auto& [name, token] : golden_["special_tokens"].items()) wanted[name] = token;
  EXPECT_EQ(*tokens, wanted);
}

std::string OutcomeOf(const ChatTemplate& chat_template, const ChatTemplateInput& input) {
  const auto rendered = chat_template.Render(input);
  if (rendered) return "text: " + rendered->utf8;
  constexpr std::string_view kRefused = "the template refuses: ";
  const std::string& message = rendered.error().message;
  const size_t at = message.find(kRefused);
  return at == std::string::npos ? "fails" : "refused: " + message.substr(at + kRefused.size());
}

TEST_P(PublishedTokenizers, RenderConversationsAsTransformersDoes) {
  const auto chat_template = ReadChatTemplate(text::ReadModelTexts(folder_));
  if (golden_["renderings"].is_null()) {
    ASSERT_FALSE(chat_template);
    EXPECT_EQ(chat_template.error().kind, ErrorKind::kMissing);
    return;
  }
  ASSERT_TRUE(chat_template) << chat_template.error().message;
  const Json conversations = ReadGolden("conversations.json");
  GoldenTime clock(golden_["utc"]);
  ChatTemplateInput input{.clock = &clock};
  for (const auto& [name, token] : golden_["special_tokens"].items()) {
    input.special_tokens[name] = token;
  }
  for (const Json& entry : golden_["renderings"]) {
    input.variables = entry["variables"];
    ASSERT_EQ(entry["conversations"].size(), conversations.size());
    for (size_t i = 0; i < conversations.size(); ++i) {
      input.messages = conversations[i];
      input.add_generation_prompt = false;
      const std::string without = OutcomeOf(*chat_template, input);
      input.add_generation_prompt = true;
      ExpectGolden(
          without + "\n" + OutcomeOf(*chat_template, input), entry["conversations"][i],
          "conversation " + DumpJson(input.messages) + " with " + DumpJson(input.variables));
    }
  }
  EXPECT_EQ(differences_, 0);
}

INSTANTIATE_TEST_SUITE_P(Models, PublishedTokenizers, testing::ValuesIn(PublishedNames()),
                         [](const auto& golden) { return golden.param; });

}  // namespace
}  // namespace mores::templates
