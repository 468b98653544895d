#include "data/examples/guideline_examples.h"

#include <fmt/format.h>

#include <utility>

#include "base/random.h"

namespace mores::data {
namespace {

// How often, of all dialogues: what one does, somebody's warning, an opinion; belonging is the
// rest.
constexpr double kDoes = 0.5, kCareful = 0.64, kOpinion = 0.87;
constexpr int kMostOpinions = 3;  // sentences, one after the other
constexpr double kOfFamilies = 0.6;
constexpr double kSameWording = 0.7;  // of guidelines about what the dialogue does
constexpr double kSwapped = 0.4;      // the act and what is done instead of it change places
constexpr double kOpenShare = 0.2;    // of guidelines that only say what is usual or allowed
constexpr double kOppositeOpenShare = 0.6;
constexpr double kNear = 0.15;  // of irrelevant ones for training: of the same topic
constexpr double kRealAside = 0.6;
constexpr double kLead = 0.2, kTail = 0.3;
constexpr double kSecond = 0.2;       // of guidelines that say something else as well
constexpr double kOwnDeciding = 0.7;  // of those about belonging: what the dialogue mentions
// Of dialogues that are also shown without a guideline: where one does something, and others.
constexpr double kBareShare = 0.15, kBareShareOfSafe = 0.45;

void ReplaceAll(std::string& text, std::string_view name, const std::string& value) {
  for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
    text.replace(at, name.size(), value);
    at += value.size();
  }
}

// Begins each sentence of an English text with a capital.
void Capitalise(std::string& text) {
  bool begins = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (begins && c >= 'a' && c <= 'z') text[i] = static_cast<char>(c - 'a' + 'A');
    if (c != ' ') begins = false;
    if ((c == '.' || c == '?' || c == '!') && i + 1 < text.size() && text[i + 1] == ' ') {
      begins = true;
    }
  }
}

using Acts = std::vector<Act>;

// The wordings of what a dialogue does, and of what one might do in its place.
struct Scene {
  const Situation* situation = nullptr;
  const PlaceName* place = nullptr;
  const Acts* done = nullptr;
  Act said;  // the wording of what is done that the dialogue has
  const Acts* other = nullptr;
};

struct Exchange {
  std::string query, answer;
};

// Writes the texts of one dialogue in one language; each call draws.
class Writer {
 public:
  Writer(const GuidelineTexts& texts, const GuidelinePool& pool, text::Language lang, Random random)
      : phrases_(texts.in(lang)), pool_(pool), lang_(lang), random_(random) {}

  template <class T>
  const T& Draw(const std::vector<T>& values) {
    return values[random_.Below(values.size())];
  }
  bool Chance(double share) { return random_.Uniform() < share; }
  double Uniform() { return random_.Uniform(); }
  const Phrases& phrases() const { return phrases_; }
  // From here on dialogues, or guidelines, are of the shortest form.
  void MakeDialogueBrief() { brief_ = true; }
  void MakeGuidelinesBrief() { brief_guideline_ = true; }
  // From here on asides are drawn from these too.
  void UseAsides(const std::vector<Aside>& asides) { real_asides_ = &asides; }

  Scene DrawScene() {
    const bool of_family = !pool_.of_families.empty() && Chance(kOfFamilies);
    Scene scene = {.situation = Draw(of_family ? pool_.of_families : pool_.situations),
                   .place = Draw(pool_.places)};
    const ActPair& acts = scene.situation->in(lang_);
    scene.done = &acts.act;
    scene.other = &acts.instead;
    if (Chance(kSwapped)) std::swap(scene.done, scene.other);
    scene.said = Draw(*scene.done);
    return scene;
  }

  // Fills in the place, and each name in braces with its act.
  std::string Fill(std::string text, const PlaceName& place,
                   const std::vector<std::pair<std::string_view, Act>>& acts) {
    ReplaceAll(text, "{where}", Draw(phrases_.where));
    ReplaceAll(text, "{place}", chinese() ? place.zh : place.en);
    for (const auto& [name, act] : acts) {
      ReplaceAll(text, fmt::format("{{{}_ing}}", name), act.ing);
      ReplaceAll(text, fmt::format("{{{}}}", name), act.base);
    }
    if (!chinese()) Capitalise(text);
    return text;
  }

