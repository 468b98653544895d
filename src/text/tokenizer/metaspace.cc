#include "text/tokenizer/metaspace.h"

#include "text/utf8.h"

namespace mores::text {

Expected<Metaspace> Metaspace::From(const Component& component) {
  Metaspace result;
  MORES_ASSIGN_OR_RETURN(const char32_t replacement, component.Character("replacement"));
  AppendCharacter(replacement, result.replacement);
  MORES_ASSIGN_OR_RETURN(result.split, component.Bool("split", /*otherwise=*/true));
  MORES_ASSIGN_OR_RETURN(const std::string scheme, component.String("prepend_scheme", "always"));
  if (scheme == "first") {
    result.prepend = Prepend::kFirst;
  } else if (scheme == "never") {
    result.prepend = Prepend::kNever;
  } else if (scheme != "always") {
    return component.Corrupt("prepend_scheme", "'always', 'first' or 'never'");
  }
  // The field of files older than the scheme.
  MORES_ASSIGN_OR_RETURN(const bool add, component.Bool("add_prefix_space", /*otherwise=*/true));
  if (!add && result.prepend != Prepend::kNever) {
    if (component.Has("prepend_scheme")) {
      return component.Corrupt("add_prefix_space", "what prepend_scheme says");
    }
    result.prepend = Prepend::kNever;
  }
  return result;
}

}  // namespace mores::text
