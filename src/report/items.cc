#include "report/items.h"

#include <algorithm>
#include <filesystem>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "base/random.h"
#include "base/strings.h"
#include "format/place_tally.h"
#include "format/refusal.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

using format::Dialogue;
using format::Label;
using format::Role;
using format::Turn;
using format::Verdict;

// What label files say of one id.
struct Gold {
  std::optional<Label> label;
  std::optional<Dialogue> dialogue;
  bool used = false;
};
using GoldById = std::unordered_map<std::string, Gold>;

std::string Stem(const std::string& path) {
  if (path == "-") return "stdin";
  std::string stem = std::filesystem::path(path).stem().string();
  if (const size_t dot = stem.find(".verdicts"); dot != std::string::npos) stem.resize(dot);
  return stem.empty() ? path : stem;
}

const Json* Field(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string StringField(const Json& object, const char* name) {
  const Json* field = Field(object, name);
  return field != nullptr && field->is_string() ? field->get<std::string>() : std::string();
}

// "harmless" and "harmful" beside the label words.
std::optional<bool> HarmlessPrompt(const Json& input) {
  const std::string text = StringField(input, "prompt_label");
  if (text == "harmless") return true;
  if (text == "harmful") return false;
  const std::optional<Label> label = format::ParseLabel(text);
  if (!label || *label == Label::kUnparsed) return std::nullopt;
  return *label == Label::kSafe;
}

std::vector<Turn> UpToJudged(std::vector<Turn> turns) {
  while (!turns.empty() && turns.back().role != Role::kAssistant) turns.pop_back();
  return turns;
}

// The text that a verdict carries with it, if it does. What can't be read as a dialogue is the
// caller's own business under `input`, so it is no error here.
std::vector<Turn> TurnsIn(const Json& input) {
  const bool dialogue = Field(input, "messages") != nullptr ||
                        (Field(input, "query") != nullptr && Field(input, "response") != nullptr);
  if (!dialogue) return {};
  Json record = Json::object();
  for (const char* name : {"messages", "query", "response"}) {
    if (const Json* field = Field(input, name)) record[name] = *field;
  }
  auto parsed = format::ParseDialogue(record, "input", 1);
  return parsed ? UpToJudged(std::move(parsed->turns)) : std::vector<Turn>();
}

Status AddGold(GoldById& gold, const std::string& id, std::optional<Label> label,
               std::optional<Dialogue> dialogue, const std::string& where) {
  Gold& entry = gold[id];
  if (label && entry.label && *label != *entry.label) {
    return FieldError(where, "label", fmt::format("'{}' is labelled differently before", id));
  }
  if (label) entry.label = label;
  if (dialogue) entry.dialogue = std::move(dialogue);
  return {};
}

// Dialogues with labels, or lines {"id","label"}.
Expected<size_t> ReadLabels(const std::string& path, GoldById& gold) {
  IdLines ids;
  const auto add = [&](const JsonLine& line) -> Status {
    const JsonFields fields(line.value, line.where);
    if (format::HoldsDialogue(line.value)) {
      MORES_ASSIGN_OR_RETURN(
          Dialogue dialogue,
          format::ParseDialogue(line.value, line.where, line.number, format::Unjudgeable::kKept));
      MORES_RETURN_IF_ERROR(ids.PutOnce(dialogue.id, line));
      const std::string id = dialogue.id;
      const std::optional<Label> label = dialogue.expected;
      return AddGold(gold, id, label, std::move(dialogue), line.where);
    }
    MORES_ASSIGN_OR_RETURN(const std::string id, fields.RequiredId());
    MORES_ASSIGN_OR_RETURN(const std::string text, fields.RequiredString("label"));
    const std::optional<Label> label = format::ParseLabel(text);
    if (!label || *label == Label::kUnparsed) {
      return fields.Wrong("label", "must be safe or unsafe");
    }
    return AddGold(gold, id, label, std::nullopt, line.where);
  };
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead, .when_empty = "empty"};
  MORES_ASSIGN_OR_RETURN(const JsonLinesRead read, ForEachJsonLine(path, options, add));
  return static_cast<size_t>(read.records);
}