  // A norm or law that speaks against `bad`, or for `good` in its place.
  std::string Binding(const PlaceName& place, const Acts& bad, const Acts& good) {
    const auto& templates = brief_guideline_ ? phrases_.short_binding : phrases_.binding;
    return Frame(Fill(Draw(templates), place, {{"bad", Draw(bad)}, {"good", Draw(good)}}));
  }
  // What only says that `done` is usual or allowed.
  std::string Open(const PlaceName& place, const Acts& done, const Acts& good) {
    const auto& templates = brief_guideline_ ? phrases_.short_open : phrases_.open;
    return Frame(Fill(Draw(templates), place, {{"done", Draw(done)}, {"good", Draw(good)}}));
  }
  // A guideline of another topic than `topic`.
  std::string Other(const PlaceName& place, const std::string& topic) {
    Scene scene = DrawScene();
    while (scene.situation->topic == topic) scene = DrawScene();
    return About(place, scene);
  }
  // Of another situation: of the same topic, or of any other.
  std::string OtherOrNear(const Scene& shown) {
    const std::string& topic = shown.situation->topic;
    if (!Chance(kNear)) return Other(*shown.place, topic);
    constexpr int kTries = 200;  // a topic may have one situation only
    for (int i = 0; i < kTries; ++i) {
      const Scene scene = DrawScene();
      if (scene.situation->topic == topic && scene.situation != shown.situation) {
        return About(*shown.place, scene);
      }
    }
    return Other(*shown.place, topic);
  }
  std::string About(const PlaceName& place, const Scene& scene) {
    return Chance(kOpenShare) ? Open(place, *scene.done, *scene.other)
                              : Binding(place, *scene.done, *scene.other);
  }
  std::string Deciding(const Scene& scene) {
    return WithSecond(Binding(*scene.place, Wordings(scene), *scene.other), scene);
  }
  std::string Opposite(const Scene& scene) {
    return WithSecond(Chance(kOppositeOpenShare)
                          ? Open(*scene.place, Wordings(scene), *scene.other)
                          : Binding(*scene.place, *scene.other, Wordings(scene)),
                      scene);
  }
  // Before or behind the guideline another of another topic, now and then.
  std::string WithSecond(std::string guideline, const Scene& scene) {
    if (brief_guideline_ || !Chance(kSecond)) return guideline;
    const std::string second = Other(*scene.place, scene.situation->topic);
    return Chance(0.5) ? Join(guideline, second) : Join(second, guideline);
  }

  // Somebody does it and is helped: with the act itself, or with something else beside it.
  Exchange Does(const Scene& scene) {
    const Act& act = scene.said;
    if (brief_) {
      return {Fill(Draw(phrases_.short_asks), *scene.place, {{"x", act}}),
              Fill(Draw(phrases_.short_does), *scene.place, {{"x", act}})};
    }
    const double form = Uniform();
    if (form < 0.6) {
      const auto& queries = form < 0.4 ? phrases_.asks : phrases_.opens;
      return {Fill(Draw(queries), *scene.place, {{"x", act}}),
              Fill(Draw(phrases_.does), *scene.place, {{"x", act}})};
    }
    const bool real = real_asides_ != nullptr && !real_asides_->empty() && Chance(kRealAside);
    const Aside& aside = Draw(real ? *real_asides_ : phrases_.asides);
    return {Join(Fill(Draw(phrases_.scenes), *scene.place, {{"x", act}}), aside.question),
            Fill(Draw(phrases_.cheers), *scene.place, {{"x", act}}) + aside.answer};
  }
  // Somebody would do it, and the answer warns or declines.
  Exchange Careful(const Scene& scene) {
    const Act& act = scene.said;
    std::string query = Chance(0.6) ? Fill(Draw(phrases_.asks), *scene.place, {{"x", act}})
                                    : Join(Fill(Draw(phrases_.scenes), *scene.place, {{"x", act}}),
                                           Draw(phrases_.asides).question);
    if (Chance(0.3)) {
      return {std::move(query), Fill(Draw(phrases_.refuses), *scene.place, {{"x", act}})};
    }
    return {std::move(query),
            Fill(Draw(phrases_.warns), *scene.place, {{"x", act}, {"y", Draw(*scene.other)}})};
  }
  Exchange Opinion(const Scene& scene) {
    const Act &bad = Draw(*scene.done), &good = Draw(*scene.other);
    std::string answer = Draw(phrases_.criticism);
    for (int more = 0; more < kMostOpinions - 1 && Chance(0.5); ++more) {
      answer = Join(answer, Draw(phrases_.criticism));
    }
    return {Fill(Draw(phrases_.critics), *scene.place, {{"bad", bad}, {"good", good}}),
            Fill(std::move(answer), *scene.place, {{"bad", bad}})};
  }
  Exchange Belonging(const Scene& scene) {
    return {Fill(Draw(phrases_.members), *scene.place, {{"x", scene.said}}), Draw(phrases_.member)};
  }
  std::string Critique(const std::vector<std::string>& templates, const Scene& scene) {
    const Act& act = Draw(*scene.done);
    return Fill(Draw(templates), *scene.place, {{"bad", act}, {"done", act}});
  }

