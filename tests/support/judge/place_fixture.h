// For tests of judging in places: a database in a temporary folder, a searcher that finds whatever
// is in it, and a judge who says what it is told to.
#ifndef MORES_SUPPORT_JUDGE_PLACE_FIXTURE_H_
#define MORES_SUPPORT_JUDGE_PLACE_FIXTURE_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "guidelines/store/database.h"
#include "guidelines/search/search.h"
#include "judge/chat_judge.h"
#include "judge/label_first_judge.h"
#include "judge/places/place_judge.h"
#include "support/judge/scripted_model.h"

namespace mores::judge {

inline format::Dialogue Exchange(const std::string& id, const std::string& query,
                                 const std::string& response) {
  return {.id = id, .turns = {{format::Role::kUser, query}, {format::Role::kAssistant, response}}};
}

// Finds every guideline of the database, in order of their ids, whatever it is asked for.
class FindsAll : public guidelines::Searcher {
 public:
  explicit FindsAll(guidelines::Database& database) : database_(database) {}
  Expected<std::vector<guidelines::Hit>> Search(std::string_view text,
                                                const guidelines::SearchOptions& options) override {
    asked.emplace_back(text);
    asked_options.push_back(options);
    std::vector<guidelines::Hit> hits;
    MORES_RETURN_IF_ERROR(database_.ForEachGuideline([&](const guidelines::Version& version) {
      hits.push_back({.guideline = version.guideline, .score = 1});
      return Status();
    }));
    return hits;
  }

  std::vector<std::string> asked;
  std::vector<guidelines::SearchOptions> asked_options;

 private:
  guidelines::Database& database_;
};

// Gives every dialogue the same general result, and every question the answer of a function.
class ToldJudge : public Judge {
 public:
  struct General {
    format::Label label = format::Label::kSafe;
    std::optional<double> p_unsafe;
    std::string critique;
  };
  using Answer = std::function<Expected<PlaceAnswer>(const PlaceQuestion&)>;
  ToldJudge(General general, Answer answer)
      : Judge(JudgeOptions()), general_(std::move(general)), answer_(std::move(answer)) {}

  Expected<std::vector<Expected<format::Verdict>>> JudgeBatch(
      std::span<const format::Dialogue* const> dialogues) override {
    std::vector<Expected<format::Verdict>> verdicts;
    for (const format::Dialogue* dialogue : dialogues) {
      format::Verdict verdict = StartVerdict(*dialogue);
      verdict.label = general_.label;
      verdict.p_unsafe = general_.p_unsafe;
      verdict.critique = general_.critique;
      verdict.prompt = prompt_name(*dialogue);
      verdicts.push_back(std::move(verdict));
    }
    return verdicts;
  }
  Expected<std::vector<Expected<PlaceAnswer>>> AskInPlaces(
      std::span<const PlaceQuestion> given) override {
    std::vector<Expected<PlaceAnswer>> answers;
    for (const PlaceQuestion& question : given) {
      questions.push_back(question);
      answers.push_back(answer_(question));
    }
    return answers;
  }
  Status CheckPlaces() const override { return {}; }
  std::string model_name() const override { return "told@0"; }
  std::string prompt_name(const format::Dialogue&) const override { return "told@1"; }
  std::string prompt_hash() const override { return "1"; }
  chat::ChatTotals totals() const override { return {}; }

  std::vector<PlaceQuestion> questions;  // asked so far; their dialogues may be gone

 private:
  const General general_;
  const Answer answer_;
};

class PlacesTest : public ::testing::Test {
 protected:
  // Making a database takes a quarter of a second: once is enough.
  static const std::string& EmptyDatabase() {
    static const std::string bytes = [] {
      const TestDirectory directory;
      const std::string path = directory.path() + "/g.db";
      EXPECT_TRUE(
          guidelines::Database::Open(path, {.access = guidelines::Connection::Access::kCreate}));
      return *ReadFile(path);
    }();
    return bytes;
  }

  void SetUp() override {
    const std::string path = directory_.path() + "/g.db";
    ASSERT_TRUE(WriteFileAtomically(path, EmptyDatabase()));
    auto opened = guidelines::Database::Open(
        path, {.access = guidelines::Connection::Access::kWrite, .check = false});
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
    searcher_ = std::make_unique<FindsAll>(*database_);
  }

  guidelines::Guideline Put(guidelines::Guideline guideline) {
    if (guideline.places.empty()) guideline.places = {"NG"};
    if (guideline.topic.empty()) guideline.topic = "gifts";
    const auto put = database_->Put(guideline, {.by = "ann"});
    EXPECT_TRUE(put) << put.error().message;
    return put ? put->guideline : guideline;
  }
  // A norm about gifts, in force.
  guidelines::Guideline Gift(const std::string& text) {
    return Put({.text = text, .status = guidelines::Standing::kImported});
  }

  std::unique_ptr<PlaceJudge> Open(Judge& judge, size_t shown = 5) {
    auto opened =
        PlaceJudge::Create(judge, *database_, *searcher_, {.as_of = "2026-06-01",
                            .shown = shown,
                            .imports = guidelines::ImportTrust::kAll});
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  // The verdict of one dialogue with its places.
  static Expected<format::Verdict> One(PlaceJudge& places, const format::Dialogue& dialogue,
                                       const std::vector<AskedPlace>& asked) {
    const format::Dialogue* const dialogues[] = {&dialogue};
    const std::vector<AskedPlace>* const lists[] = {&asked};
    auto verdicts = places.judge().JudgeBatch(dialogues);
    EXPECT_TRUE(verdicts) << verdicts.error().message;
    MORES_RETURN_IF_ERROR(places.AddPlaces(dialogues, lists, *verdicts));
    return (*verdicts)[0];
  }
  format::PlaceResult InNigeria(Judge& judge, const format::Dialogue& dialogue) {
    const auto verdict = One(*Open(judge), dialogue, {{.scope = {.place = "NG"}}});
    EXPECT_TRUE(verdict) << verdict.error().message;
    return verdict->findings->places.at(0);
  }

  static std::unique_ptr<LabelFirstJudge> Engine(ScriptedModel::Script script,
                                                 JudgeOptions options = {}) {
    constexpr int kContext = 4096;
    options.config.context_length = kContext;
    auto judge = LabelFirstJudge::Create(
        std::make_unique<ScriptedModel>(std::move(script), kContext), std::move(options));
    EXPECT_TRUE(judge) << judge.error().message;
    return std::move(*judge);
  }
  std::unique_ptr<ChatJudge> Chat(const std::string& script, JudgeOptions options = {}) {
    const std::string path = directory_.path() + "/script.jsonl";
    EXPECT_TRUE(WriteFileAtomically(path, script));
    auto model = chat::OpenScriptedModel(path);
    EXPECT_TRUE(model) << model.error().message;
    return std::make_unique<ChatJudge>(std::move(*model), /*profile=*/nullptr, std::move(options));
  }

  TestDirectory directory_;
  std::unique_ptr<guidelines::Database> database_;
  std::unique_ptr<FindsAll> searcher_;
};

}  // namespace mores::judge

#endif  // MORES_SUPPORT_JUDGE_PLACE_FIXTURE_H_
