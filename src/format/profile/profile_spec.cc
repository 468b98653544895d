#include "format/profile/profile_spec.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "base/json_fields.h"
#include "base/strings.h"
#include "format/profile/shipped_profiles.h"

namespace mores::format {
namespace {

using text::Language;

constexpr int kVersion = 1;
constexpr std::array kLanguages = {Language::kEnglish, Language::kChinese, Language::kOther};
constexpr size_t kMaxLabels = 64;

// `field` of `json` by language, or one value for all: calls read(value, where) and returns what it
// gives for each language; `other` is as `en` where it isn't there.
template <class T, class Read>
Expected<std::map<Language, T>> ByLanguage(const Json& json, const std::string& where,
                                           const Read& read) {
  std::map<Language, T> all;
  const bool split = json.is_object() && json.contains("en");
  for (const Language language : kLanguages) {
    const std::string name(text::Name(language));
    const Json* value = &json;
    std::string at = where;
    if (split) {
      const std::string key = json.contains(name) ? name : "en";
      value = &json[key];
      at += ": " + key;
    }
    MORES_ASSIGN_OR_RETURN(all[language], read(*value, at));
  }
  return all;
}

Expected<LabelChoice> ReadLabel(const Json& json, const std::string& where) {
  MORES_RETURN_IF_ERROR(RequireObject(json, where, ErrorKind::kCorrupt));
  const JsonFields fields(json, where, ErrorKind::kCorrupt);
  LabelChoice label;
  MORES_ASSIGN_OR_RETURN(label.text, fields.RequiredString("text"));
  if (label.text.empty()) return fields.Wrong("text", "empty");
  MORES_ASSIGN_OR_RETURN(label.means, fields.Choice("means", {Label::kSafe, Label::kUnsafe}));
  if (fields.Has("ends")) {
    MORES_ASSIGN_OR_RETURN(label.ends, fields.Flag("ends"));
  }
  return label;
}

Expected<CategoryChoice> ReadCategory(const JsonFields& fields) {
  CategoryChoice category;
  MORES_ASSIGN_OR_RETURN(category.text, fields.RequiredString("text"));
  if (Trim(category.text, " ") != category.text || category.text.empty() ||
      category.text.find('\n') != std::string::npos) {
    return fields.Wrong("text", "must be words of one line, without spaces around them");
  }
  MORES_ASSIGN_OR_RETURN(const std::string means, fields.RequiredString("means"));
  const std::optional<Category> known = ParseCategory(means);
  if (!known) {
    std::vector<std::string_view> names;
    for (const Category one : AllCategories()) names.push_back(Name(one));
    return fields.Wrong("means", fmt::format("must be one of {}", fmt::join(names, ", ")));
  }
  category.means = *known;
  return category;
}

// The categories that a reply may name, and what must be so that they have a line of their own.
Status ReadCategories(const JsonFields& fields, ReplyForm& form) {
  MORES_ASSIGN_OR_RETURN(const std::vector<JsonFields> listed, fields.Objects("categories"));
  if (!fields.Has("categories")) return {};
  if (listed.size() < 2) return fields.Wrong("categories", "must be two or more");
  for (const JsonFields& one : listed) {
    MORES_ASSIGN_OR_RETURN(CategoryChoice category, ReadCategory(one));
    for (const CategoryChoice& other : form.categories) {
      if (other.text == category.text) return one.Wrong("text", "is there twice");
      if (other.means == category.means) return one.Wrong("means", "is there twice");
    }
    form.categories.push_back(std::move(category));
  }
  if (!form.category || Trim(*form.category, " ").empty()) {
    return fields.Wrong("category", "must say what the line of a category begins with");
  }
  if (!form.after.starts_with('\n')) {
    return fields.Wrong("after", "must begin with a line break: a category has its own line");
  }
  int unsafe = 0;
  for (const LabelChoice& label : form.labels) {
    if (label.means != Label::kUnsafe) continue;
    ++unsafe;
    if (label.ends) return fields.Wrong("categories", "can't follow a label that ends the reply");
  }
  if (unsafe != 1) return fields.Wrong("categories", "can follow one label that means unsafe");
  return {};
}

Expected<ReplyForm> ReadReply(const Json& json, const std::string& where) {
  MORES_RETURN_IF_ERROR(RequireObject(json, where, ErrorKind::kCorrupt));
  const JsonFields fields(json, where, ErrorKind::kCorrupt);
  ReplyForm form;
  MORES_ASSIGN_OR_RETURN(form.before, fields.OptionalString("before"));
  MORES_ASSIGN_OR_RETURN(form.after, fields.RequiredString("after"));
  if (fields.Has("category")) {
    MORES_ASSIGN_OR_RETURN(form.category, fields.RequiredString("category"));
  }
  const Json* labels = fields.Find("labels");
  if (labels == nullptr || !labels->is_array() || labels->size() > kMaxLabels) {
    return fields.Wrong("labels", "must be a list of labels");
  }
  bool safe = false, unsafe = false;
  for (const Json& value : *labels) {
    MORES_ASSIGN_OR_RETURN(LabelChoice label, ReadLabel(value, fmt::format("{}: labels[{}]", where,
                                                                           form.labels.size())));
    for (const LabelChoice& other : form.labels) {
      if (other.text == label.text) return fields.Wrong("labels", "one is there twice");
    }
    (label.means == Label::kSafe ? safe : unsafe) = true;
    form.labels.push_back(std::move(label));
  }
  if (!safe || !unsafe) return fields.Wrong("labels", "must state both safe and unsafe");
  MORES_RETURN_IF_ERROR(ReadCategories(fields, form));
  return form;
}

Expected<std::vector<AskedTurn>> ReadTurns(const Json& json, const std::string& where) {
  std::vector<AskedTurn> turns;
  const JsonFields list(json, where, ErrorKind::kCorrupt);
  if (!json.is_array() || json.empty()) return list.Wrong("turns", "must be a list of turns");
  for (const Json& value : json) {
    const std::string at = fmt::format("{}: turns[{}]", where, turns.size());
    MORES_RETURN_IF_ERROR(RequireObject(value, at, ErrorKind::kCorrupt));
    const JsonFields fields(value, at, ErrorKind::kCorrupt);
    AskedTurn turn;
    MORES_ASSIGN_OR_RETURN(turn.role, fields.RequiredString("role"));
    MORES_ASSIGN_OR_RETURN(turn.content, fields.OptionalString("content"));
    MORES_ASSIGN_OR_RETURN(turn.file, fields.OptionalString("file"));
    if (turn.content.empty() == turn.file.empty()) {
      return fields.Wrong("content", "either it or 'file' must be there");
    }
    if (turn.file.find('/') != std::string::npos) {
      return fields.Wrong("file", "must be a plain file name");
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

Expected<Headings> ReadHeadings(const Json& json, const std::string& where) {
  MORES_RETURN_IF_ERROR(RequireObject(json, where, ErrorKind::kCorrupt));
  const JsonFields fields(json, where, ErrorKind::kCorrupt);
  Headings headings;
  MORES_ASSIGN_OR_RETURN(headings.rules, fields.OptionalString("rules"));
  MORES_ASSIGN_OR_RETURN(headings.guideline, fields.OptionalString("guideline"));
  return headings;
}

Status ReadAsk(const JsonFields& fields, ProfileSpec& spec) {
  MORES_ASSIGN_OR_RETURN(const std::string form, fields.RequiredString("form"));
  if (form == "dialogue") {
    spec.ask = ProfileSpec::Ask::kDialogue;
  } else if (form == "turns" || form == "text") {
    spec.ask = form == "text" ? ProfileSpec::Ask::kText : ProfileSpec::Ask::kTurns;
    MORES_ASSIGN_OR_RETURN(const Json* const turns, fields.Required("turns"));
    MORES_ASSIGN_OR_RETURN(spec.turns,
                           ByLanguage<std::vector<AskedTurn>>(*turns, fields.where(), ReadTurns));
    for (const auto& [_, list] : spec.turns) {
      if (form == "text" && list.size() != 1) return fields.Wrong("turns", "a text is one turn");
    }
  } else {
    return fields.Wrong("form", "must be \"dialogue\", \"turns\" or \"text\"");
  }
  spec.roles = {{"system", "System"}, {"user", "User"}, {"assistant", "Assistant"}};
  MORES_ASSIGN_OR_RETURN(const std::optional<JsonFields> names, fields.Object("roles"));
  for (auto& [role, name] : spec.roles) {
    if (!names || !names->Has(role.c_str())) continue;
    MORES_ASSIGN_OR_RETURN(name, names->RequiredString(role.c_str()));
  }
  const Json none = Json::object();
  const Json* const headings = fields.Find("headings");
  MORES_ASSIGN_OR_RETURN(spec.headings,
                         ByLanguage<Headings>(headings == nullptr ? none : *headings,
                                              fields.where() + ": headings", ReadHeadings));
  MORES_ASSIGN_OR_RETURN(const std::optional<JsonFields> variables, fields.Object("variables"));
  if (variables) spec.variables = variables->object();
  return {};
}

}  // namespace

Expected<ProfileSpec> ParseProfileSpec(const Json& json, std::string_view where) {
  MORES_RETURN_IF_ERROR(RequireObject(json, where, ErrorKind::kCorrupt));
  const JsonFields fields(json, where, ErrorKind::kCorrupt);
  const Json* version = fields.Find("version");
  if (version == nullptr || *version != kVersion) {
    return fields.Wrong("version", fmt::format("must be {}", kVersion));
  }
  ProfileSpec spec;
  spec.canonical = DumpJson(json);
  MORES_ASSIGN_OR_RETURN(spec.name, fields.RequiredString("name"));
  if (spec.name.empty()) return fields.Wrong("name", "empty");
  MORES_ASSIGN_OR_RETURN(spec.source, fields.OptionalString("source"));
  MORES_ASSIGN_OR_RETURN(const JsonFields ask, fields.RequiredObject("ask"));
  MORES_RETURN_IF_ERROR(ReadAsk(ask, spec));
  MORES_ASSIGN_OR_RETURN(const Json* const reply, fields.Required("reply"));
  MORES_ASSIGN_OR_RETURN(spec.reply,
                         ByLanguage<ReplyForm>(*reply, fmt::format("{}: reply", where), ReadReply));
  return spec;
}

Expected<ProfileSpec> ReadProfileSpec(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const Expected<Json> json = ParseJson(text, path);
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  return ParseProfileSpec(*json, path);
}

namespace {

struct Shipped {
  std::string_view name, text;
};
std::vector<Shipped> AllShipped() {
  return {{"llama-guard-3", kLlamaGuard3},
          {"mores-small", kMoresSmall},
          {"plain-label", kPlainLabel},
          {"qwen3guard", kQwen3Guard},
          {"qwen3guard-loose", kQwen3GuardLoose},
          {"safety-j", kSafetyJ},
          {"shieldlm", kShieldLm}};
}

}  // namespace

std::vector<std::string> ShippedProfiles() {
  std::vector<std::string> names;
  for (const Shipped& profile : AllShipped()) names.emplace_back(profile.name);
  return names;
}

std::optional<std::string_view> ShippedProfile(std::string_view name) {
  for (const Shipped& profile : AllShipped()) {
    if (profile.name == name) return profile.text;
  }
  return std::nullopt;
}

}  // namespace mores::format
