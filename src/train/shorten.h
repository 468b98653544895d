// Prompts that are longer than their room.
#ifndef MORES_TRAIN_SHORTEN_H_
#define MORES_TRAIN_SHORTEN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::train {

// Tokens that a prompt and its completions share: completions may have what the prompt leaves, and
// half of it at least.
size_t PromptRoom(size_t room, size_t longest_completion);

// The messages of a prompt without as many of the earliest turns as must go, behind those that
// instruct; what is left begins with a question, at the latest with the last, and that loses its
// beginning where it is still too long. `tokens` says what a prompt takes. kInput where what stands
// around the last question leaves it no room.
Expected<Json> ShortenPrompt(const Json& messages, size_t room, const text::Tokenizer& tokenizer,
                             const std::function<Expected<size_t>(const Json&)>& tokens);

// The last `room` tokens of a prompt of plain text, its start token kept.
void ShortenText(size_t room, const text::Tokenizer& tokenizer, std::vector<int32_t>& prompt);

}  // namespace mores::train

#endif  // MORES_TRAIN_SHORTEN_H_