// A place by a threshold given in place of the verdict's own. Its result never lies below the
// general one. What was unsafe in general wasn't asked in places, so a threshold that makes it safe
// leaves them open.
void DecideAnewInPlace(const Item& item, format::PlaceResult& place) {
  const Label general = item.verdict.label;
  if (general == Label::kUnsafe) {
    place.label = Label::kUnsafe;
  } else if (item.stored_label == Label::kUnsafe) {
    place.label = Label::kUnparsed;
  } else if (place.label != Label::kUnparsed && place.p_unsafe) {
    place.label = *place.p_unsafe > item.verdict.threshold ? Label::kUnsafe : general;
  } else if (place.label == Label::kSafe) {
    place.label = general;
  }
  if (place.label == Label::kUnsafe) return;
  place.basis.reset();  // of a finding alone
  place.guidelines.clear();
}

// Whether a server ended or kept back the reply: what is left of it is never safe, whatever the
// threshold (as chat::HeldBack, of what the verdict says of it).
bool WasHeldBack(const Verdict& verdict) {
  return verdict.finish_reason == "content_filter" || verdict.finish_reason == "error" ||
         !verdict.refusal.empty();
}

// By the threshold in force. What has no label for another reason than where its probability lies
// gets none from a threshold.
Label LabelByThreshold(const Verdict& verdict) {
  if (verdict.label == Label::kUnparsed || verdict.unparsed_reason) {
    const bool by_mass = verdict.unparsed_reason == format::UnparsedReason::kLabelMass;
    if (!by_mass) return Label::kUnparsed;
  }
  const Label label =
      format::Decide(*verdict.p_unsafe, verdict.other_mass.value_or(0), verdict.threshold);
  return label == Label::kSafe && WasHeldBack(verdict) ? Label::kUnparsed : label;
}

void DecideAnew(const Thresholds& thresholds, Item& item) {
  Verdict& verdict = item.verdict;
  item.stored_label = verdict.label;
  if (!verdict.p_unsafe) return;
  const std::optional<double> given = thresholds.For(verdict.lang);
  verdict.threshold = given.value_or(verdict.threshold);
  verdict.label = LabelByThreshold(verdict);
  if (!verdict.findings || (!given && verdict.label == item.stored_label)) return;
  for (format::PlaceResult& place : verdict.findings->places) DecideAnewInPlace(item, place);
}

std::optional<size_t> CountField(const Json& object, const char* name) {
  const Json* field = Field(object, name);
  if (field == nullptr || !field->is_number_unsigned()) return std::nullopt;
  return field->get<size_t>();
}

// From the text, or from what a verdict without content says of it.
void FillLengths(Item& item) {
  const Json& input = item.verdict.input;
  if (item.has_text()) {
    item.turn_count = item.turns.size();
    item.response_code_points = text::CountCodePoints(item.response());
  } else {
    item.turn_count = CountField(input, "turn_count").value_or(0);
    item.response_code_points = CountField(input, "response_code_points");
  }
}

// As places are named now. Of two results in one place the worse one stays: what is in doubt is not
// safe.
void FoldPlaces(const std::function<std::string(std::string_view)>& name, Verdict& verdict) {
  if (!name || !verdict.findings) return;
  std::vector<format::PlaceResult> places;
  for (format::PlaceResult& result : verdict.findings->places) {
    result.place = name(result.place);
    const auto same = std::find_if(places.begin(), places.end(), [&](const auto& one) {
      return one.place == result.place && format::IsOwn(one) == format::IsOwn(result);
    });
    if (same == places.end()) {
      places.push_back(std::move(result));
    } else if (result.label == Label::kUnsafe ||
               (result.label == Label::kUnparsed && same->label == Label::kSafe)) {
      *same = std::move(result);
    }
  }
  verdict.findings->places = std::move(places);
}

// Fills what follows from the verdict and the gold entry of its id.
Item MakeItem(Verdict verdict, Gold* gold, const Thresholds& thresholds) {
  Item item;
  item.turns = TurnsIn(verdict.input);
  item.harmless_prompt = HarmlessPrompt(verdict.input);
  item.category = StringField(verdict.input, "category");
  if (gold != nullptr) {
    gold->used = true;
    if (gold->label) verdict.expected = gold->label;
    if (gold->dialogue) {
      item.turns = UpToJudged(gold->dialogue->turns);
      if (!item.harmless_prompt) item.harmless_prompt = HarmlessPrompt(gold->dialogue->input);
      if (item.category.empty()) {
        item.category = StringField(gold->dialogue->input, "category");
      }
    }
  }
  if (item.category.empty() && verdict.category) {
    item.category = *verdict.category;
    item.category_by_judge = true;
  }
  // Gold that is neither safe nor unsafe is none.
  if (verdict.expected == Label::kUnparsed) verdict.expected.reset();
  item.verdict = std::move(verdict);
  DecideAnew(thresholds, item);
  item.refuses = format::LooksLikeRefusal(item.response());
  FillLengths(item);
  return item;
}

