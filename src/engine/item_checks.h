// Whether an item can be computed, and whether what came of it are numbers.
#ifndef MORES_ENGINE_ITEM_CHECKS_H_
#define MORES_ENGINE_ITEM_CHECKS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "model/config.h"

namespace mores::engine {

// kInput for ids outside of the vocabulary.
inline Status CheckIds(const model::ModelConfig& config, std::span<const int32_t> ids) {
  for (const int32_t id : ids) {
    if (id < 0 || id >= config.vocab_size) {
      return MakeError(ErrorKind::kInput, "token id {} is outside of the vocabulary of {}", id,
                       config.vocab_size);
    }
  }
  return {};
}

// kInput for a prompt that is empty, has such ids, or with `further` tokens is too long.
inline Status CheckPrompt(const model::ModelConfig& config, std::span<const int32_t> prompt,
                          int64_t further) {
  if (prompt.empty()) return MakeError(ErrorKind::kInput, "the prompt has no tokens");
  const int64_t length = static_cast<int64_t>(prompt.size()) + further;
  if (length > config.context_length) {
    return MakeError(ErrorKind::kInput, "{} tokens are more than the model's context of {}", length,
                     config.context_length);
  }
  return CheckIds(config, prompt);
}

// The same of a prompt and what is given after it, of which all tokens are computed but `spared`.
inline Status CheckContinuation(const model::ModelConfig& config, const ScoreItem& item,
                                int64_t spared) {
  MORES_RETURN_IF_ERROR(
      CheckPrompt(config, item.prompt, static_cast<int64_t>(item.continuation.size()) - spared));
  MORES_RETURN_IF_ERROR(CheckIds(config, item.continuation));
  if (item.continuation.empty()) {
    return MakeError(ErrorKind::kInput, "the completion has no tokens");
  }
  return {};
}

template <class T>
bool AnyNaN(const std::vector<T>& values) {
  return std::any_of(values.begin(), values.end(), [](T value) { return std::isnan(value); });
}
inline tl::unexpected<Error> NotNumbers() {
  return MakeError(ErrorKind::kCorrupt, "the model's numbers are none: its weights are broken");
}

}  // namespace mores::engine

#endif  // MORES_ENGINE_ITEM_CHECKS_H_
