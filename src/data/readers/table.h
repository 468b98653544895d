// The account of a build: what came in, what was dropped and why, what is left.
#ifndef MORES_DATA_READERS_TABLE_H_
#define MORES_DATA_READERS_TABLE_H_

#include <string>
#include <vector>

#include "base/json.h"
#include "data/item.h"
#include "data/recipe.h"

namespace mores::data {

Json MakeTable(const Recipe& recipe, const std::vector<Item>& items);
// At most 100 columns where names are of ordinary length.
std::string ReadableTable(const Json& table);

}  // namespace mores::data

#endif  // MORES_DATA_READERS_TABLE_H_
