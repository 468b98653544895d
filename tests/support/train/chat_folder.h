// For tests: the folder of a chat model without weights: one of the tokenizers and one of the
// templates that tests/golden has, with special tokens of the test's.
#ifndef MORES_SUPPORT_TRAIN_CHAT_FOLDER_H_
#define MORES_SUPPORT_TRAIN_CHAT_FOLDER_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support/base/test_directory.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::train {

struct ChatFolderParts {
  std::string tokenizer = "qwen2";         // of tests/golden/tokenizers
  std::string chat_template = "chatml_like";  // of tests/golden/chat_templates, or a template's text
  std::string bos, eos;
  std::vector<std::string> special = {};  // further special tokens
};

class ChatFolder {
 public:
  explicit ChatFolder(const ChatFolderParts& parts) {
    const std::string golden = MORES_SOURCE_DIR "/tests/golden/";
    Json json = *ParseJson(*ReadFile(golden + "tokenizers/" + parts.tokenizer + "/tokenizer.json"),
                           "tokenizer");
    int id = 0;
    for (const Json& added : json["added_tokens"]) id = std::max(id, added["id"].get<int>() + 1);
    id = std::max(id, static_cast<int>(json["model"]["vocab"].size()));
    for (const std::string& token : parts.special) {
      json["added_tokens"].push_back({{"id", id++},
                                      {"content", token},
                                      {"single_word", false},
                                      {"lstrip", false},
                                      {"rstrip", false},
                                      {"normalized", false},
                                      {"special", true}});
    }
    EXPECT_TRUE(WriteFileAtomically(path() + "/tokenizer.json", DumpJson(json)));
    const bool named = parts.chat_template.ends_with("_like");
    const std::string source =
        named ? *ReadFile(golden + "chat_templates/" + parts.chat_template + ".jinja")
              : parts.chat_template;
    Json config = {{"chat_template", source}};
    if (!parts.bos.empty()) config["bos_token"] = parts.bos;
    if (!parts.eos.empty()) config["eos_token"] = parts.eos;
    EXPECT_TRUE(WriteFileAtomically(path() + "/tokenizer_config.json", DumpJson(config)));
    texts_ = text::ReadModelTexts(path());
    Expected<std::unique_ptr<text::Tokenizer>> loaded = text::LoadTokenizer(path());
    EXPECT_TRUE(loaded) << loaded.error().message;
    tokenizer_ = *std::move(loaded);
  }

  const std::string& path() const { return directory_.path(); }
  const text::ModelTexts& texts() const { return texts_; }
  const text::Tokenizer& tokenizer() const { return *tokenizer_; }
  std::string Show(std::span<const int32_t> ids) const {
    return tokenizer_->DecodeWith(ids, {.special = text::SpecialTokens::kKeep});
  }

 private:
  TestDirectory directory_;
  text::ModelTexts texts_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
};

inline ChatFolderParts ChatMl() {
  return {.tokenizer = "qwen2", .chat_template = "chatml_like", .eos = "<|im_end|>"};
}
inline ChatFolderParts Llama3() {
  return {.tokenizer = "llama3",
          .chat_template = "llama3_like",
          .bos = "<|begin_of_text|>",
          .eos = "<|eot_id|>",
          .special = {"<|start_header_id|>", "<|end_header_id|>"}};
}
inline ChatFolderParts Llama2() {
  return {.tokenizer = "llama2_metaspace",
          .chat_template =
              "{% for m in messages %}{% if m.role == 'user' %}"
              "{{ bos_token + '[INST] ' + m.content + ' [/INST]' }}{% else %}"
              "{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}",
          .bos = "<s>",
          .eos = "</s>"};
}
inline ChatFolderParts Gemma() {
  return {.tokenizer = "llama2_metaspace",
          .chat_template = "gemma_like",
          .bos = "<s>",
          .eos = "</s>",
          .special = {"<start_of_turn>", "<end_of_turn>"}};
}

}  // namespace mores::train

#endif  // MORES_SUPPORT_TRAIN_CHAT_FOLDER_H_