// Repeated queries are told by their normalised text, or by their hash where a verdict has only
// that; without a query an item stands alone.
uint64_t ClusterOf(const Item& item, const std::string& set) {
  std::string query = text::NormalizeForMatch(item.query());
  if (!item.has_text()) query = StringField(item.verdict.input, "query_sha256");
  if (query == Sha256Hex("")) query.clear();
  return HashBytes(query.empty() ? "id\x1f" + set + "\x1f" + item.verdict.id
                                 : "query\x1f" + set + "\x1f" + query);
}

class Collector {
 public:
  Collector(const CollectOptions& options, GoldById& gold) : options_(options), gold_(gold) {}

  Status AddFile(const std::string& path) {
    size_t failed = 0;
    MORES_ASSIGN_OR_RETURN(std::vector<Verdict> verdicts, format::ReadVerdicts(path, &failed));
    MORES_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
    collection_.failed += failed;
    collection_.verdict_files.push_back({path, sha256, verdicts.size()});
    for (Verdict& verdict : verdicts) {
      MORES_RETURN_IF_ERROR(AddVerdict(std::move(verdict), path));
    }
    return {};
  }

  Collection Take() { return std::move(collection_); }

 private:
  Status AddVerdict(Verdict verdict, const std::string& path) {
    std::string name = StringField(verdict.input, "set");
    if (name.empty()) name = Stem(path);
    if (!ids_.insert(name + "\x1f" + verdict.id).second) {
      return FieldError(path, "id",
                        fmt::format("'{}' occurs twice in the set '{}'", verdict.id, name));
    }
    if (!verdict.model.empty()) AddOnce(collection_.models, verdict.model);
    if (!verdict.prompt.empty()) AddOnce(collection_.prompts, verdict.prompt);
    FoldPlaces(options_.place_name, verdict);
    const auto gold = gold_.find(verdict.id);
    Item item = MakeItem(std::move(verdict), gold == gold_.end() ? nullptr : &gold->second,
                         options_.thresholds);
    item.set = SetNumber(name);
    item.cluster = ClusterOf(item, name);
    collection_.items.push_back(std::move(item));
    return {};
  }

  uint32_t SetNumber(const std::string& name) {
    const auto [it, added] =
        set_numbers_.emplace(name, static_cast<uint32_t>(collection_.sets.size()));
    if (added) collection_.sets.push_back(name);
    return it->second;
  }

  const CollectOptions& options_;
  GoldById& gold_;
  Collection collection_;
  std::unordered_set<std::string> ids_;
  std::unordered_map<std::string, uint32_t> set_numbers_;
};

}  // namespace

std::optional<double> Thresholds::For(text::Language language) const {
  switch (language) {
    case text::Language::kEnglish:
      return en;
    case text::Language::kChinese:
      return zh;
    case text::Language::kOther:
      break;
  }
  return other;
}

std::string_view Item::query() const {
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn) {
    if (turn->role == Role::kUser) return turn->content;
  }
  return {};
}

std::string_view Item::response() const {
  return turns.empty() ? std::string_view() : std::string_view(turns.back().content);
}

Expected<Collection> Collect(const CollectOptions& options) {
  GoldById gold;
  std::vector<InputFile> label_files;
  for (const std::string& path : options.label_paths) {
    MORES_ASSIGN_OR_RETURN(const size_t records, ReadLabels(path, gold));
    MORES_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(path));
    label_files.push_back({path, sha256, records});
  }
  Collector collector(options, gold);
  for (const std::string& path : options.verdict_paths) {
    MORES_RETURN_IF_ERROR(collector.AddFile(path));
  }
  Collection collection = collector.Take();
  if (collection.items.empty()) {
    return MakeError(ErrorKind::kInput, "{}: no verdict in it, only items that failed",
                     options.verdict_paths.empty() ? "(no file)" : options.verdict_paths.front());
  }
  collection.label_files = std::move(label_files);
  for (const auto& [id, entry] : gold) collection.labels_unmatched += entry.used ? 0 : 1;
  return collection;
}

}  // namespace mores::report
