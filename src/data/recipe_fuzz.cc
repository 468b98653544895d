// Any text: ParseRecipe gives a recipe with usable bounds, or one line that says why.
#include "base/check.h"
#include "data/recipe.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto recipe = mores::data::ParseRecipe(mores::FuzzBytes(data, size), "fuzz.toml");
  if (!recipe) {
    MORES_CHECK(recipe.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(!recipe->sources.empty());
  MORES_CHECK(recipe->valid_fraction >= 0 && recipe->valid_fraction <= 1);
  MORES_CHECK(recipe->unsafe_share >= 0 && recipe->unsafe_share <= 1);
  MORES_CHECK(recipe->jaccard_permille >= 0 && recipe->jaccard_permille <= 1000);
  return 0;
}
