#include "data/decontaminate.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/json.h"
#include "data/near_duplicates.h"
#include "data/readers/reader_support.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

constexpr size_t kChunk = 512;

bool IsBlank(std::string_view content) {
  return content.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos ||
         text::FitColumns(content, 8).find_first_not_of(' ') == std::string::npos;
}

// What two records must share to be the same.
std::string Identity(const Item& item) {
  std::string identity;
  for (size_t i = 0; i < item.record.turns.size(); ++i) {
    identity += static_cast<char>('0' + static_cast<int>(item.record.turns[i].role));
    // Normalised text holds no control characters, so "\x01" keeps the two kinds apart.
    identity +=
        item.normalized[i].empty() ? "\x01" + item.record.turns[i].content : item.normalized[i];
    identity += '\0';
  }
  return identity;
}

std::string JoinTurns(const std::vector<std::string>& normalized) {
  std::string joined;
  for (const std::string& turn : normalized) {
    if (turn.empty()) continue;
    if (!joined.empty()) joined += ' ';
    joined += turn;
  }
  return joined;
}

// One side of the comparison: exact strings and their near-duplicate index.
class TextIndex {
 public:
  TextIndex(const std::vector<std::string>& texts, int permille)
      : exact_(texts.begin(), texts.end()), near_(Grams(exact_), permille) {
    exact_.erase("");
  }
  bool Equals(const std::string& text) const { return exact_.contains(text); }
  bool IsNear(const std::string& text) const { return near_.HasMatch(CharacterGrams(text)); }

 private:
  static std::vector<GramSet> Grams(const std::unordered_set<std::string>& texts) {
    std::vector<GramSet> grams;
    for (const std::string& text : texts) grams.push_back(CharacterGrams(text));
    return grams;
  }
  std::unordered_set<std::string> exact_;
  NearDuplicateIndex near_;
};

struct TestIndex {
  TextIndex queries, responses, pairs;
};

bool AnyTurn(const Item& item, format::Role role,
             const std::function<bool(const std::string&)>& test) {
  for (size_t i = 0; i < item.normalized.size(); ++i) {
    if (item.record.turns[i].role == role && test(item.normalized[i])) return true;
  }
  return false;
}

Fate FateOf(const Item& item, const TestIndex& tests) {
  using format::Role;
  const auto equals = [](const TextIndex& index) {
    return [&](const std::string& text) { return index.Equals(text); };
  };
  const auto near = [](const TextIndex& index) {
    return [&](const std::string& text) { return index.IsNear(text); };
  };
  if (AnyTurn(item, Role::kUser, equals(tests.queries))) return Fate::kTestQuery;
  if (AnyTurn(item, Role::kAssistant, equals(tests.responses))) return Fate::kTestResponse;
  if (AnyTurn(item, Role::kUser, near(tests.queries))) return Fate::kNearTestQuery;
  if (AnyTurn(item, Role::kAssistant, near(tests.responses))) return Fate::kNearTestResponse;
  if (tests.pairs.IsNear(JoinTurns(item.normalized))) return Fate::kNearTestPair;
  return Fate::kKept;
}

Status AddTestItem(const JsonFields& fields, TestTexts& texts) {
  std::vector<std::string> all;
  if (fields.object().contains("messages")) {
    MORES_ASSIGN_OR_RETURN(const format::Dialogue dialogue,
                           format::ParseDialogue(fields.object(), fields.where(), 1));
    for (const format::Turn& turn : dialogue.turns) {
      all.push_back(text::NormalizeForMatch(turn.content));
      if (turn.role == format::Role::kUser) texts.queries.push_back(all.back());
      if (turn.role == format::Role::kAssistant) texts.responses.push_back(all.back());
    }
  } else {
    const char* query = fields.object().contains("query") ? "query" : "prompt";
    MORES_ASSIGN_OR_RETURN(const std::string query_text, fields.RequiredString(query));
    MORES_ASSIGN_OR_RETURN(const std::string response, fields.RequiredString("response"));
    all = {text::NormalizeForMatch(query_text), text::NormalizeForMatch(response)};
    texts.queries.push_back(all[0]);
    texts.responses.push_back(all[1]);
  }
  texts.pairs.push_back(JoinTurns(all));
  return {};
}

}  // namespace

void Normalize(std::vector<Item>& items, ThreadPool& pool) {
  const size_t chunks = (items.size() + kChunk - 1) / kChunk;
  pool.ParallelFor(static_cast<int64_t>(chunks), [&](int64_t chunk) {
    const size_t begin = static_cast<size_t>(chunk) * kChunk;
    for (size_t i = begin; i < std::min(begin + kChunk, items.size()); ++i) {
      Item& item = items[i];
      if (!item.kept()) continue;
      for (const format::Turn& turn : item.record.turns) {
        item.normalized.push_back(text::NormalizeForMatch(turn.content));
      }
      if (IsBlank(item.record.response())) item.fate = Fate::kBlank;
      format::Dialogue dialogue;
      dialogue.turns = item.record.turns;
      item.record.lang = format::LanguageOf(dialogue);
    }
  });
}

void Deduplicate(std::vector<Item>& items) {
  struct Seen {
    format::Label label;
    bool conflict = false;
  };
  std::unordered_map<std::string, Seen> seen;
  for (const Item& item : items) {
    if (!item.kept()) continue;
    const auto [it, fresh] = seen.emplace(Identity(item), Seen{item.record.label});
    if (!fresh && it->second.label != item.record.label) it->second.conflict = true;
  }
  std::unordered_set<std::string> taken;
  for (Item& item : items) {
    if (!item.kept()) continue;
    std::string identity = Identity(item);
    if (seen.at(identity).conflict) {
      item.fate = Fate::kConflict;
    } else if (!taken.insert(std::move(identity)).second) {
      item.fate = Fate::kDuplicate;
    }
  }
}

Expected<TestTexts> ReadTestTexts(const std::vector<std::string>& files, Inputs& inputs) {
  TestTexts texts;
  for (const std::string& file : files) {
    const RecordVisitor visit = [&](const JsonFields& fields) {
      return AddTestItem(fields, texts);
    };
    if (file.ends_with(".jsonl")) {
      MORES_RETURN_IF_ERROR(ForEachLine(inputs, file, visit));
      continue;
    }
    MORES_ASSIGN_OR_RETURN(const std::string bytes, inputs.Read(file));
    const std::string path = inputs.FullPath(file);
    MORES_ASSIGN_OR_RETURN(const Json array, ParseJson(bytes, path));
    MORES_RETURN_IF_ERROR(ForEachItem(array, path, visit));
  }
  return texts;
}

void Decontaminate(const TestTexts& tests, int jaccard_permille, ThreadPool& pool,
                   const OnProgress& on_progress, std::vector<Item>& items) {
  const TestIndex index = {{tests.queries, jaccard_permille},
                           {tests.responses, jaccard_permille},
                           {tests.pairs, jaccard_permille}};
  // In rounds, so that progress is told from one thread.
  constexpr size_t kRound = 16 * kChunk;
  for (size_t start = 0; start < items.size(); start += kRound) {
    const size_t end = std::min(start + kRound, items.size());
    const size_t chunks = (end - start + kChunk - 1) / kChunk;
    pool.ParallelFor(static_cast<int64_t>(chunks), [&](int64_t chunk) {
      const size_t begin = start + static_cast<size_t>(chunk) * kChunk;
      for (size_t i = begin; i < std::min(begin + kChunk, end); ++i) {
        if (items[i].kept()) items[i].fate = FateOf(items[i], index);
      }
    });
    on_progress(end);
  }
}

}  // namespace mores::data
