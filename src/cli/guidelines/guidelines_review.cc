// mores guidelines review: rulings by people, blind, and what comes of them.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/guideline_review.h"
#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct ReviewCommand {
  std::string database, id, person, from, ruling, reason, file;
  std::vector<std::string> places, statuses;
  ViewerFlags viewer;
  std::optional<size_t> enough;
  int version = 0;
  uint64_t seed = 1;
  bool json = false, unanimous = false;
};

tl::unexpected<Error> Needed(const char* option, const char* command) {
  return MakeError(ErrorKind::kUsage, "{} is required (see mores guidelines review {} --help)",
                   option, command);
}

app::NamedPlaces PlacesOf(const ReviewCommand& command) {
  return {.names = command.places, .called = "--place"};
}

std::string JoinedLines(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

void Tell(const guidelines::Version& version) {
  const guidelines::Guideline& guideline = version.guideline;
  fmt::print("{}: {}, version {}\n", Printable(guideline.id), Name(guideline.status),
             guideline.version);
}

void Show(const guidelines::ReviewItem& item) {
  const guidelines::Guideline& guideline = item.guideline;
  fmt::print("{}, version {}: {}, {}\n", Printable(guideline.id), guideline.version,
             Name(guideline.kind), Name(guideline.status));
  fmt::print("places: {}\n", Printable(JoinedLines(guideline.places)));
  if (!guideline.groups.empty())
    fmt::print("groups: {}\n", Printable(JoinedLines(guideline.groups)));
  fmt::print("topic: {}\n", Printable(guideline.topic));
  fmt::print("{}: {}\n", Name(guideline.polarity), Printable(guideline.text));
  for (const guidelines::Source& source : guideline.sources) {
    fmt::print("source: {} | {} | {}\n", Printable(source.title), Printable(source.publisher),
               Printable(source.address));
  }
  for (const guidelines::Passage& passage : item.passages) {
    fmt::print("passage {} | {} | {}\n  {}\n", Printable(passage.id),
               Printable(passage.source.publisher), Printable(passage.heading),
               Printable(passage.text));
  }
  for (const std::string& complaint : item.complaints) {
    fmt::print("complaint: {}\n", Printable(complaint));
  }
  if (!item.rulings) return;
  for (const guidelines::StoredRuling& ruling : *item.rulings) {
    fmt::print("ruling: {}\n", Describe(ruling));
  }
}

Expected<int> RunNext(const ReviewCommand& command) {
  if (!command.viewer.given()) return Needed("--reviewer or --adjudicator", "next");
  const bool settles = !command.viewer.adjudicator.empty();
  if (settles && (!command.from.empty() || !command.statuses.empty())) {
    return MakeError(ErrorKind::kUsage, "--from and --status are for --reviewer");
  }
  app::NextJob job{
      .viewer = ViewerOf(command.viewer), .from = command.from, .places = PlacesOf(command)};
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(job.statuses, ParseStandings(command.statuses));
  MORES_ASSIGN_OR_RETURN(const auto item, app::NextToReview(job));
  if (command.json) {
    fmt::print("{}\n", item ? DumpJson(ToJson(*item)) : "null");
  } else if (item) {
    Show(*item);
  } else {
    fmt::print("nothing left to {}\n", settles ? "settle" : "rule on");
  }
  return kExitDone;
}

Expected<int> RunRule(const ReviewCommand& command) {
  app::RulingJob job{.file = command.file, .from = command.from};
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(command.database));
  job.ruling.reviewer = command.person;
  if (command.file.empty()) {
    if (command.id.empty()) return Needed("ID", "rule");
    if (command.person.empty()) return Needed("--reviewer", "rule");
    if (command.ruling.empty()) return Needed("--ruling", "rule");
    job.ruling.id = command.id;
    job.ruling.version = command.version;
    job.ruling.ruling = *guidelines::ParseRuling(command.ruling);
    job.ruling.reason = command.reason;
  }
  MORES_ASSIGN_OR_RETURN(const app::StoredRulings result, app::StoreRulings(job));
  fmt::print("{} ruling{} stored\n", result.stored, result.stored == 1 ? "" : "s");
  for (const guidelines::Version& version : result.settled) Tell(version);
  return kExitDone;
}

Expected<int> RunAgreement(const ReviewCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const auto agreements,
                         app::MeasureReviews(database, PlacesOf(command), command.seed));
  if (command.json) {
    Json json = Json::array();
    for (const auto& one : agreements) json.push_back(ToJson(one));
    fmt::print("{}\n", DumpJson(json));
  } else {
    fmt::print("{}", FormatTable(agreements));
  }
  return kExitDone;
}

