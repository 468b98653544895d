// What scoring, generating and tokenizing share: JSON lines in, one line of JSON an item out, as a
// job.
#ifndef MORES_APP_ITEM_RUN_H_
#define MORES_APP_ITEM_RUN_H_

#include <functional>
#include <string>
#include <vector>

#include "app/model.h"
#include "app/run.h"
#include "base/error.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "chat/language_model.h"
#include "job/job.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::app {

struct ItemOptions {
  ModelOptions model;
  std::string input;
  std::string output = "-";
  job::JournalStart start = job::JournalStart::kResume;
};

struct ItemRun {
  std::string command;
  std::string unit = "items";
  std::vector<std::string> keys;      // filled by ReadItems
  std::vector<int64_t> costs;         // tokens of each item, or empty
  size_t batch_size = 256;            // items at most
  Json fingerprint = Json::object();  // beside the command, the input and the model's name
  std::string model_name;
  std::function<chat::ChatTotals()> totals;  // of the model, for the manifest; null: none is told
};

// CheckRunOutput of the options, before a model is loaded.
Status CheckItemRun(const ItemOptions& options);

// Reads JSON lines; `add` is called with each object and the "FILE:LINE" it came from. An item
// without an id gets its line number. kInput for a broken line, an id that repeats, an empty file.
using AddItem = std::function<Status(const Json& value, const std::string& where)>;
Status ReadItems(const std::string& path, ItemRun& run, const AddItem& add);

Expected<job::JobSummary> RunItems(const ItemRun& item_run, const ItemOptions& options,
                                   const job::BatchFunction& run, const Watch& watch);

// Ids of text as a model reads it: with the tokenizer's start token in front, where it has one.
enum class StartToken { kAdded, kLeftOut };
std::vector<int32_t> EncodeText(const std::string& utf8, const text::Tokenizer& tokenizer,
                                StartToken start);

// The name of the adapter that an item is to be computed with, or "" where it names none. kInput
// for one that the model doesn't have.
Expected<std::string> ParseAdapterName(const Json& value, const std::string& where,
                                       const chat::LanguageModel& model);

// An array of ids of a vocabulary; kInput names the entry that is none.
Expected<std::vector<int32_t>> ParseIds(const Json& value, const std::string& field,
                                        const std::string& where, int32_t vocab_size);

}  // namespace mores::app

#endif  // MORES_APP_ITEM_RUN_H_
