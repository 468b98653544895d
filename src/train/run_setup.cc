#include "train/run_setup.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "format/profile/asked_profile.h"
#include "model/adapter/adapter.h"
#include "train/output.h"
#include "train/tokenizer_files.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr char kProfileOfChatModels[] = "plain-label";
constexpr int kUsualCritiqueTokens = 96;

bool IsOurs(std::string_view profile) { return profile == format::JudgeConfig().profile; }

// Those that shape its numbers, and those that shape its tokens.
Expected<Json> HashesOf(const model::ModelSource& source, const text::ModelTexts& texts) {
  MORES_ASSIGN_OR_RETURN(const auto files, source.HashFiles());
  MORES_ASSIGN_OR_RETURN(Json hashes, HashTokenizerFiles(texts));
  for (const model::ModelSource::HashedFile& file : files) hashes[file.name] = file.sha256;
  return hashes;
}

Json HashesOf(const model::Adapter& adapter) {
  Json hashes = Json::object();
  for (const model::ModelSource::HashedFile& file : adapter.files) hashes[file.name] = file.sha256;
  return hashes;
}

// Where an error of a lower layer begins with no word of the recipe.
tl::unexpected<Error> RefuseAs(const RunSetup& setup, const char* field, const Error& error) {
  return setup.Refuse(field, error.message, error.kind);
}

// Of a new adapter: layers, targets and patterns that the base doesn't have.
Status CheckAdapterNames(const RunSetup& setup) {
  const model::AdapterConfig& config = setup.recipe.adapter->config;
  const model::ModelConfig& base = setup.start->config();
  if (const Status layers = model::CheckLayers(config, base, "field 'adapter.layers'"); !layers) {
    return MakeError(ErrorKind::kInput, "{}: {}", setup.recipe_file, layers.error().message);
  }
  const auto places = model::PlacesOf(config, base, "field 'adapter.targets'");
  if (!places) {
    return MakeError(ErrorKind::kInput, "{}: {}", setup.recipe_file, places.error().message);
  }
  MORES_ASSIGN_OR_RETURN(const auto unused, model::FindUnusedName(config, base));
  if (unused) return setup.Refuse(("adapter." + unused->field).c_str(), unused->problem);
  return {};
}

// An adapter to go on from, or a new one. kInput where it was trained on another base.
Status OpenAdapterToTrain(RunSetup& setup) {
  const AdapterRecipe& recipe = *setup.recipe.adapter;
  if (recipe.from.empty()) {
    MORES_RETURN_IF_ERROR(CheckAdapterNames(setup));
    auto made = model::NewAdapter(recipe.config, *setup.start,
                                  static_cast<uint64_t>(setup.recipe.run.seed));
    if (!made) return RefuseAs(setup, "adapter", made.error());
    setup.adapter = std::move(*made);
  } else {
    auto opened = model::OpenAdapter(recipe.from, *setup.start);
    if (!opened) return RefuseAs(setup, "adapter.from", opened.error());
    setup.adapter = std::move(*opened);
    // What ReadAdapter says of a new one.
    if (setup.adapter->config.dora && recipe.config.dropout > 0) {
      return setup.Refuse("adapter.dropout", kDoraDropout);
    }
    if (setup.adapter->config.dora && recipe.files == AdapterFiles::kPeftAndGguf) {
      return setup.Refuse("adapter.format", kDoraGguf);
    }
    setup.adapter->config.dropout = recipe.config.dropout;
  }
  std::error_code error;
  // A name stays one: where its files lie differs from machine to machine.
  const bool named = setup.start_path != setup.recipe.from;
  setup.adapter->config.base =
      named ? setup.recipe.from : fs::absolute(setup.start_path, error).lexically_normal().string();
  MORES_ASSIGN_OR_RETURN(setup.adapter->config.base_files, model::BaseFilesOf(*setup.start));
  return {};
}

bool KnowsOurTokens(const text::Tokenizer& tokenizer) {
  const std::vector<std::string> tokens = format::OurSpecialTokens();
  return std::all_of(tokens.begin(), tokens.end(), [&](const std::string& token) {
    return tokenizer.SpecialId(token).has_value();
  });
}

Expected<std::string> ProfileName(const RunSetup& setup) {
  if (!setup.recipe.judge.profile.empty()) return setup.recipe.judge.profile;
  if (setup.start_judge) return setup.start_judge->profile;
  if (setup.start_path.empty()) return format::JudgeConfig().profile;
  Expected<std::unique_ptr<text::Tokenizer>> tokenizer =
      setup.start ? setup.start->LoadTokenizer() : text::LoadTokenizer(setup.start_path);
  if (!tokenizer) return tl::unexpected<Error>(std::move(tokenizer.error()));
  return KnowsOurTokens(**tokenizer) ? format::JudgeConfig().profile : kProfileOfChatModels;
}

