// A language model as judge of AIUs (MakeChatJudge in meta/aiu_judge.h).
#include <algorithm>
#include <utility>

#include "chat/task.h"
#include "meta/aiu_judge.h"
#include "text/unicode.h"

namespace mores::meta {
namespace {

constexpr int kExtractionTokens = 1024, kRulingTokens = 256;

chat::Sampling Greedily(int max_new_tokens) {
  chat::Sampling sampling;
  sampling.max_new_tokens = max_new_tokens;
  sampling.temperature = 0;
  return sampling;
}

bool IsBlank(std::string_view utf8) { return text::NormalizeForMatch(utf8).empty(); }

// A reply of a task, the reason why it can't be read, or the failure of the request. AskTasks tells
// the last two apart by kind; a backend that fails a request as kInput must not pass for a reply.
struct Asked {
  Expected<Json> value;
  bool request_failed = false;
};

Expected<std::vector<Asked>> Ask(chat::ChatModel& model,
                                 std::span<const chat::ChatRequest> requests) {
  if (requests.empty()) return std::vector<Asked>();
  std::vector<bool> request_failed(requests.size());
  MORES_ASSIGN_OR_RETURN(
      auto replies,
      chat::AskTasks(model, requests, [&](size_t index, const Expected<chat::ChatReply>& reply) {
        request_failed[index] = !reply;
      }));
  std::vector<Asked> asked;
  asked.reserve(replies.size());
  for (size_t i = 0; i < replies.size(); ++i) {
    asked.push_back(
        {std::move(replies[i]).map([](chat::TaskReply&& reply) { return std::move(reply.value); }),
         request_failed[i]});
  }
  return asked;
}

Error FailureOf(const Asked& asked) {
  Error error = asked.value.error();
  if (error.kind == ErrorKind::kInput) error.kind = ErrorKind::kIo;
  return error;
}

Expected<std::vector<std::string>> AiusOf(const Asked& asked) {
  if (asked.request_failed) return tl::unexpected<Error>(FailureOf(asked));
  if (!asked.value) return MakeError(ErrorKind::kInput, "{}", asked.value.error().message);
  std::vector<std::string> aius;
  for (const Json& aiu : (*asked.value)["aius"]) {
    std::string text = aiu.get<std::string>();
    if (!IsBlank(text)) aius.push_back(std::move(text));
  }
  return aius;
}

Ruling RulingOf(const Asked& asked) {
  Ruling ruling;
  if (asked.request_failed) {
    ruling.failure = FailureOf(asked);
  } else if (!asked.value) {
    ruling.analysis = asked.value.error().message;
  } else {
    const bool correct = (*asked.value)["correct"].get<bool>();
    ruling.outcome = correct ? RulingOutcome::kCorrect : RulingOutcome::kIncorrect;
    ruling.analysis = (*asked.value)["analysis"].get<std::string>();
  }
  return ruling;
}

class ChatJudge : public AiuJudge {
 public:
  explicit ChatJudge(chat::ChatModel& model) : model_(model) {}

  std::string name() const override { return model_.name(); }

  Json fingerprint() const override {
    Json json = {{"judge", name()}};
    for (const chat::Task* task : {&extraction_, &precision_, &recall_}) {
      json[task->name] = task->hash;
    }
    json["extraction_tokens"] = kExtractionTokens;
    json["ruling_tokens"] = kRulingTokens;
    return json;
  }

  Expected<std::vector<Expected<std::vector<std::string>>>> Extract(
      std::span<const CritiqueItem* const> items) override {
    std::vector<chat::ChatRequest> requests;
    std::vector<size_t> asked_items;
    for (size_t i = 0; i < items.size(); ++i) {
      if (IsBlank(items[i]->critique)) continue;
      requests.push_back(chat::AskTask(extraction_, items[i]->lang,
                                       {{"critique", items[i]->critique}},
                                       Greedily(kExtractionTokens)));
      requests.back().id = items[i]->id + "/extraction";
      asked_items.push_back(i);
    }
    MORES_ASSIGN_OR_RETURN(const std::vector<Asked> asked, Ask(model_, requests));
    std::vector<Expected<std::vector<std::string>>> extracted(items.size());
    for (size_t i = 0; i < asked.size(); ++i) extracted[asked_items[i]] = AiusOf(asked[i]);
    return extracted;
  }

  Expected<std::vector<Ruling>> RuleOnPrecision(std::span<const Claim> claims) override {
    return Rule(precision_, claims, [](const Claim& claim) {
      return Json{{"dialogue", format::TurnsToJson(claim.item->dialogue.turns)},
                  {"statement", claim.aiu}};
    });
  }

  Expected<std::vector<Ruling>> RuleOnRecall(std::span<const Claim> claims) override {
    // A blank critique states nothing: that needs no asking.
    std::vector<Ruling> rulings(claims.size(),
                                {RulingOutcome::kIncorrect, "the critique is empty"});
    std::vector<Claim> open;
    std::vector<size_t> open_claims;
    for (size_t i = 0; i < claims.size(); ++i) {
      if (IsBlank(claims[i].item->critique)) continue;
      open.push_back(claims[i]);
      open_claims.push_back(i);
    }
    MORES_ASSIGN_OR_RETURN(
        std::vector<Ruling> asked, Rule(recall_, open, [](const Claim& claim) {
          return Json{{"critique", claim.item->critique}, {"statement", claim.aiu}};
        }));
    for (size_t i = 0; i < asked.size(); ++i) rulings[open_claims[i]] = std::move(asked[i]);
    return rulings;
  }

 private:
  template <class MaterialOf>
  Expected<std::vector<Ruling>> Rule(const chat::Task& task, std::span<const Claim> claims,
                                     const MaterialOf& material_of) {
    std::vector<chat::ChatRequest> requests;
    requests.reserve(claims.size());
    for (size_t i = 0; i < claims.size(); ++i) {
      const CritiqueItem& item = *claims[i].item;
      requests.push_back(
          chat::AskTask(task, item.lang, material_of(claims[i]), Greedily(kRulingTokens)));
      requests.back().id = item.id + "/" + task.name;
    }
    MORES_ASSIGN_OR_RETURN(const std::vector<Asked> asked, Ask(model_, requests));
    std::vector<Ruling> rulings;
    rulings.reserve(asked.size());
    for (const Asked& one : asked) rulings.push_back(RulingOf(one));
    return rulings;
  }

  chat::ChatModel& model_;
  const chat::Task& extraction_ = chat::FindTask("aiu_extraction");
  const chat::Task& precision_ = chat::FindTask("aiu_precision");
  const chat::Task& recall_ = chat::FindTask("aiu_recall");
};

}  // namespace

std::unique_ptr<AiuJudge> MakeChatJudge(chat::ChatModel& model) {
  return std::make_unique<ChatJudge>(model);
}

}  // namespace mores::meta
