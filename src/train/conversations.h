// Conversations that `mores train sft` learns, as people write them (docs/formats/sft.md), and
// their tokens.
#ifndef MORES_TRAIN_CONVERSATIONS_H_
#define MORES_TRAIN_CONVERSATIONS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"
#include "train/examples.h"
#include "train/turn_tokens.h"

namespace mores::train {

// What a file of examples holds, by its first record: a judge's records, which have a label or a
// completion beside a dialogue, or conversations.
enum class SftFileKind { kJudge, kConversations };
Expected<SftFileKind> KindOfSftFile(const std::string& path);

struct ConversationRecord {
  std::string id;      // the caller's, else the line's number
  std::string where;   // "FILE:7", for errors
  std::string source;  // "" where it says none
  double weight = 1;
  std::string verdict_field;  // one that looks like a judge's label under another name, or ""

  // As a chat template takes them (train/messages.h), the last turn the assistant's, and its
  // further variables. Empty: plain text.
  Json messages = Json::array();
  std::vector<size_t> learned;  // which of them can be learned: at least one, the last of all
  Json variables = Json::object();

  std::string prompt, completion;  // of plain text
};

// {"messages"}, {"conversations"} of ShareGPT, {"prompt","completion"} as texts or messages,
// Alpaca's {"instruction","input","output"}. Lines of JSON or one array, plain or packed. kInput,
// with file, line and field, for the first line that is none, or one of another form than the
// first's.
Expected<std::vector<ConversationRecord>> ReadConversations(const std::string& path);

// What a person should know of conversations read from `path`: that nothing of them is judged.
std::string NoteOf(std::span<const ConversationRecord> records, const std::string& path);

enum class LearnedTurns { kAll, kLast };

struct ConversationTokenOptions {
  LearnedTurns turns = LearnedTurns::kAll;
  int64_t max_length = 1024;
  TurnTokenizerOptions model;
};

// Checked as TurnTokenizer has it; `learned` of the examples is set. What is too long loses its end
// where all turns are learned, so that what is learned has all that stood before it; where it is
// one, the prompt is shortened (train/shorten.h), then the turn's end goes. An example of which
// nothing that is learned is left is left out, and counted. Errors are "WHERE: record ID: ...".
Expected<ExampleSet> TokenizeConversations(std::span<const ConversationRecord> records,
                                           const text::ModelTexts& texts,
                                           const text::Tokenizer& tokenizer,
                                           const ConversationTokenOptions& options);

}  // namespace mores::train

#endif  // MORES_TRAIN_CONVERSATIONS_H_
