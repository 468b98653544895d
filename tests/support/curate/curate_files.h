// Scripted replies, models that break down, and files, for the tests of src/curate.
#ifndef MORES_SUPPORT_CURATE_CURATE_FILES_H_
#define MORES_SUPPORT_CURATE_CURATE_FILES_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "chat/chat_model.h"
#include "curate/record.h"

namespace mores::curate {

// Answers by the first text of its table that the request's material holds; "!io" fails the
// request, and nothing fits where no text does.
class TableModel : public chat::ChatModel {
 public:
  using Table = std::vector<std::pair<std::string, std::string>>;
  explicit TableModel(std::string name, Table table = {})
      : name_(std::move(name)), table_(std::move(table)) {}

  std::string name() const override { return name_; }
  bool has_logprobs() const override { return !tokens.empty(); }
  chat::ChatTotals totals() const override { return {}; }

  Expected<std::vector<Expected<chat::ChatReply>>> Chat(std::span<const chat::ChatRequest> requests,
                                                        const OnReply&) override {
    if (calls_left == 0) return MakeError(ErrorKind::kIo, "the endpoint is gone");
    --calls_left;
    std::vector<Expected<chat::ChatReply>> replies;
    for (const chat::ChatRequest& request : requests) {
      materials.push_back(request.turns.back().content);
      instructions.push_back(request.turns.front().content);
      replies.push_back(Answer(materials.back()));
    }
    return replies;
  }

  int calls_left = -1;                                          // then the call fails; -1: never
  std::vector<std::string> materials, instructions;             // of what was asked
  std::map<std::string, std::vector<chat::ReplyToken>> tokens;  // by reply

 private:
  Expected<chat::ChatReply> Answer(const std::string& material) const {
    for (const auto& [text, reply] : table_) {
      if (material.find(text) == std::string::npos) continue;
      if (reply == "!io") return MakeError(ErrorKind::kIo, "connection reset");
      chat::ChatReply answer;
      answer.text = reply;
      if (const auto found = tokens.find(reply); found != tokens.end()) {
        answer.tokens = found->second;
      }
      return answer;
    }
    return MakeError(ErrorKind::kInput, "nothing fits");
  }

  std::string name_;
  Table table_;
};

class CurateTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return temporary_.path() + "/" + name; }

  std::string Write(const std::string& name, const std::string& bytes) const {
    EXPECT_TRUE(WriteFileAtomically(Path(name), bytes));
    return Path(name);
  }

  static Record MakeRecord(const std::string& json) {
    const auto record = ParseRecord(*ParseJson(json, "test"), "test:1", 1);
    EXPECT_TRUE(record) << record.error().message;
    return *record;
  }

  // Records of a file of JSON lines.
  std::vector<Record> Records(const std::string& lines) const {
    int64_t failed = 0;
    const auto records = ReadRecords(Write("in.jsonl", lines), failed);
    EXPECT_TRUE(records) << records.error().message;
    return records.value_or(std::vector<Record>());
  }

  std::vector<Json> Lines(const std::string& name) const {
    std::vector<Json> lines;
    const std::string bytes = ReadFile(Path(name)).value_or("<none>\n");
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t end = bytes.find('\n', begin);
      lines.push_back(*ParseJson(bytes.substr(begin, end - begin), name));
      begin = end + 1;
    }
    return lines;
  }

  static std::vector<std::string> Ids(const std::vector<Json>& lines) {
    std::vector<std::string> ids;
    for (const Json& line : lines) ids.push_back(line["id"]);
    return ids;
  }

  static std::vector<std::string> Reasons(const std::vector<Json>& lines) {
    std::vector<std::string> reasons;
    for (const Json& line : lines) reasons.push_back(line["rejected"]["reason"]);
    return reasons;
  }

  const TestDirectory temporary_;
};

}  // namespace mores::curate

#endif  // MORES_SUPPORT_CURATE_CURATE_FILES_H_
