// How a judge model is asked and how its reply is read (docs/formats/judge-profile.md): our own
// `mores-label-first`, or a profile from a file (format/profile/asked_profile.h).
#ifndef MORES_FORMAT_PROFILE_JUDGE_PROFILE_H_
#define MORES_FORMAT_PROFILE_JUDGE_PROFILE_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "format/dialogue.h"
#include "format/profile/profile_spec.h"
#include "text/language.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::format {

// A prompt as pieces, so that text from a dialogue can never become a special token.
struct PromptPiece {
  enum class Kind { kSpecial, kText };
  Kind kind;
  std::string value;  // the special token's name, or UTF-8 text
};

struct RenderedPrompt {
  std::vector<PromptPiece> pieces;
};

// Encodes pieces in order. kUnsupported if the tokenizer lacks a special token.
Expected<std::vector<int32_t>> EncodePrompt(const RenderedPrompt& prompt,
                                            const text::Tokenizer& tokenizer);

// The continuation strings that state each label, in one language.
struct LabelStrings {
  std::string safe;
  std::string unsafe;
};

// The fewest tokens that a prompt may be given room for.
inline constexpr int kShortestPrompt = 16;

struct PromptTokens {
  std::vector<int32_t> ids;
  bool truncated = false;  // something of the turns or of the guideline is left out
};

// What a reply says of the label. kUnparsed, and no place, when it states neither.
struct StatedLabel {
  Label label = Label::kUnparsed;
  size_t offset =
      std::string_view::npos;  // byte of the reply where the label begins, the last time
  std::string_view rest;       // of the reply, after the label and what follows it
  bool decorated = false;      // in bold, in quotes, with marks around it
  bool in_doubt = false;       // two labels that differ, or one that is taken back
};

class JudgeProfile {
 public:
  virtual ~JudgeProfile() = default;
  virtual std::string_view name() const = 0;
  // SHA-256 over everything that shapes the prompt.
  virtual std::string prompt_hash() const = 0;
  // The first string of the form for each.
  LabelStrings labels(text::Language language) const;
  // How a reply begins: the strings that state a label, and what stands around them.
  virtual const ReplyForm& form(text::Language language) const = 0;
  // Token ids of at most `max_tokens`: when too long, earliest turns go first, then the middle of
  // the query, then the middle of the judged turn is cut; the judged turn always stays. The
  // middle of a guideline goes beyond a quarter of the room. `truncated` says either.
  virtual Expected<PromptTokens> Tokenize(const Dialogue& dialogue,
                                          const text::Tokenizer& tokenizer,
                                          int max_tokens) const = 0;
  // The categories that the rest of a reply names, after the label, whichever it is: "S1,S10",
  // "Violent, PII".
  virtual std::optional<std::string> Category(std::string_view, Label, text::Language) const {
    return std::nullopt;
  }
  // The critique in the rest of a reply: all of it, but for a line of a category that the form has
  // before.
  virtual std::string_view Critique(std::string_view rest, text::Language) const { return rest; }
  // Whether a prompt has room for the guideline of a dialogue.
  virtual bool shows_guidelines() const { return true; }
  // The completion that training wants: label, newline, critique.
  virtual std::string RenderCompletion(Label label, std::string_view critique,
                                       text::Language language) const = 0;
  // The label that an answer, a reply without its reasoning, states where the profile has it.
  virtual StatedLabel ReadReply(std::string_view reply, text::Language language) const = 0;
  // The dialogue as it is asked by messages, uncut. kUnsupported where the profile needs tokens or
  // one plain text.
  virtual Expected<std::vector<Turn>> Messages(const Dialogue& dialogue) const = 0;
};

// p_unsafe is sigmoid((logit(p) - bias) / temperature) of what the model says.
struct Calibration {
  double temperature = 1, bias = 0;
};

// judge.json of a model directory.
struct JudgeConfig {
  std::string profile = "mores-label-first";  // a name, or the path of a file
  std::string prompt_hash;
  int context_length = 1024;
  int max_critique_tokens = 96;
  bool follows_rules = false;    // trained with rules; absent from the file where it wasn't
  bool uses_guidelines = false;  // trained with guidelines; likewise
  // Label is unsafe when p_unsafe > threshold.
  double threshold_en = 0.5, threshold_zh = 0.5, threshold_other = 0.5;
  double threshold(text::Language language) const;
  std::array<std::optional<Calibration>, 3> calibrations;  // by text::Language
  const std::optional<Calibration>& calibration(text::Language language) const {
    return calibrations[static_cast<size_t>(language)];
  }
  // "bf16", "f32" or "int8": what it is judged in where nobody asks for another precision, since
  // calibration and thresholds were fitted in it. Empty where it doesn't matter.
  std::string precision;
};

// A profile that lies in the model's folder as a file is named by its path there. kMissing where
// the model has none.
Expected<JudgeConfig> ReadJudgeConfig(const text::ModelTexts& model);
// As judge.json has it, for our own profile or for the one that the model was trained with.
Json ToJson(const JudgeConfig& config);
Json ToJson(const JudgeConfig& config, const JudgeProfile& profile);
// {"en":{"temperature","bias"},...} of the languages that have one; an empty object for none.
Json CalibrationJson(const JudgeConfig& config);
Expected<std::unique_ptr<JudgeProfile>> FindJudgeProfile(std::string_view name);

// Special tokens of our own chat format, in vocabulary order from id 3.
std::vector<std::string> OurSpecialTokens();

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_JUDGE_PROFILE_H_