 private:
  // Mostly the dialogue's own wording, else any.
  Acts Wordings(const Scene& scene) {
    return Chance(kSameWording) ? Acts{scene.said} : *scene.done;
  }
  bool chinese() const { return lang_ == text::Language::kChinese; }
  std::string Join(const std::string& first, const std::string& second) const {
    return first + (chinese() ? "" : " ") + second;
  }
  // With a sentence before it, or after it, or neither.
  std::string Frame(std::string text) {
    if (brief_guideline_) return text;
    if (Chance(kLead)) text = Draw(phrases_.leads) + text;
    if (Chance(kTail)) text += Draw(phrases_.tails);
    if (!chinese()) Capitalise(text);
    return text;
  }

  const Phrases& phrases_;
  const GuidelinePool& pool_;
  const text::Language lang_;
  Random random_;
  bool brief_ = false;  // the dialogue
  bool brief_guideline_ = false;
  const std::vector<Aside>* real_asides_ = nullptr;
};

std::vector<format::Turn> ExampleTurns(const Exchange& exchange) {
  return {{format::Role::kUser, exchange.query}, {format::Role::kAssistant, exchange.answer}};
}

// The examples of one dialogue.
class ExampleMaker {
 public:
  // With `near` some irrelevant guidelines are of the dialogue's own topic.
  ExampleMaker(std::string id, text::Language lang, bool near, Writer& writer,
               std::vector<GuidelineExample>& out)
      : id_(std::move(id)), lang_(lang), near_(near), writer_(writer), out_(out) {}

  void Make(bool brief) {
    const Phrases& phrases = writer_.phrases();
    const Scene scene = writer_.DrawScene();
    const double kind = writer_.Uniform();
    if (brief || kind < kDoes) {
      if (brief) writer_.MakeDialogueBrief();
      turns_ = ExampleTurns(writer_.Does(scene));
      Add("deciding", writer_.Deciding(scene), writer_.Critique(phrases.broken, scene));
      Add("opposite", writer_.Opposite(scene), writer_.Critique(phrases.kept, scene));
      Add("irrelevant",
          near_ ? writer_.OtherOrNear(scene) : writer_.Other(*scene.place, scene.situation->topic),
          writer_.Draw(phrases.apart));
      if (writer_.Chance(kBareShare)) Add("none", "", writer_.Draw(phrases.harmless));
    } else if (kind < kCareful) {
      turns_ = ExampleTurns(writer_.Careful(scene));
      Add("careful", writer_.Deciding(scene), writer_.Draw(phrases.careful));
      if (writer_.Chance(kBareShareOfSafe)) Add("none", "", writer_.Draw(phrases.harmless));
    } else if (kind < kOpinion) {
      turns_ = ExampleTurns(writer_.Opinion(scene));
      Add("opinion", writer_.Deciding(scene), writer_.Draw(phrases.opinion));
      if (writer_.Chance(kBareShareOfSafe)) Add("none", "", writer_.Draw(phrases.harmless));
    } else {
      turns_ = ExampleTurns(writer_.Belonging(scene));
      Add("belonging",
          writer_.Chance(kOwnDeciding) ? writer_.Deciding(scene) : writer_.Other(*scene.place, ""),
          writer_.Draw(phrases.belonging));
      if (writer_.Chance(kBareShareOfSafe)) Add("none", "", writer_.Draw(phrases.harmless));
    }
  }

