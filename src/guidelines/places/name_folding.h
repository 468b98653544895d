// Names of parts of countries as they are compared: with or without the words that say what kind of
// part it is.
#ifndef MORES_GUIDELINES_PLACES_NAME_FOLDING_H_
#define MORES_GUIDELINES_PLACES_NAME_FOLDING_H_

#include <string>
#include <string_view>

namespace mores::guidelines {

// NameKey of a name; without its kind, "Fujian Province" is "fujian" and "福建省" "福建".
std::string FoldedName(std::string_view name, bool without_kind);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_NAME_FOLDING_H_
