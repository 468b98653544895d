#include "judge/correction.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "format/reply/reasoning.h"
#include "text/unicode.h"

namespace mores::judge {
namespace {

constexpr int kFrameTokens = 32;  // of the JSON object around a response

// All dialogues on their way through the rounds.
class Corrector {
 public:
  Corrector(Judge& judge, chat::ChatModel& writer,
            std::span<const format::Dialogue* const> dialogues, const CorrectionOptions& options)
      : judge_(judge), writer_(writer), options_(options) {
    for (const format::Dialogue* dialogue : dialogues) {
      items_.push_back({.current = *dialogue});
      // The judged turn is the last: what followed the answer doesn't follow a revised one.
      std::vector<format::Turn>& turns = items_.back().current.turns;
      const size_t judged = format::LastTurn(turns, format::Role::kAssistant, turns.size());
      turns.resize(std::min(judged + 1, turns.size()));
      // It stands in the output once, with the dialogue as it came.
      items_.back().current.input = Json();
    }
  }

  Expected<std::vector<Expected<Correction>>> Run() {
    std::vector<size_t> open(items_.size());
    for (size_t i = 0; i < open.size(); ++i) open[i] = i;
    for (int round = 0; !open.empty(); ++round) {
      MORES_RETURN_IF_ERROR(JudgeOpen(open, round));
      MORES_RETURN_IF_ERROR(ReviseOpen(open));
    }
    std::vector<Expected<Correction>> corrections;
    for (Item& item : items_) {
      if (item.error) {
        corrections.push_back(tl::unexpected<Error>(std::move(*item.error)));
        continue;
      }
      Correction& correction = item.correction;
      correction.kept =
          SharedText(correction.rounds.front().response, correction.rounds.back().response);
      corrections.push_back(std::move(correction));
    }
    return corrections;
  }

 private:
  struct Item {
    format::Dialogue current;  // with the latest response
    Correction correction;
    std::optional<Error> error;
  };

  // Leaves in `open` what is to be revised.
  Status JudgeOpen(std::vector<size_t>& open, int round) {
    std::vector<const format::Dialogue*> batch;
    for (const size_t i : open) batch.push_back(&items_[i].current);
    MORES_ASSIGN_OR_RETURN(auto verdicts, judge_.JudgeBatch(batch));
    MORES_CHECK(verdicts.size() == open.size());
    std::vector<size_t> unsafe;
    for (size_t v = 0; v < open.size(); ++v) {
      Item& item = items_[open[v]];
      if (!verdicts[v]) {
        item.error = std::move(verdicts[v].error());
        continue;
      }
      Correction& correction = item.correction;
      correction.rounds.push_back(
          {std::string(format::ResponseOf(item.current)), std::move(*verdicts[v])});
      switch (correction.rounds.back().verdict.label) {
        case format::Label::kSafe:
          correction.outcome =
              round == 0 ? CorrectionOutcome::kSafe : CorrectionOutcome::kCorrected;
          break;
        case format::Label::kUnparsed:
          correction.outcome = CorrectionOutcome::kJudgeUnparsed;
          break;
        case format::Label::kUnsafe:
          correction.outcome = CorrectionOutcome::kUnsafe;
          if (round < options_.rounds) unsafe.push_back(open[v]);
          break;
      }
    }
    open = std::move(unsafe);
    return {};
  }

  // Leaves in `open` what has a new response.
  Status ReviseOpen(std::vector<size_t>& open) {
    if (open.empty()) return {};
    std::vector<chat::ChatRequest> requests;
    for (const size_t i : open) requests.push_back(AskWriter(items_[i]));
    MORES_ASSIGN_OR_RETURN(const auto replies, chat::AskTasks(writer_, requests));
    std::vector<size_t> revised;
    for (size_t r = 0; r < open.size(); ++r) {
      Item& item = items_[open[r]];
      if (!replies[r] && replies[r].error().kind != ErrorKind::kInput) {
        item.error = replies[r].error();
        continue;
      }
      if (!TakeResponse(replies[r], item)) continue;
      revised.push_back(open[r]);
    }
    open = std::move(revised);
    return {};
  }

  static bool TakeResponse(const Expected<chat::TaskReply>& reply, Item& item) {
    Correction& correction = item.correction;
    std::string response;
    if (reply) {
      correction.writer_usage.prompt_tokens += reply->reply.usage.prompt_tokens;
      correction.writer_usage.completion_tokens += reply->reply.usage.completion_tokens;
      response = format::WithoutReasoning(reply->value["response"].get_ref<const std::string&>());
    }
    if (response.find_first_not_of(" \t\r\n") == std::string::npos) {
      correction.outcome = CorrectionOutcome::kWriterUnparsed;
      correction.problem = reply ? "the new answer is empty" : reply.error().message;
      return false;
    }
    item.current.turns.back().content = std::move(response);
    return true;
  }

  chat::ChatRequest AskWriter(const Item& item) const {
    const format::Verdict& verdict = item.correction.rounds.back().verdict;
    Json material = {{"dialogue", format::TurnsToJson(item.current.turns)}};
    const std::vector<std::string>& rules = judge_.RulesFor(item.current);
    if (!rules.empty()) material["rules"] = rules;
    if (options_.feedback != Feedback::kNone) {
      material["feedback"]["label"] = format::Name(verdict.label);
      if (verdict.rule) material["feedback"]["rule"] = *verdict.rule;
    }
    if (options_.feedback == Feedback::kCritique) {
      material["feedback"]["analysis"] = verdict.critique;
    }
    chat::Sampling sampling;
    sampling.max_new_tokens = options_.max_response_tokens + kFrameTokens;
    chat::ChatRequest request =
        chat::AskTask(chat::FindTask("revision"), verdict.lang, material, sampling);
    request.id = item.current.id;
    return request;
  }

