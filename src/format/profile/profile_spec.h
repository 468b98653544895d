// A judge profile as a file: how a published judge model is asked and how its reply is read
// (docs/formats/judge-profile.md).
#ifndef MORES_FORMAT_PROFILE_PROFILE_SPEC_H_
#define MORES_FORMAT_PROFILE_PROFILE_SPEC_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/category.h"
#include "format/dialogue.h"
#include "text/language.h"

namespace mores::format {

// A string that states a label, as the reply spells it.
struct LabelChoice {
  std::string text;
  Label means = Label::kSafe;
  bool ends = false;  // the reply ends with it
};

// A category as the reply spells it.
struct CategoryChoice {
  std::string text;
  Category means = Category::kOther;
};

// What the reply looks like in one language: `before`, a label, `after`, and the rest.
struct ReplyForm {
  std::string before, after;
  std::vector<LabelChoice> labels;
  // What the line that names categories begins with, after an unsafe label; empty: the first line.
  std::optional<std::string> category;
  // Where it isn't empty, a line with `category` and one of these stands between the label that
  // means unsafe, of which there is one, and `after`.
  std::vector<CategoryChoice> categories;

  std::string CategoryLead() const { return "\n" + category.value_or(""); }
};

// What stands before rules and before a guideline, where there are any.
struct Headings {
  std::string rules, guideline;
};

// One turn of what the model is asked.
struct AskedTurn {
  std::string role;     // of the chat template: "system", "user" or "assistant"
  std::string content;  // with {query}, {response} and the like in it
  std::string file;  // where the content stands, instead; beside the model or named by the caller
};

struct ProfileSpec {
  enum class Ask {
    kDialogue,  // the dialogue's own turns, by the model's chat template, which holds the question
    kTurns,     // turns of the profile, by the model's chat template
    kText,      // one text as it is, in which special tokens may be spelled outside of the dialogue
  };
  std::string name, source;  // source: who published the format, and where
  Ask ask = Ask::kDialogue;
  std::map<text::Language, std::vector<AskedTurn>> turns;  // kText: one
  std::map<std::string, std::string> roles;                // how {dialogue} names roles
  std::map<text::Language, Headings> headings;
  Json variables = Json::object();  // of the chat template
  std::map<text::Language, ReplyForm> reply;
  std::string canonical;  // the file's content, for the prompt hash
};

// `where` names the file. kCorrupt names the field.
Expected<ProfileSpec> ParseProfileSpec(const Json& json, std::string_view where);
Expected<ProfileSpec> ReadProfileSpec(const std::string& path);

// The profiles that come with mores, by name; nullopt for another name.
std::vector<std::string> ShippedProfiles();
std::optional<std::string_view> ShippedProfile(std::string_view name);

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_PROFILE_SPEC_H_
