// Records on their way through curation (docs/formats/curation.md): dialogues with whatever stands
// beside them, and where each came from.
#ifndef MORES_CURATE_RECORD_H_
#define MORES_CURATE_RECORD_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "chat/task.h"
#include "format/dialogue.h"

namespace mores::curate {

struct Record {
  format::Dialogue dialogue;  // `expected` is the record's label; `input` is null
  // {"id","messages","label"?,"place"?,"rules"?} and everything else that the record came with,
  // under its own name.
  Json fields;
  text::Language lang = text::Language::kOther;  // as format::LanguageOf says
};

// A dialogue, or a verdict (no messages of its own, but an `input`): its dialogue with the
// verdict's label (none where it is unparsed), and the verdict itself under `verdict`. kInput with
// `where`.
Expected<Record> ParseRecord(const Json& value, std::string_view where, int64_t number);

// JSON lines of dialogues or verdicts, or one JSON array of dialogues (not from standard input).
// Stops at the first bad record with a kInput error that names file and line; ids are unique; an
// empty file is an error. Lines that say that judging failed, and dialogues that nobody can judge,
// are left out and counted in `failed`.
Expected<std::vector<Record>> ReadRecords(const std::string& path, int64_t& failed);

// Identity of what was read, whatever file or pipe it came from.
std::string ContentHash(std::span<const Record> records);

// The field `source`, where it is a text; else "".
std::string SourceOf(const Record& record);

// What tasks are told of it: `dialogue` up to the judged turn, and `rules` where it has its own.
Json MaterialOf(const Record& record);

// {"model","task","task_hash"}: what wrote something.
Json GeneratorOf(std::string_view model, const chat::Task& task);
// "human": the generator of what no model wrote.
Json HumanGenerator();

// The record with the fields in `ours` written over its own, and `origin`: {"file","id"} and each
// earlier value that was written over, an earlier origin included.
// REQUIRES: `ours` is an object.
Json Derive(const Record& record, const std::string& file, const Json& ours);

}  // namespace mores::curate

#endif  // MORES_CURATE_RECORD_H_