Expected<int> AdoptUnanimous(const ReviewCommand& command, const std::string& database) {
  MORES_ASSIGN_OR_RETURN(const guidelines::UnanimousDecisions decisions,
                         app::AdjudicateUnanimous(database, command.person, PlacesOf(command)));
  for (const guidelines::Version& version : decisions.adopted) Tell(version);
  for (const auto& [id, why] : decisions.left) fmt::print("left: {}\n", Printable(why));
  fmt::print("adopted {}, left {}\n", decisions.adopted.size(), decisions.left.size());
  return kExitDone;
}

Expected<int> RunAdjudicate(const ReviewCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  if (command.unanimous) return AdoptUnanimous(command, database);
  if (command.id.empty()) return Needed("ID", "adjudicate");
  if (command.ruling.empty()) return Needed("--ruling", "adjudicate");
  MORES_ASSIGN_OR_RETURN(
      const guidelines::Version version,
      app::AdjudicateGuideline(database, {.id = command.id,
                                          .version = command.version,
                                          .ruling = *guidelines::ParseRuling(command.ruling),
                                          .by = command.person,
                                          .reason = command.reason}));
  Tell(version);
  return kExitDone;
}

Expected<int> RunEnough(const ReviewCommand& command) {
  if (command.enough && command.person.empty()) return Needed("--by", "enough");
  app::EnoughJob job{.number = command.enough,
                     .change = {.by = command.person, .reason = command.reason}};
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const guidelines::EnoughRulings enough, app::EnoughRulings(job));
  const guidelines::Change& change = enough.change;
  fmt::print("{} ruling{} of others", enough.number, enough.number == 1 ? "" : "s");
  if (!change.by.empty()) {
    fmt::print(", set {} by {}{}{}", change.at, Printable(change.by),
               change.reason.empty() ? "" : ": ", Printable(change.reason));
  }
  fmt::print("\n");
  return kExitDone;
}

Expected<int> RunObjection(const ReviewCommand& command, app::Objection objection) {
  app::ObjectionJob job{
      .id = command.id, .by = command.person, .reason = command.reason, .objection = objection};
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const guidelines::Version version, app::ObjectToGuideline(job));
  Tell(version);
  return kExitDone;
}

constexpr const char* kWritten =
    R"(  echo '{"reply":{"guidelines":[{"kind":"norm","topic":"Shoes","text":"In Tonga, shoes stay at the door."}]}}' > replies.jsonl
  mores guidelines generate --db mine.db --place TO --kind norm --count 1 --model scripted:replies.jsonl
)";

struct ReviewPart {
  const char* name;
  const char* summary;
  const char* example;
  Expected<int> (*run)(const ReviewCommand&);
};

CLI::App* AddReviewPart(CommandLine& line, CLI::App& review, const ReviewPart& part,
                        const std::shared_ptr<ReviewCommand>& options) {
  CLI::App* command =
      AddCommand(review, {.name = part.name,
                          .summary = part.summary,
                          .example = std::string(kWritten) + part.example +
                                     "\n\nRules and formats: docs/formats/guideline-review.md."});
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options, run = part.run] { return run(*options); });
  return command;
}

void AddRuling(CLI::App* command, ReviewCommand& options) {
  command->add_option("--ruling", options.ruling, "correct, wrong or unsure")
      ->check(CLI::IsMember({"correct", "wrong", "unsure"}));
  command->add_option("--version", options.version, "Refused where it isn't the current one")
      ->check(CLI::PositiveNumber);
}

void AddPlaces(CLI::App* command, ReviewCommand& options) {
  command->add_option("--place", options.places, "These places and their parts alone");
}

void AddNext(CommandLine& line, CLI::App& review) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command =
      AddReviewPart(line, review,
                    {"next", "Show the next guideline that a reviewer hasn't ruled on.",
                     "  mores guidelines review next --db mine.db --reviewer ann", RunNext},
                    options);
  CLI::Option* const reviewer =
      command->add_option("--reviewer", options->viewer.reviewer, "Who reviews");
  command
      ->add_option(
          "--adjudicator", options->viewer.adjudicator,
          "Who settles: the next guideline that has enough rulings and isn't settled, with "
          "who ruled what and why; who has seen that can't rule on it any more")
      ->excludes(reviewer);
  command->add_option(
      "--from", options->from,
      "Where the reviewer is from, as NG+tiv: its country alone, and no other group");
  AddPlaces(command, *options);
  command->add_option("--status", options->statuses, "By default all but validated by people");
  command->add_flag("--json", options->json, "One JSON object, or null");
}

