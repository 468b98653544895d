// Regular expressions over the names of a model's modules, as adapter_config.json has them: in the
// syntax of Python's `re`.
#ifndef MORES_MODEL_ADAPTER_MODULE_PATTERN_H_
#define MORES_MODEL_ADAPTER_MODULE_PATTERN_H_

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::model {

// Immutable; safe to share between threads.
class ModulePattern {
 public:
  // Of a whole name. kCorrupt, with `where`, for what is no expression of Python's.
  static Expected<ModulePattern> Whole(std::string_view pattern, std::string_view where);
  // Of the end of a name: all of it, or what stands behind any of its dots.
  static Expected<ModulePattern> End(std::string_view pattern, std::string_view where);

  ModulePattern(ModulePattern&&) noexcept;
  ModulePattern& operator=(ModulePattern&&) noexcept;
  ~ModulePattern();

  // kUnsupported where it takes too many steps to tell.
  Expected<bool> Matches(std::string_view name) const;

 private:
  struct Code;
  ModulePattern();
  static Expected<ModulePattern> Compile(std::string_view pattern, const std::string& anchored,
                                         std::string_view where);
  std::unique_ptr<Code> code_;
  std::string where_, pattern_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_MODULE_PATTERN_H_
