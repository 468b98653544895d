#include "format/profile/profile_spec.h"

#include <array>
#include <utility>

#include "base/files.h"
#include "format/profile/shipped_profiles.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

using text::Language;

constexpr int kVersion = 1;
constexpr std::array kLanguages = {Language::kEnglish, Language::kChinese, Language::kOther};
constexpr size_t kMaxLabels = 64;

// Reads the fields of one object; each error names file and field.
class Reader {
 public:
  Reader(const Json& json, std::string where) : json_(json), where_(std::move(where)) {}

  tl::unexpected<Error> Broken(const std::string& field, std::string_view problem) const {
    return MakeError(ErrorKind::kCorrupt, "{}: field '{}': {}", where_, field, problem);
  }
  const Json* Find(const char* field) const {
    const auto at = json_.find(field);
    return at == json_.end() ? nullptr : &*at;
  }
  Expected<std::string> String(const char* field, bool required = true) const {
    const Json* value = Find(field);
    if (value == nullptr && !required) return std::string();
    if (value == nullptr) return Broken(field, "missing");
    if (!value->is_string()) return Broken(field, "must be a string");
    std::string text = value->get<std::string>();
    if (!text::IsValidUtf8(text)) return Broken(field, "must be UTF-8");
    return text;
  }
  Expected<Reader> Object(const char* field) const {
    const Json* value = Find(field);
    if (value == nullptr) return Broken(field, "missing");
    if (!value->is_object()) return Broken(field, "must be an object");
    return Reader(*value, fmt::format("{}: {}", where_, field));
  }
  const Json& json() const { return json_; }
  const std::string& where() const { return where_; }

 private:
  const Json& json_;
  std::string where_;
};

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
  const Reader reader(json, where);
  if (!json.is_object()) return reader.Broken("labels", "must hold objects");
  LabelChoice label;
  MORES_ASSIGN_OR_RETURN(label.text, reader.String("text"));
  if (label.text.empty()) return reader.Broken("text", "empty");
  MORES_ASSIGN_OR_RETURN(const std::string means, reader.String("means"));
  if (means != "safe" && means != "unsafe") {
    return reader.Broken("means", "must be \"safe\" or \"unsafe\"");
  }
  label.means = means == "safe" ? Label::kSafe : Label::kUnsafe;
  if (const Json* ends = reader.Find("ends")) {
    if (!ends->is_boolean()) return reader.Broken("ends", "must be true or false");
    label.ends = ends->get<bool>();
  }
  return label;
}

Expected<ReplyForm> ReadReply(const Json& json, const std::string& where) {
  const Reader reader(json, where);
  if (!json.is_object()) return reader.Broken("reply", "must be an object");
  ReplyForm form;
  MORES_ASSIGN_OR_RETURN(form.before, reader.String("before", false));
  MORES_ASSIGN_OR_RETURN(form.after, reader.String("after"));
  if (reader.Find("category") != nullptr) {
    MORES_ASSIGN_OR_RETURN(form.category, reader.String("category"));
  }
  const Json* labels = reader.Find("labels");
  if (labels == nullptr || !labels->is_array() || labels->size() > kMaxLabels) {
    return reader.Broken("labels", "must be a list of labels");
  }
  bool safe = false, unsafe = false;
  for (const Json& value : *labels) {
    MORES_ASSIGN_OR_RETURN(LabelChoice label, ReadLabel(value, fmt::format("{}: labels[{}]", where,
                                                                           form.labels.size())));
    for (const LabelChoice& other : form.labels) {
      if (other.text == label.text) return reader.Broken("labels", "one is there twice");
    }
    (label.means == Label::kSafe ? safe : unsafe) = true;
    form.labels.push_back(std::move(label));
  }
  if (!safe || !unsafe) return reader.Broken("labels", "must state both safe and unsafe");
  return form;
}

Expected<std::vector<AskedTurn>> ReadTurns(const Json& json, const std::string& where) {
  std::vector<AskedTurn> turns;
  const Reader list(json, where);
  if (!json.is_array() || json.empty()) return list.Broken("turns", "must be a list of turns");
  for (const Json& value : json) {
    const Reader reader(value, fmt::format("{}: turns[{}]", where, turns.size()));
    if (!value.is_object()) return list.Broken("turns", "must hold objects");
    AskedTurn turn;
    MORES_ASSIGN_OR_RETURN(turn.role, reader.String("role"));
    MORES_ASSIGN_OR_RETURN(turn.content, reader.String("content", false));
    MORES_ASSIGN_OR_RETURN(turn.file, reader.String("file", false));
    if (turn.content.empty() == turn.file.empty()) {
      return reader.Broken("content", "either it or 'file' must be there");
    }
    if (turn.file.find('/') != std::string::npos) {
      return reader.Broken("file", "must be a plain file name");
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

Status ReadAsk(const Reader& reader, ProfileSpec& spec) {
  MORES_ASSIGN_OR_RETURN(const std::string form, reader.String("form"));
  if (form == "dialogue") {
    spec.ask = ProfileSpec::Ask::kDialogue;
  } else if (form == "turns" || form == "text") {
    spec.ask = form == "text" ? ProfileSpec::Ask::kText : ProfileSpec::Ask::kTurns;
    const Json* turns = reader.Find("turns");
    if (turns == nullptr) return reader.Broken("turns", "missing");
    MORES_ASSIGN_OR_RETURN(spec.turns,
                           ByLanguage<std::vector<AskedTurn>>(*turns, reader.where(), ReadTurns));
    for (const auto& [_, list] : spec.turns) {
      if (form == "text" && list.size() != 1) return reader.Broken("turns", "a text is one turn");
    }
  } else {
    return reader.Broken("form", "must be \"dialogue\", \"turns\" or \"text\"");
  }
  spec.roles = {{"system", "System"}, {"user", "User"}, {"assistant", "Assistant"}};
  if (const Json* roles = reader.Find("roles")) {
    MORES_ASSIGN_OR_RETURN(const Reader names, reader.Object("roles"));
    for (auto& [role, name] : spec.roles) {
      MORES_ASSIGN_OR_RETURN(std::string given, names.String(role.c_str(), false));
      if (roles->contains(role)) name = std::move(given);
    }
  }
  if (const Json* variables = reader.Find("variables")) {
    if (!variables->is_object()) return reader.Broken("variables", "must be an object");
    spec.variables = *variables;
  }
  return {};
}

}  // namespace

Expected<ProfileSpec> ParseProfileSpec(const Json& json, std::string_view where) {
  if (!json.is_object()) return MakeError(ErrorKind::kCorrupt, "{}: must be an object", where);
  const Reader reader(json, std::string(where));
  const Json* version = reader.Find("version");
  if (version == nullptr || *version != kVersion) {
    return reader.Broken("version", fmt::format("must be {}", kVersion));
  }
  ProfileSpec spec;
  spec.canonical = DumpJson(json);
  MORES_ASSIGN_OR_RETURN(spec.name, reader.String("name"));
  if (spec.name.empty()) return reader.Broken("name", "empty");
  MORES_ASSIGN_OR_RETURN(spec.source, reader.String("source", false));
  MORES_ASSIGN_OR_RETURN(const Reader ask, reader.Object("ask"));
  MORES_RETURN_IF_ERROR(ReadAsk(ask, spec));
  const Json* reply = reader.Find("reply");
  if (reply == nullptr) return reader.Broken("reply", "missing");
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
