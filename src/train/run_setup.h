// What training starts from, opened: a model or none, its tokenizer, how it is asked, and what of
// it is trained.
#ifndef MORES_TRAIN_RUN_SETUP_H_
#define MORES_TRAIN_RUN_SETUP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/threads.h"
#include "format/profile/judge_profile.h"
#include "model/model_source.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"
#include "train/checkpoint.h"
#include "train/recipe_sections.h"
#include "train/trainable.h"

namespace mores::train {

// Finds the path of a model that is named and isn't there as a path.
using FindModelByName = std::function<Expected<std::string>(const std::string& name)>;

// Filled by the functions below, in their order. `recipe` must outlive it.
struct RunSetup {
  std::string recipe_file;  // for errors
  const TrainingRecipe& recipe;
  ThreadPool& pool;

  std::string start_path;                           // of the model, or of the tokenizer's; or ""
  std::shared_ptr<const model::ModelSource> start;  // null: random weights
  text::ModelTexts texts;
  std::optional<format::JudgeConfig> start_judge;  // of a model that is a judge
  std::unique_ptr<format::JudgeProfile> profile;   // null where none can be asked
  std::map<std::string, std::string> profile_files;
  std::string profile_name;
  std::unique_ptr<model::Adapter> adapter;  // what is trained starts as this; null: every weight
  CheckpointFiles tokenizer_files;          // that go with the model; none with an adapter
  std::unique_ptr<text::Tokenizer> tokenizer;
  std::unique_ptr<Trainable> trainable;
  format::JudgeConfig judge;

  tl::unexpected<Error> Refuse(const char* field, std::string_view problem,
                               ErrorKind kind = ErrorKind::kInput) const {
    return MakeError(kind, "{}: field '{}': {}", recipe_file, field, problem);
  }
};

// Opens what training starts from, without loading weights: the base must be there, an adapter must
// be for it, its targets too.
Status OpenStart(const FindModelByName& find_model, RunSetup& setup);
// The recipe's profile, else the model's own; else ours, where the tokenizer is trained here or
// knows its tokens, or that of chat models that nobody trained as judges. `need`: whether it is an
// error that there is none.
enum class ProfileNeed { kRequired, kOptional };
Status OpenProfile(ProfileNeed need, RunSetup& setup);
// What of it is the run's fingerprint: all that shapes numbers, tokens and prompts. REQUIRES:
// OpenProfile.
Expected<Json> StartFingerprint(const RunSetup& setup);
// Those given, which lie in `folder` afterwards, or the start's.
Status OpenTokenizer(const CheckpointFiles* given, const std::string& folder, RunSetup& setup);
// Why messages can't be learned by what training starts from, "" where they can: it has no chat
// template, or that of our own judges, which asks for a verdict and no reply. REQUIRES: OpenStart.
std::string NoReplies(const RunSetup& setup);
// Loads it, or makes random weights.
Status MakeTrainable(RunSetup& setup);
// Context and lengths, checked against what can be trained. REQUIRES: a trainable.
Status MakeJudgeConfig(RunSetup& setup);

}  // namespace mores::train

#endif  // MORES_TRAIN_RUN_SETUP_H_
