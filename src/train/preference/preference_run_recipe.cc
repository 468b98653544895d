#include "train/preference/preference_run_recipe.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/toml_fields.h"
#include "train/foreign_fields.h"
#include "train/preference/preference_recipe.h"

namespace mores::train {
namespace {

SectionRules PreferenceRules() {
  OptimRecipe full, adapter;
  full.learning_rate = 1e-6;
  full.tokens_per_step = 8192;
  adapter.learning_rate = 1e-5;
  adapter.tokens_per_step = 8192;
  return {.full = full,
          .adapter = adapter,
          .stop_by = {"eval_loss", "eval_rewards/accuracies", "eval_rewards/margins"},
          .start = SectionRules::Start::kModelOnly};
}

void ReadPreferenceData(TomlFields fields, const std::filesystem::path& recipe_folder,
                        const std::filesystem::path& data_folder, PreferenceRunRecipe& recipe) {
  constexpr NumberRange kTokens{.low = 2, .high = 1 << 20};
  fields.Require("train");
  fields.Text("train", recipe.train_path);
  fields.Exclusive("valid_share", "valid");
  fields.Text("valid", recipe.valid_path);
  fields.Number("valid_share", recipe.valid_share, {.low = 0, .high = 0.9});
  fields.Integer("max_length", recipe.max_length, kTokens);
  fields.Integer("max_completion", recipe.max_completion, kTokens);
  fields.Text("references", recipe.references);
  recipe.train_path = ResolvePath(recipe.train_path, data_folder);
  recipe.valid_path = ResolvePath(recipe.valid_path, data_folder);
  recipe.references = ResolvePath(recipe.references, recipe_folder);
  fields.Finish();
}

}  // namespace

Expected<PreferenceRunRecipe> ReadPreferenceRecipe(const std::string& path,
                                                   const std::string& data_directory) {
  MORES_ASSIGN_OR_RETURN(TomlFields fields, TomlFields::Read(path));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  fields.Explain(PreferenceForeignFields());
  PreferenceRunRecipe recipe;
  fields.Require("data");
  ReadPreferenceData(fields.Table("data"), folder,
                     data_directory.empty() ? folder : std::filesystem::path(data_directory),
                     recipe);
  ReadTrainingSections(fields, folder, PreferenceRules(), recipe);
  TomlFields preference = fields.Table("preference");
  ReadPreferenceLoss(preference, recipe.loss, recipe.told);
  preference.Finish();
  if (recipe.loss.Unpaired() && recipe.run.stop_by != "eval_loss") {
    fields.Refuse("run",
                  fmt::format("its stop_by, '{}', compares pairs, which the loss has none of",
                              recipe.run.stop_by));
  }
  if (recipe.run.eval_every > 0 && recipe.valid_path.empty() && recipe.valid_share == 0) {
    fields.Refuse("run", "its eval_every needs data.valid, or a data.valid_share above 0");
  }
  fields.Finish();
  MORES_RETURN_IF_ERROR(fields.status());
  return recipe;
}

Json RecipeFingerprint(const PreferenceRunRecipe& recipe) {
  Json json = SectionsFingerprint(recipe);
  json["data"] = {{"max_length", recipe.max_length},
                  {"max_completion", recipe.max_completion},
                  {"valid_share", recipe.valid_share}};
  json["preference"] = ToJson(recipe.loss);
  return json;
}

}  // namespace mores::train
