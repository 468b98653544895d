// What fields of other trainers are called in a recipe of ours, or why nothing is called so: for
// the one line that refuses them.
#ifndef MORES_TRAIN_FOREIGN_FIELDS_H_
#define MORES_TRAIN_FOREIGN_FIELDS_H_

#include <span>

#include "base/toml_fields.h"

namespace mores::train {

// Of a recipe of `mores train sft`, and of one of `mores train preference`: those of the other
// command are among them.
std::span<const TomlHint> SftForeignFields();
std::span<const TomlHint> PreferenceForeignFields();

}  // namespace mores::train

#endif  // MORES_TRAIN_FOREIGN_FIELDS_H_
