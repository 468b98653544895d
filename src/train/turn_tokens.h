// Conversations in tokens, by a model's chat template, and which of them are learned.
#ifndef MORES_TRAIN_TURN_TOKENS_H_
#define MORES_TRAIN_TURN_TOKENS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "templates/chat_template.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::train {

struct TurnTokens {
  std::vector<int32_t> ids;      // up to the end token of the last learned turn
  std::vector<uint8_t> learned;  // [ids]
  size_t prompt = 0;             // ids before the first learned one

  bool operator==(const TurnTokens&) const = default;
};

struct TurnTokenizerOptions {
  std::string chat_format;       // of templates::ChatFormats(), instead of the model's template
  std::vector<int32_t> end_ids;  // which end a reply of the model; empty: the template says
  int32_t vocab_size = 0;        // of the model; 0: the tokenizer's
};

// Thread-safe.
class TurnTokenizer {
 public:
  // `texts` and `tokenizer` must outlive it. A model without a template, or with one that we can't
  // run, is an error to those alone who have messages.
  TurnTokenizer(const text::ModelTexts& texts, const text::Tokenizer& tokenizer,
                TurnTokenizerOptions options);

  // `messages`, of which `learned` names those that are learned, in order, turns of the assistant;
  // what stands after the last of them isn't rendered. What is learned of each is what the template
  // puts behind the prompt for it, up to and with its end token. kInput (kUnsupported: of the
  // template), with what differs, unless
  // - what the template writes of the messages before a learned turn, with the prompt for it, is
  //   the beginning of what it writes of the whole, as text and in tokens;
  // - it writes all of the texts, tools included;
  // - each learned turn says something, and ends with one end token, once;
  // - no start token stands in a learned turn, nor two at the beginning;
  // - the model has all tokens.
  Expected<TurnTokens> Encode(const Json& messages, std::span<const size_t> learned,
                              const Json& variables) const;
  // The same of plain text: the start token where the tokenizer puts one before a text, the text,
  // the end token. A completion that spells the end token at its end has it once.
  Expected<TurnTokens> EncodeText(std::string_view prompt, std::string_view completion) const;
  // Of texts whose common beginning is `prompt`, which may end inside of a word: then the prompt is
  // the tokens that are the same in all.
  Expected<std::vector<TurnTokens>> EncodeWithCommon(
      std::string_view prompt, std::span<const std::string> completions) const;

  // kUnsupported where the model lacks one.
  Status CheckIds(std::span<const int32_t> ids) const;

 private:
  struct Rendered {
    text::MarkedText text;
    std::vector<int32_t> ids;
  };
  // Where a rendering ends: behind the messages, or where the assistant speaks next.
  enum class RenderedTo { kMessages, kPrompt };

  Expected<Rendered> Render(const Json& messages, size_t count, RenderedTo to,
                            const Json& variables) const;
  Status CheckTexts(const Json& messages, size_t count, const Json& variables,
                    const text::MarkedText& whole) const;
  Status CheckPrompt(size_t turn, const Rendered& prompt, const Rendered& said) const;
  Expected<size_t> EndOfTurn(std::span<const int32_t> turn) const;
  Status CheckStart(const TurnTokens& tokens) const;
  Expected<std::vector<int32_t>> WholeText(std::string_view text) const;
  std::vector<int32_t> Start() const;
  bool IsSpecial(int32_t id) const;
  bool IsBlank(int32_t id) const;
  bool IsEnd(int32_t id) const;

  const text::Tokenizer& tokenizer_;
  TurnTokenizerOptions options_;
  Expected<templates::ChatTemplate> form_;
  Expected<std::map<std::string, std::string>> special_tokens_;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_TURN_TOKENS_H_
