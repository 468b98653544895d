#include "data/render.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/random.h"
#include "data/examples/critique.h"
#include "data/examples/guideline_examples.h"

namespace mores::data {
namespace {

// The record's own critique, as the recipe wants them.
std::string CritiqueOf(const Record& record, CritiqueFrom from) {
  switch (from) {
    case CritiqueFrom::kTemplates:
      return WriteCritique(record);
    case CritiqueFrom::kSource:
      return HasOwnCritique(record) ? WithTag(record, record.critique) : "";
    case CritiqueFrom::kNone:
      return "";
  }
  return "";
}

std::string CompletionOf(const format::JudgeProfile& profile, format::Label label,
                         const std::string& critique, text::Language lang) {
  if (!critique.empty()) return profile.RenderCompletion(label, critique, lang);
  const format::LabelStrings& strings = profile.labels(lang);
  return label == format::Label::kUnsafe ? strings.unsafe : strings.safe;
}

// An example without a critique teaches none: not an empty one.
void WriteParts(const format::PartWeights& learned, bool has_critique, Json& json) {
  if (learned.label != 1) json["label_weight"] = learned.label;
  if (learned.category != 1) json["category_weight"] = learned.category;
  const double critique = has_critique ? learned.critique : 0;
  if (critique != 1) json["critique_weight"] = critique;
}

// What a training example shows beside its dialogue.
struct Shown {
  std::optional<RuledExample> ruled;
  std::optional<std::string> guideline;
};

// Labels that aren't learned teach nothing about rules or guidelines either.
Shown DrawShown(const Renderer& renderer, const Item& item, const Record& record,
                const std::string& critique) {
  const Recipe& recipe = renderer.recipe;
  Shown shown;
  if (item.split != Split::kTrain || recipe.source(record.source).learned.label == 0) return shown;
  shown.ruled = MakeRuledExample(recipe.rules, record, critique, recipe.seed);
  if (renderer.texts) {
    shown.guideline =
        DrawGuideline(*renderer.texts, recipe.guidelines.share, item.split, record, recipe.seed);
  }
  return shown;
}

// What a critique cites, as its opening: "[rule 2]". Empty where it cites nothing.
std::string CitationOf(const std::string& critique) {
  for (const std::string_view opening : {"[rule ", "[guideline ", "[规则 ", "[准则 "}) {
    if (critique.starts_with(opening)) return critique.substr(0, critique.find(']') + 1);
  }
  return "";
}

// A line of SFT data (docs/formats/sft.md). Copies of a record are shown rules and a guideline each
// for itself.
std::string RenderLine(const Renderer& renderer, const Item& item, int copy) {
  const SourceRecipe& source = renderer.recipe.source(item.record.source);
  Record record = item.record;
  if (copy > 1) record.id = fmt::format("{}#{}", record.id, copy);
  const std::string own = CritiqueOf(record, renderer.recipe.critiques_of(source));
  const Shown shown = DrawShown(renderer, item, record, own);
  const format::Label label = shown.ruled ? shown.ruled->label : record.label;
  // Where templates aren't wanted what cites a rule is the citation alone.
  std::string critique = shown.ruled ? shown.ruled->critique : own;
  if (renderer.recipe.critiques != CritiqueFrom::kTemplates && critique != own) {
    critique = CitationOf(critique);
  }
  format::PartWeights learned = source.learned;
  // The category is that of the source's verdict, not of what only a rule forbids.
  if (label != record.label) learned.category = 0;
  Json json;
  json["id"] = record.id;
  json["messages"] = format::TurnsToJson(record.turns);
  if (shown.ruled) json["rules"] = shown.ruled->rules;
  if (shown.guideline) json["guideline"] = *shown.guideline;
  json["completion"] = CompletionOf(renderer.profile, label, critique, record.lang);
  json["label"] = format::Name(label);
  json["lang"] = text::Name(record.lang);
  json["source"] = record.source;
  if (record.category) json["category"] = Name(*record.category);
  const LabelBy by = label != record.label ? LabelBy::kRule : record.label_by;
  if (by != LabelBy::kUnknown) json["label_by"] = Name(by);
  WriteParts(learned, !critique.empty(), json);
  // Group keys hold the texts themselves; their hash names the group well enough.
  json["group"] = Sha256Hex(item.group).substr(0, 16);
  if (record.weight != 1) json["weight"] = record.weight;
  return DumpJson(json) + "\n";
}

// Where the recipe wants no critiques from templates those that cite a guideline are the citation
// alone, behind a category that isn't learned, as a judge is asked that names categories.
std::string RenderExample(const Renderer& renderer, const GuidelineExample& example) {
  const Recipe& recipe = renderer.recipe;
  const bool cites = example.label == format::Label::kUnsafe;
  const bool templates = recipe.critiques == CritiqueFrom::kTemplates;
  std::string critique;
  if (recipe.guidelines.critiques) {
    critique = templates ? example.critique : CitationOf(example.critique);
  }
  Json json;
  json["id"] = example.id;
  json["messages"] = format::TurnsToJson(example.turns);
  if (!example.guideline.empty()) json["guideline"] = example.guideline;
  json["completion"] = CompletionOf(renderer.profile, example.label, critique, example.lang);
  json["label"] = format::Name(example.label);
  json["lang"] = text::Name(example.lang);
  json["source"] = fmt::format("guidelines_{}", example.kind);
  json["label_by"] = Name(LabelBy::kRule);
  format::PartWeights learned;
  if (!templates && cites) {
    json["category"] = Name(Category::kOther);
    learned.category = 0;
  }
  WriteParts(learned, !critique.empty(), json);
  if (cites && recipe.guidelines.unsafe_weight != 1) {
    json["weight"] = recipe.guidelines.unsafe_weight;
  }
  return DumpJson(json) + "\n";
}

// Contrasts have no critiques.
std::string RenderContrast(const Renderer& renderer, const ContrastExample& example) {
  Json json;
  json["id"] = example.id;
  json["messages"] = format::TurnsToJson(example.turns);
  json["completion"] = CompletionOf(renderer.profile, example.label, "", example.lang);
  json["label"] = format::Name(example.label);
  json["lang"] = text::Name(example.lang);
  json["source"] = example.source;
  if (example.category) json["category"] = Name(*example.category);
  json["label_by"] = Name(LabelBy::kRule);
  WriteParts({}, false, json);
  json["group"] = Sha256Hex(example.group).substr(0, 16);
  return DumpJson(json) + "\n";
}

// The short safe exchanges of the training split.
RealAsides AsidesOf(const std::vector<Item>& items) {
  constexpr size_t kLongest = 1500;  // bytes
  RealAsides asides;
  for (const Item& item : items) {
    const Record& record = item.record;
    if (!item.kept() || item.split != Split::kTrain || record.label != format::Label::kSafe ||
        record.lang == text::Language::kOther || record.turns.size() != 2) {
      continue;
    }
    const std::string& question = record.turns[0].content;
    const std::string& answer = record.turns[1].content;
    if (question.size() + answer.size() > kLongest) continue;
    (record.lang == text::Language::kChinese ? asides.zh : asides.en).push_back({question, answer});
  }
  return asides;
}

struct OrderedLine {
  std::string key, text;
};

void AddMade(const Renderer& renderer, Split split, const std::vector<Item>& items,
             std::vector<OrderedLine>& lines) {
  const Recipe& recipe = renderer.recipe;
  if (renderer.texts) {
    const RealAsides asides = split == Split::kTrain ? AsidesOf(items) : RealAsides();
    for (const GuidelineExample& example :
         MakeGuidelineExamples(*renderer.texts, recipe.guidelines, split, recipe.seed, asides)) {
      lines.push_back({example.id, RenderExample(renderer, example)});
    }
  }
  if (renderer.contrasts) {
    for (const ContrastExample& example :
         MakeContrastExamples(*renderer.contrasts, recipe.contrasts, split, recipe.seed, items)) {
      lines.push_back({example.id, RenderContrast(renderer, example)});
    }
  }
}

}  // namespace

std::string RenderSplit(const Renderer& renderer, Split split, const std::vector<Item>& items) {
  const Recipe& recipe = renderer.recipe;
  std::vector<OrderedLine> lines;
  for (const Item& item : items) {
    if (!item.kept() || item.split != split) continue;
    const int copies = split == Split::kTrain ? recipe.source(item.record.source).repeat : 1;
    for (int copy = 1; copy <= copies; ++copy) {
      lines.push_back(
          {fmt::format("{}#{}", item.record.id, copy), RenderLine(renderer, item, copy)});
    }
  }
  if (split != Split::kHoldout) AddMade(renderer, split, items, lines);
  const Random random(recipe.seed, HashBytes("order"));
  std::stable_sort(lines.begin(), lines.end(), [&](const OrderedLine& a, const OrderedLine& b) {
    return random.At(HashBytes(a.key)) < random.At(HashBytes(b.key));
  });
  std::string out;
  for (const OrderedLine& line : lines) out += line.text;
  return out;
}

std::string RenderTriples(const Recipe& recipe, const GuidelineTexts& texts) {
  std::string out;
  for (const format::GuidelineTriple& triple :
       MakeGuidelineTriples(texts, recipe.guidelines.triples, recipe.seed)) {
    out += DumpJson(ToJson(triple)) + "\n";
  }
  return out;
}

void DropWhatTeachesNothing(const Recipe& recipe, std::vector<Item>& items) {
  for (Item& item : items) {
    if (!item.kept()) continue;
    const Record& record = item.record;
    const SourceRecipe& source = recipe.source(record.source);
    const format::PartWeights& learned = source.learned;
    const bool category = learned.category > 0 && record.category.has_value() &&
                          record.label == format::Label::kUnsafe;
    const CritiqueFrom from = recipe.critiques_of(source);
    const bool critique =
        learned.critique > 0 && (from == CritiqueFrom::kTemplates ||
                                 (from == CritiqueFrom::kSource && HasOwnCritique(record)));
    if (learned.label == 0 && !category && !critique) item.fate = Fate::kNothingLearned;
  }
}

}  // namespace mores::data