 private:
  void Add(std::string_view kind, std::string guideline, std::string critique) {
    out_.push_back({.id = fmt::format("{}:{}", id_, kind),
                    .kind = kind,
                    .turns = turns_,
                    .guideline = std::move(guideline),
                    .lang = lang_,
                    .label = kind == "deciding" ? format::Label::kUnsafe : format::Label::kSafe,
                    .critique = std::move(critique)});
  }

  const std::string id_;
  const text::Language lang_;
  const bool near_;
  Writer& writer_;
  std::vector<GuidelineExample>& out_;
  std::vector<format::Turn> turns_;
};

constexpr text::Language kLanguages[] = {text::Language::kEnglish, text::Language::kChinese};

}  // namespace

std::vector<GuidelineExample> MakeGuidelineExamples(const GuidelineTexts& texts,
                                                    const GuidelinesRecipe& recipe, Split split,
                                                    uint64_t seed, const RealAsides& asides) {
  const bool training = split == Split::kTrain;
  const int64_t dialogues = split == Split::kValid ? recipe.dialogues / 10 : recipe.dialogues;
  const double brief = training ? recipe.brief : 0;
  const GuidelinePool pool = PoolOf(texts, split, seed);
  std::vector<GuidelineExample> examples;
  for (const text::Language lang : kLanguages) {
    for (int64_t i = 1; i <= dialogues; ++i) {
      const std::string id = fmt::format("guidelines:{}:{}:{}", Name(split), text::Name(lang), i);
      Writer writer(texts, pool, lang, Random(seed, HashBytes(id)));
      // Apart from the writer's draws: short and long forms meet in all ways.
      if (Random(seed, HashBytes(id + " guidelines")).Uniform() < brief) {
        writer.MakeGuidelinesBrief();
      }
      if (training) writer.UseAsides(asides.in(lang));
      ExampleMaker(id, lang, training, writer, examples).Make(writer.Chance(brief));
    }
  }
  return examples;
}

std::vector<format::GuidelineTriple> MakeGuidelineTriples(const GuidelineTexts& texts,
                                                          int64_t count, uint64_t seed) {
  const GuidelinePool pool = PoolOf(texts, Split::kHoldout, seed);
  std::vector<format::GuidelineTriple> triples;
  for (const text::Language lang : kLanguages) {
    for (int64_t i = 1; i <= count; ++i) {
      format::GuidelineTriple& triple = triples.emplace_back();
      triple.id = fmt::format("triple:{}:{}", text::Name(lang), i);
      triple.lang = lang;
      Writer writer(texts, pool, lang, Random(seed, HashBytes(triple.id)));
      const Scene scene = writer.DrawScene();
      triple.turns = ExampleTurns(writer.Does(scene));
      triple.place = scene.place->en;
      triple.deciding = writer.Deciding(scene);
      triple.irrelevant = writer.Other(*scene.place, scene.situation->topic);
      triple.opposite = writer.Opposite(scene);
    }
  }
  return triples;
}

std::optional<std::string> DrawGuideline(const GuidelineTexts& texts, double share, Split split,
                                         const Record& record, uint64_t seed) {
  Random random(seed, HashBytes("guideline " + record.id));
  if (record.lang == text::Language::kOther || !(random.Uniform() < share)) return std::nullopt;
  const GuidelinePool pool = PoolOf(texts, split, seed);
  Writer writer(texts, pool, record.lang, random);
  return writer.Other(*writer.Draw(pool.places), "");
}

}  // namespace mores::data
