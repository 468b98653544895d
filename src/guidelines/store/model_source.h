// What a guideline names as its source where a language model wrote it: the model and the prompt.
// It isn't a source in the sense of evidence, carries no licence, and is never redistributable.
#ifndef MORES_GUIDELINES_STORE_MODEL_SOURCE_H_
#define MORES_GUIDELINES_STORE_MODEL_SOURCE_H_

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "guidelines/store/guideline.h"

namespace mores::guidelines {

inline constexpr std::string_view kModelAddress = "model:";

// `task`: "guideline_generation"; `task_hash`: of the task with its instructions.
inline Source ModelSource(std::string_view model, std::string_view task,
                          std::string_view task_hash) {
  return {.title = fmt::format("{} {}", task, task_hash),
          .publisher = std::string(model),
          .address = fmt::format("{}{}", kModelAddress, model)};
}

inline bool IsModelSource(const Source& source) {
  return source.address.starts_with(kModelAddress);
}

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_STORE_MODEL_SOURCE_H_
