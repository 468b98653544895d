#include "train/recipe.h"

#include <filesystem>

#include "base/toml_fields.h"
#include "train/foreign_fields.h"

namespace mores::train {
namespace {

constexpr NumberRange kLossFraction{.low = 0, .high = 1};

SectionRules SftRules() {
  OptimRecipe adapter;
  adapter.learning_rate = 2e-4;
  adapter.epochs = 3;
  adapter.tokens_per_step = 4096;
  return {.full = {},
          .adapter = adapter,
          .stop_by = {"eval_loss", "eval_label_loss", "eval_accuracy", "eval_auroc",
                      "eval_macro_balanced_accuracy", "eval_mean_token_accuracy"}};
}

void ReadData(TomlFields fields, const std::filesystem::path& folder, Recipe& recipe) {
  fields.Require("train");
  fields.Text("train", recipe.train_path);
  fields.Exclusive("valid_share", "valid");
  fields.Text("valid", recipe.valid_path);
  fields.Number("valid_share", recipe.valid_share, {.low = 0, .high = 0.9});
  fields.Integer("max_length", recipe.max_length, {.low = 2, .high = 1 << 20});
  fields.Choice("turns", {{"all", LearnedTurns::kAll}, {"last", LearnedTurns::kLast}},
                recipe.turns);
  recipe.train_path = ResolvePath(recipe.train_path, folder);
  recipe.valid_path = ResolvePath(recipe.valid_path, folder);
  fields.Finish();
}

void ReadLoss(TomlFields fields, LossRecipe& loss) {
  constexpr NumberRange kWeight{.low = 0, .high = 1000};
  fields.Number("label_weight", loss.label_weight, kWeight);
  fields.Number("category_weight", loss.category_weight, kWeight);
  fields.Number("critique_weight", loss.critique_weight, kWeight);
  fields.Number("prompt_weight", loss.prompt_weight, kWeight);
  fields.Number("prompt_until", loss.prompt_until, kLossFraction);
  loss.prompt_weight_after = fields.Has("prompt_until") ? 0 : loss.prompt_weight;
  fields.Number("prompt_weight_after", loss.prompt_weight_after, kWeight);
  if (fields.Has("prompt_weight_after") && !fields.Has("prompt_until")) {
    fields.Refuse("prompt_weight_after", "needs prompt_until");
  }
  const bool category = fields.Has("category_weight") && loss.category_weight > 0;
  if (loss.label_weight == 0 && loss.critique_weight == 0 && !category) {
    fields.Refuse("label_weight", "is 0 and critique_weight too: nothing of a reply is learned");
  }
  fields.Choice("normalise",
                {{Name(Normalise::kTokens), Normalise::kTokens},
                 {Name(Normalise::kExample), Normalise::kExample}},
                loss.normalise);
  fields.Number("label_smoothing", loss.label_smoothing, {.low = 0, .high = 0.5});
  fields.Choice("smooth",
                {{Name(SmoothedLabels::kModel), SmoothedLabels::kModel},
                 {Name(SmoothedLabels::kAll), SmoothedLabels::kAll}},
                loss.smooth);
  if (fields.Has("smooth") && loss.label_smoothing == 0) {
    fields.Refuse("smooth", "needs label_smoothing");
  }
  fields.Finish();
}

}  // namespace

Expected<Recipe> ReadRecipe(const std::string& path, const std::string& data_directory) {
  MORES_ASSIGN_OR_RETURN(TomlFields fields, TomlFields::Read(path));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  fields.Explain(SftForeignFields());
  Recipe recipe;
  fields.Require("data");
  ReadData(fields.Table("data"),
           data_directory.empty() ? folder : std::filesystem::path(data_directory), recipe);
  ReadTrainingSections(fields, folder, SftRules(), recipe);
  ReadLoss(fields.Table("loss"), recipe.loss);
  if (recipe.run.eval_every > 0 && recipe.valid_path.empty() && recipe.valid_share == 0) {
    fields.Refuse("run", "its eval_every needs data.valid, or a data.valid_share above 0");
  }
  fields.Finish();
  MORES_RETURN_IF_ERROR(fields.status());
  return recipe;
}

Json RecipeFingerprint(const Recipe& recipe) {
  Json json = SectionsFingerprint(recipe);
  if (recipe.max_length > 0) json["data"]["max_length"] = recipe.max_length;
  if (recipe.turns == LearnedTurns::kLast) json["data"]["turns"] = "last";
  json["loss"] = {{"label_weight", recipe.loss.label_weight},
                  {"critique_weight", recipe.loss.critique_weight},
                  {"prompt_weight", recipe.loss.prompt_weight},
                  {"prompt_until", recipe.loss.prompt_until},
                  {"prompt_weight_after", recipe.loss.prompt_weight_after}};
  const LossRecipe& loss = recipe.loss;
  if (loss.category_weight != 1) json["loss"]["category_weight"] = loss.category_weight;
  if (loss.normalise != Normalise::kTokens) json["loss"]["normalise"] = Name(loss.normalise);
  if (loss.label_smoothing > 0) {
    json["loss"]["label_smoothing"] = loss.label_smoothing;
    json["loss"]["smooth"] = Name(loss.smooth);
  }
  return json;
}

}  // namespace mores::train
