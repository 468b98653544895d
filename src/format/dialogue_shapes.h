// The turns of a record in any of the shapes that dialogues are written in
// (docs/formats/dialogue.md).
#ifndef MORES_FORMAT_DIALOGUE_SHAPES_H_
#define MORES_FORMAT_DIALOGUE_SHAPES_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"

namespace mores::format {

struct FoundTurns {
  std::vector<Turn> turns;  // with an assistant turn
  // What stood in them that is no text, by its type: "image_url", "reasoning".
  std::map<std::string, int64_t> left_out;
  // Why nobody can judge them, though the record is sound; "" where they can.
  std::string unjudgeable;
  Json rest = Json::object();  // of the record, what was not read
};

// kInput for a record without a dialogue, and for one that holds two.
Expected<FoundTurns> FindTurns(const Json& record, std::string_view where);

// A list of messages, which may be empty; `field` names it in errors.
Expected<FoundTurns> ReadMessages(const Json& messages, const std::string& field,
                                  std::string_view where);

// `text` with U+FFFD in place of halves of surrogate pairs, which JsonOptions may have kept.
std::string WithoutLoneSurrogates(std::string_view text);

}  // namespace mores::format

#endif  // MORES_FORMAT_DIALOGUE_SHAPES_H_
