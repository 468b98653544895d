// Any file: ReadRecipe gives a recipe that training can follow, or one line that says why.
#include "base/check.h"
#include "base/json.h"
#include "support/base/fuzz_input.h"
#include "train/recipe.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const mores::FuzzFile file(mores::FuzzBytes(data, size));
  const auto recipe = mores::train::ReadRecipe(file.path(), "");
  if (!recipe) {
    MORES_CHECK(recipe.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(recipe->optim.tokens_per_step > 0);
  MORES_CHECK(recipe->optim.learning_rate > 0);
  if (recipe->from.empty()) {
    MORES_CHECK(recipe->model.layers > 0 && recipe->model.hidden_dim > 0);
    MORES_CHECK(recipe->model.query_heads % recipe->model.kv_heads == 0);
  }
  (void)mores::DumpJson(mores::train::RecipeFingerprint(*recipe));
  return 0;
}