Status OpenNamedProfile(const std::string& name, RunSetup& setup) {
  const bool file = name.find('/') != std::string::npos || name.ends_with(".json");
  if (IsOurs(name) || (!file && !format::ShippedProfile(name))) {
    Expected<std::unique_ptr<format::JudgeProfile>> profile = format::FindJudgeProfile(name);
    if (!profile) return setup.Refuse("judge.profile", profile.error().message);
    setup.profile = std::move(*profile);
    return {};
  }
  if (setup.start_path.empty()) {
    return setup.Refuse("judge.profile", fmt::format("'{}' is asked by the tokenizer and the chat "
                                                     "template of a model; give model.from",
                                                     name));
  }
  const format::AskedProfileOptions asked{.model = setup.texts,
                                          .prompt_directory = setup.recipe.judge.prompt_directory};
  MORES_ASSIGN_OR_RETURN(setup.profile, format::OpenJudgeProfile(name, asked));
  MORES_ASSIGN_OR_RETURN(setup.profile_files, format::ProfileFiles(name, asked));
  return {};
}

Status CheckTokenizer(const RunSetup& setup) {
  const model::ModelConfig& config = setup.trainable->config();
  if (config.vocab_size < setup.tokenizer->vocab_size()) {
    return MakeError(ErrorKind::kUnsupported, "{}: the model has {} tokens and its tokenizer {}",
                     setup.start_path, config.vocab_size, setup.tokenizer->vocab_size());
  }
  if (const auto end = setup.tokenizer->eos_id(); end && !config.EndsReply(*end)) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: the tokenizer's end token, {}, does not end a reply by config.json or "
                     "generation_config.json (eos_token_id)",
                     setup.start_path, setup.tokenizer->Piece(*end));
  }
  return {};
}

}  // namespace

Status OpenStart(const FindModelByName& find_model, RunSetup& setup) {
  const TrainingRecipe& recipe = setup.recipe;
  setup.start_path = recipe.from.empty() ? recipe.tokenizer.path : recipe.from;
  const char* field = recipe.from.empty() ? "tokenizer.path" : "model.from";
  std::error_code error;
  if (!recipe.from.empty() && !fs::exists(recipe.from, error) && find_model) {
    Expected<std::string> found = find_model(recipe.from);
    if (!found) return RefuseAs(setup, field, found.error());
    setup.start_path = std::move(*found);
  }
  if (setup.start_path.empty()) return {};
  if (!recipe.adapter && FileExists(setup.start_path)) {
    return setup.Refuse(field,
                        fmt::format("training starts from a folder: mores model convert {} -o "
                                    "FOLDER",
                                    setup.start_path));
  }
  if (recipe.from.empty()) {
    setup.texts = text::ReadModelTexts(setup.start_path);
  } else {
    auto source = model::OpenModel(setup.start_path);
    if (!source) return RefuseAs(setup, field, source.error());
    setup.start = std::move(*source);
    setup.texts = setup.start->Texts();
    if (!setup.texts.judge || *setup.texts.judge) {
      Expected<format::JudgeConfig> judge = format::ReadJudgeConfig(setup.texts);
      if (judge) setup.start_judge = std::move(*judge);
      // Where the recipe says how it is asked, nobody needs what the model says.
      if (!judge && recipe.judge.profile.empty()) return RefuseAs(setup, field, judge.error());
    }
  }
  return recipe.adapter ? OpenAdapterToTrain(setup) : Status();
}

Status OpenProfile(ProfileNeed need, RunSetup& setup) {
  Status opened = [&]() -> Status {
    MORES_ASSIGN_OR_RETURN(setup.profile_name, ProfileName(setup));
    return OpenNamedProfile(setup.profile_name, setup);
  }();
  const bool wanted = setup.recipe.judge.given || setup.start_judge.has_value();
  if (!opened && need == ProfileNeed::kOptional && !wanted) {
    setup.profile.reset();
    return {};
  }
  return opened;
}

Expected<Json> StartFingerprint(const RunSetup& setup) {
  Json json = Json::object();
  if (setup.profile) {
    json["profile"] = setup.profile->name();
    json["prompt_hash"] = setup.profile->prompt_hash();
  }
  if (setup.start) {
    MORES_ASSIGN_OR_RETURN(json["from"], HashesOf(*setup.start, setup.texts));
    if (setup.adapter && !setup.recipe.adapter->from.empty()) {
      json["adapter_from"] = HashesOf(*setup.adapter);
    }
  } else if (!setup.start_path.empty()) {
    MORES_ASSIGN_OR_RETURN(const CheckpointFiles files, ReadTokenizerFiles(setup.start_path));
    for (const auto& [name, bytes] : files) json["tokenizer"][name] = Sha256Hex(bytes);
  }
  return json;
}

