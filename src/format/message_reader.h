// One message of a list, as the APIs of chat models and ShareGPT write it, to turns.
#ifndef MORES_FORMAT_MESSAGE_READER_H_
#define MORES_FORMAT_MESSAGE_READER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"

namespace mores::format {

// Turns as they are read, with what may keep each from being judged.
class MessageReader {
 public:
  explicit MessageReader(std::string_view where) : where_(where) {}

  // A message: {"role","content","tool_calls"...}, {"from","value"}, or an item of a response.
  Status Add(const Json& message, const std::string& field);
  Status AddAll(const Json& messages, const std::string& field);
  // What a message of `role` says: a text, a list of parts, or null.
  Status AddContent(Role role, const Json& content, const std::string& field);
  // Items that one answer is made of become one assistant turn.
  Status AddAnswer(const Json& items, const std::string& field);
  void LeaveOut(const std::string& what, int64_t times = 1) { left_out_[what] += times; }

  const std::vector<Turn>& turns() const { return turns_; }
  std::vector<Turn> TakeTurns() { return std::move(turns_); }
  const std::map<std::string, int64_t>& left_out() const { return left_out_; }
  // Why the turns up to the judged one can't be judged; "": they can. There is an assistant turn.
  std::string Unjudgeable() const;

 private:
  // What a message is made of before it is a turn.
  struct Draft {
    Turn turn;
    std::vector<Turn> results;        // of tools, in a user's message
    std::vector<std::string> others;  // types of parts that are no text
    std::string torn;                 // the field with half a surrogate pair
  };
  struct Notes {
    std::string torn, others;
  };

  Expected<Role> RoleOf(const Json& message, const std::string& field) const;
  Status AddItem(const Json& item, std::string_view type, const std::string& field);
  Expected<std::string> Text(const Json& value, const std::string& field, Draft& draft);
  Status Content(const Json& content, const std::string& field, Draft& draft);
  Status Part(const Json& part, const std::string& field, Draft& draft);
  Status ToolResult(const Json& part, const std::string& field, Draft& draft);
  Status Calls(const Json& message, const std::string& field, Draft& draft);
  Status Call(const Json& call, const std::string& field, Draft& draft);
  void CountReasoning(const Json& message);
  void Push(Draft draft, const std::string& field);

  const std::string_view where_;
  std::vector<Turn> turns_;
  std::vector<Notes> notes_;  // one a turn
  std::map<std::string, int64_t> left_out_;
};

}  // namespace mores::format

#endif  // MORES_FORMAT_MESSAGE_READER_H_