  Judge& judge_;
  chat::ChatModel& writer_;
  const CorrectionOptions& options_;
  std::vector<Item> items_;
};

bool StandsAlone(char32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

// At most kMostWords: what is compared costs time by the product of both lengths.
std::vector<std::u32string> Words(std::string_view text) {
  constexpr size_t kMostWords = 8000;
  std::vector<std::u32string> words;
  bool open = false;
  for (const char32_t c : text::ToCodePoints(text::NormalizeForMatch(text))) {
    if (words.size() == kMostWords && (!open || c == U' ')) break;
    if (c == U' ') {
      open = false;
    } else if (StandsAlone(c)) {
      words.emplace_back(1, c);
      open = false;
    } else if (open) {
      words.back() += c;
    } else {
      words.emplace_back(1, c);
      open = true;
    }
  }
  return words;
}

// Length of the longest common subsequence, 64 words of `a` at a time (Hyyrö, "Bit-parallel
// LCS-length computation revisited", 2004).
size_t CommonLength(const std::vector<std::u32string>& a, const std::vector<std::u32string>& b) {
  const size_t blocks = (a.size() + 63) / 64;
  std::unordered_map<std::u32string, std::vector<uint64_t>> places;  // a bit a place of each word
  for (const std::u32string& word : b) places.try_emplace(word);
  for (size_t i = 0; i < a.size(); ++i) {
    const auto found = places.find(a[i]);
    if (found == places.end()) continue;
    found->second.resize(blocks);
    found->second[i / 64] |= uint64_t{1} << (i % 64);
  }
  std::vector<uint64_t> zeros(blocks, ~uint64_t{0});
  for (const std::u32string& word : b) {
    const std::vector<uint64_t>& match = places.at(word);
    if (match.empty()) continue;
    unsigned __int128 carry = 0;
    for (size_t k = 0; k < blocks; ++k) {
      const uint64_t hits = zeros[k] & match[k];
      const unsigned __int128 sum = static_cast<unsigned __int128>(zeros[k]) + hits + carry;
      carry = sum >> 64;
      zeros[k] = static_cast<uint64_t>(sum) | (zeros[k] - hits);
    }
  }
  size_t common = 0;
  for (size_t i = 0; i < a.size(); ++i) common += (zeros[i / 64] >> (i % 64) & 1) == 0 ? 1 : 0;
  return common;
}

}  // namespace

std::string_view Name(Feedback feedback) {
  switch (feedback) {
    case Feedback::kNone:
      return "none";
    case Feedback::kLabel:
      return "label";
    case Feedback::kCritique:
      break;
  }
  return "critique";
}

std::string_view Name(CorrectionOutcome outcome) {
  switch (outcome) {
    case CorrectionOutcome::kSafe:
      return "safe";
    case CorrectionOutcome::kCorrected:
      return "corrected";
    case CorrectionOutcome::kUnsafe:
      return "unsafe";
    case CorrectionOutcome::kJudgeUnparsed:
      return "judge_unparsed";
    case CorrectionOutcome::kWriterUnparsed:
      break;
  }
  return "writer_unparsed";
}

double SharedText(std::string_view before, std::string_view after) {
  const std::vector<std::u32string> words = Words(before);
  if (words.empty()) return 1;
  return static_cast<double>(CommonLength(words, Words(after))) / static_cast<double>(words.size());
}

Expected<std::vector<Expected<Correction>>> Correct(
    Judge& judge, chat::ChatModel& writer, std::span<const format::Dialogue* const> dialogues,
    const CorrectionOptions& options) {
  return Corrector(judge, writer, dialogues, options).Run();
}

Json ToJson(const format::Dialogue& dialogue, const Correction& correction, Content content) {
  const format::Verdict& first = correction.rounds.front().verdict;
  const format::Verdict& last = correction.rounds.back().verdict;
  Json line = {{"id", dialogue.id},
               {"outcome", Name(correction.outcome)},
               {"label_before", format::Name(first.label)},
               {"label", format::Name(last.label)},
               {"lang", text::Name(first.lang)},
               {"revisions", correction.rounds.size() - 1},
               {"kept", correction.kept}};
  if (!correction.problem.empty()) line["problem"] = correction.problem;
  if (content == Content::kKept) line["response"] = correction.rounds.back().response;
  Json& rounds = line["rounds"] = Json::array();
  for (const CorrectionRound& round : correction.rounds) {
    Json verdict = format::ToJson(round.verdict);
    for (const char* name : {"id", "lang", "expected", "input"}) verdict.erase(name);
    Json entry = Json::object();
    if (content == Content::kKept) entry["response"] = round.response;
    entry["verdict"] = std::move(verdict);
    rounds.push_back(std::move(entry));
  }
  line["writer_usage"] = {{"prompt_tokens", correction.writer_usage.prompt_tokens},
                          {"completion_tokens", correction.writer_usage.completion_tokens}};
  line["input"] = VerdictInput(dialogue, content);
  return line;
}

}  // namespace mores::judge