Status OpenTokenizer(const CheckpointFiles* given, const std::string& folder, RunSetup& setup) {
  if (setup.adapter) {
    MORES_ASSIGN_OR_RETURN(setup.tokenizer, setup.start->LoadTokenizer());
    return {};
  }
  if (given != nullptr) {
    setup.tokenizer_files = *given;
  } else {
    MORES_ASSIGN_OR_RETURN(setup.tokenizer_files, ReadTokenizerFiles(setup.start_path));
  }
  MORES_ASSIGN_OR_RETURN(setup.tokenizer, OpenTokenizerFiles(setup.tokenizer_files, folder));
  return {};
}

std::string NoReplies(const RunSetup& setup) {
  if (setup.texts.chat_template && !*setup.texts.chat_template) {
    return "the model has no chat template";
  }
  if (setup.start_judge && IsOurs(setup.start_judge->profile)) {
    return "the model only judges: its chat template asks for a verdict, not for a reply";
  }
  return "";
}

Status MakeTrainable(RunSetup& setup) {
  const TrainingRecipe& recipe = setup.recipe;
  if (!setup.start) {
    model::ModelConfig config = recipe.model;
    config.vocab_size = setup.tokenizer->vocab_size();
    config.bos_id = setup.tokenizer->bos_id().value_or(-1);
    config.eos_id = setup.tokenizer->eos_id().value_or(-1);
    setup.trainable = TrainEveryWeight(
        model::TrainableModel::Random(config, static_cast<uint64_t>(recipe.run.seed), setup.pool),
        setup.pool);
    return {};
  }
  if (setup.adapter) {
    MORES_ASSIGN_OR_RETURN(setup.trainable, TrainAdapter(setup.start, *setup.adapter,
                                                         recipe.adapter->files, setup.pool));
  } else {
    MORES_ASSIGN_OR_RETURN(auto model, model::TrainableModel::Load(*setup.start, setup.pool));
    setup.trainable = TrainEveryWeight(std::move(model), setup.pool);
  }
  return CheckTokenizer(setup);
}

Status MakeJudgeConfig(RunSetup& setup) {
  const model::LongestSequence& longest = setup.trainable->longest_sequence();
  const JudgeRecipe& recipe = setup.recipe.judge;
  const int64_t micro_batch_tokens = setup.recipe.optim.micro_batch_tokens;
  format::JudgeConfig& judge = setup.judge;
  if (setup.start_judge) judge = *setup.start_judge;
  // Those it starts from are of other weights.
  judge.calibrations = recipe.calibrations;
  judge.precision = recipe.precision;
  if (setup.profile) {
    judge.profile = setup.profile_files.contains(std::string(format::kModelProfileFile))
                        ? std::string(format::kModelProfileFile)
                        : std::string(setup.profile->name());
    judge.prompt_hash = setup.profile->prompt_hash();
  }
  if (recipe.context_length > 0) {
    judge.context_length = recipe.context_length;
  } else if (!setup.start) {
    judge.context_length = longest.positions;
  } else {
    // A model's own context may be far beyond what anybody's examples need.
    const int64_t own = setup.start_judge ? setup.start_judge->context_length : longest.positions;
    judge.context_length =
        static_cast<int>(std::min({own, int64_t{longest.positions}, micro_batch_tokens}));
  }
  judge.max_critique_tokens = recipe.max_critique_tokens > 0 ? recipe.max_critique_tokens
                              : setup.start_judge ? setup.start_judge->max_critique_tokens
                                                  : kUsualCritiqueTokens;
  if (recipe.threshold_en) judge.threshold_en = *recipe.threshold_en;
  if (recipe.threshold_zh) judge.threshold_zh = *recipe.threshold_zh;
  if (recipe.threshold_other) judge.threshold_other = *recipe.threshold_other;
  if (judge.context_length > setup.trainable->config().context_length) {
    return setup.Refuse(
        "judge.context_length",
        fmt::format("above the model's, {}", setup.trainable->config().context_length));
  }
  if (judge.context_length > longest.positions) {
    return setup.Refuse("judge.context_length",
                        fmt::format("longer sequences than {} would need {}, which can't be "
                                    "trained",
                                    longest.positions, longest.limit));
  }
  if (micro_batch_tokens < judge.context_length) {
    return setup.Refuse("optim.micro_batch_tokens",
                        fmt::format("must be at least the context of {}", judge.context_length));
  }
  return {};
}

}  // namespace mores::train