void AddRule(CommandLine& line, CLI::App& review) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command = AddReviewPart(
      line, review,
      {"rule", "Rule that a guideline is correct, wrong, or that one is unsure.",
       "  mores guidelines review next --db mine.db --reviewer ann --json > next.json\n"
       "  echo \"$(sed 's/{\"id\":\\([^,]*\\),.*/{\"id\":\\1,\"ruling\":\"correct\"}/' "
       "next.json)\" "
       "> rulings.jsonl\n"
       "  mores guidelines review rule --db mine.db --reviewer ann --file rulings.jsonl",
       RunRule},
      options);
  command->add_option("id", options->id, "The guideline");
  command->add_option("--reviewer", options->person, "Who rules");
  command->add_option("--from", options->from, "Where the reviewer is from, as NG or NG+tiv");
  AddRuling(command, *options);
  command->add_option("--reason", options->reason, "Why");
  command->add_option("--file", options->file,
                      "JSON lines of {\"id\",\"version\"?,\"ruling\",\"reviewer\"?,\"from\"?,"
                      "\"reason\"?}: all or none");
}

void AddAgreement(CommandLine& line, CLI::App& review) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command =
      AddReviewPart(line, review,
                    {"agreement", "Say how far reviewers agree.",
                     "  mores guidelines review agreement --db mine.db", RunAgreement},
                    options);
  AddPlaces(command, *options);
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  command->add_flag("--json", options->json, "A list of objects");
}

void AddAdjudicate(CommandLine& line, CLI::App& review) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command =
      AddReviewPart(line, review,
                    {"adjudicate", "Settle a guideline once enough others have ruled on it.",
                     "  mores guidelines review adjudicate --db mine.db --reviewer cem --unanimous",
                     RunAdjudicate},
                    options);
  command->add_option("id", options->id, "The guideline");
  command->add_option("--reviewer", options->person, "Who settles it")->required();
  AddRuling(command, *options);
  command->add_option("--reason", options->reason, "Why");
  command->add_flag("--unanimous", options->unanimous,
                    "All guidelines whose rulings are enough, and the same");
  AddPlaces(command, *options);
}

void AddEnough(CommandLine& line, CLI::App& review) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command = AddReviewPart(
      line, review,
      {"enough", "Say or set how many others must rule before a guideline is settled.",
       "  mores guidelines review enough 3 --db mine.db --by cem --reason 'Our rule.'", RunEnough},
      options);
  command->add_option("number", options->enough, "From now on; without it, what it is")
      ->check(CLI::Range(size_t{1}, guidelines::kMostEnough));
  command->add_option("--by", options->person, "Who sets it");
  command->add_option("--reason", options->reason, "Why");
}

void AddObjection(CommandLine& line, CLI::App& review, const ReviewPart& part) {
  const auto options = std::make_shared<ReviewCommand>();
  CLI::App* command = AddReviewPart(line, review, part, options);
  command->add_option("id", options->id, "The guideline")->required();
  command->add_option("--by", options->person, "Who says so")->required();
  command->add_option("--reason", options->reason, "Why")->required();
}

}  // namespace

void AddGuidelinesReviewCommand(CommandLine& line, CLI::App& parent) {
  CLI::App* review = AddCommand(
      parent, {.name = "review",
               .summary = "Review guidelines by people: blind rulings, agreement, adjudication.",
               .example = std::string(kWritten) +
                          "  mores guidelines review next --db mine.db --reviewer ann"});
  review->require_subcommand(1);
  AddNext(line, *review);
  AddRule(line, *review);
  AddAgreement(line, *review);
  AddAdjudicate(line, *review);
  AddEnough(line, *review);
  const char* object =
      R"(  id=$(mores guidelines review next --db mine.db --reviewer ann --json | cut -d'"' -f 4)
  mores guidelines review )";
  static const std::string complain =
      object + std::string("complain $id --db mine.db --by dee --reason 'Not in my village.'");
  static const std::string withdraw =
      object + std::string("withdraw $id --db mine.db --by dee --reason 'It was repealed.'");
  AddObjection(line, *review,
               {"complain", "Contest a guideline until it is adjudicated.", complain.c_str(),
                [](const ReviewCommand& command) {
                  return RunObjection(command, app::Objection::kComplaint);
                }});
  AddObjection(line, *review,
               {"withdraw", "Withdraw a guideline for good.", withdraw.c_str(),
                [](const ReviewCommand& command) {
                  return RunObjection(command, app::Objection::kWithdrawal);
                }});
}

}  // namespace mores::cli
