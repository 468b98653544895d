// Runs the cases in tests/cli/*.test against the built `mores`.
//
//   # comment
//   case NAME            starts a case; cases of one file share a directory, made for the file
//   file NAME            writes the lines up to "end" as a file
//   run                  shell lines up to the next of these words; $MODEL is a toy model
//                        directory, $SOURCE the repository, $EMBEDDER an endpoint that makes
//                        vectors
//   exit N               the exit code, 0 if not given
//   stdout | stderr      the whole output, lines up to "end"; {*} stands for anything in a line.
//                        Not given: not looked at. Lines of progress are left out.
//   contains stdout | contains stderr    as above, each line must be found in that order
//   exists NAME | absent NAME            a file, after the run
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support/base/test_directory.h"
#include "support/chat/fake_server.h"
#include "support/cli/toy_model.h"
#include "support/guidelines/fake_embedder.h"

namespace mores::cli {
namespace {

enum class Match { kIgnored, kWhole, kContains };

struct Output {
  Match match = Match::kIgnored;
  std::vector<std::string> lines;
};

struct Case {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;
  std::string commands;
  int exit_code = 0;
  Output standard_output, standard_error;
  std::vector<std::string> exists, absent;
};

std::vector<std::string> Lines(const std::string& bytes) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t end; (end = bytes.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(bytes.substr(begin, end - begin));
  }
  if (begin < bytes.size()) lines.push_back(bytes.substr(begin));
  return lines;
}

class CaseParser {
 public:
  explicit CaseParser(const std::string& bytes) : lines_(Lines(bytes)) {}

  std::vector<Case> Parse() {
    while (next_ < lines_.size()) ParseLine(lines_[next_++]);
    return std::move(cases_);
  }

 private:
  void ParseLine(const std::string& line) {
    if (line.empty() || line[0] == '#') return;
    const size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (word == "case") {
      cases_.push_back({.name = rest});
      return;
    }
    ASSERT_FALSE(cases_.empty()) << "a line before the first case: " << line;
    Case& current = cases_.back();
    if (word == "file") {
      std::string content;
      for (const std::string& text : Block()) content += text + "\n";
      current.files.emplace_back(rest, content);
    } else if (word == "run") {
      for (const std::string& text : Block()) current.commands += text + "\n";
    } else if (word == "exit") {
      current.exit_code = std::stoi(rest);
    } else if (word == "stdout") {
      current.standard_output = {Match::kWhole, Block()};
    } else if (word == "stderr") {
      current.standard_error = {Match::kWhole, Block()};
    } else if (line == "contains stdout") {
      current.standard_output = {Match::kContains, Block()};
    } else if (line == "contains stderr") {
      current.standard_error = {Match::kContains, Block()};
    } else if (word == "exists") {
      current.exists.push_back(rest);
    } else if (word == "absent") {
      current.absent.push_back(rest);
    } else {
      ADD_FAILURE() << "line " << next_ << ": unknown word: " << line;
    }
  }

  std::vector<std::string> Block() {
    std::vector<std::string> block;
    while (next_ < lines_.size() && lines_[next_] != "end") block.push_back(lines_[next_++]);
    EXPECT_LT(next_, lines_.size()) << "a block without its end";
    ++next_;
    return block;
  }

  std::vector<std::string> lines_;
  size_t next_ = 0;
  std::vector<Case> cases_;
};

bool MatchesLine(const std::string& pattern, const std::string& line) {
  constexpr std::string_view kAnything = "{*}";
  const size_t star = pattern.find(kAnything);
  if (star == std::string::npos) return pattern == line;
  if (line.compare(0, star, pattern, 0, star) != 0) return false;
  const std::string rest = pattern.substr(star + kAnything.size());
  for (size_t begin = star; begin <= line.size(); ++begin) {
    if (MatchesLine(rest, line.substr(begin))) return true;
  }
  return false;
}

bool Matches(const Output& wanted, const std::string& bytes) {
  std::vector<std::string> lines = Lines(bytes);
  // Progress appears where the machine is slow.
  std::erase_if(lines, [](const std::string& line) {
    return MatchesLine("{*}: {*}/{*} {*} ({*}%), {*} left", line);
  });
  if (wanted.match == Match::kIgnored) return true;
  if (wanted.match == Match::kWhole) {
    return std::equal(
        lines.begin(), lines.end(), wanted.lines.begin(), wanted.lines.end(),
        [](const auto& line, const auto& pattern) { return MatchesLine(pattern, line); });
  }
  size_t found = 0;
  for (const std::string& line : lines) {
    if (found < wanted.lines.size() && MatchesLine(wanted.lines[found], line)) ++found;
  }
  return found == wanted.lines.size();
}

std::vector<std::string> TestFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(MORES_SOURCE_DIR "/tests/cli")) {
    if (entry.path().extension() == ".test") files.push_back(entry.path().stem().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The toy model, made once for all files.
class ToyModelEnvironment : public ::testing::Environment {
 public:
  void SetUp() override {
    root_.emplace();
    const Status written = ToyModel::Write(directory());
    ASSERT_TRUE(written) << written.error().message;
  }
  void TearDown() override { root_.reset(); }
  std::string directory() const { return root_->path() + "/toy"; }

 private:
  std::optional<TestDirectory> root_;
};

ToyModelEnvironment* const kToyModel =
    static_cast<ToyModelEnvironment*>(::testing::AddGlobalTestEnvironment(new ToyModelEnvironment));

// An endpoint for --embed that knows words of shoes and of gifts.
class Embeddings {
 public:
  std::string address() const { return server_.base() + "#fake"; }

 private:
  chat::FakeServer::Answer Reply(const chat::FakeServer::Request& request) {
    const std::lock_guard lock(mutex_);
    const Json asked = *ParseJson(request.body, "request");
    const auto vectors =
        embedder_.Embed(asked["input"].get<std::vector<std::string>>(), text::TextRole::kDocument);
    Json data = Json::array();
    for (const text::Vector& vector : *vectors) data.push_back({{"embedding", vector}});
    return {.body = DumpJson({{"data", std::move(data)}})};
  }

  std::mutex mutex_;
  guidelines::FakeEmbedder embedder_{{{"shoes", "loafers"}, {"gift", "keepsake"}}};
  chat::FakeServer server_{
      [this](const chat::FakeServer::Request& request) { return Reply(request); }};
};

class CliTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { std::filesystem::create_directory(directory_ + "/work"); }

  std::string InWork(const std::string& name) const { return directory_ + "/work/" + name; }

  void Run(const Case& test) {
    for (const auto& [name, content] : test.files) {
      ASSERT_TRUE(WriteFileAtomically(InWork(name), content));
    }
    const std::string script = directory_ + "/script";
    ASSERT_TRUE(WriteFileAtomically(script, test.commands));
    const std::string command =
        "cd '" + directory_ + "/work' && env -u MORES_MODEL MORES_MODELS=none MODEL='" +
        kToyModel->directory() + "' EMBEDDER='" + embeddings_.address() + "' SOURCE='" +
        std::filesystem::absolute(MORES_SOURCE_DIR).string() + "' PATH='" +
        std::filesystem::absolute(MORES_BINARY_DIR).string() + "':\"$PATH\" sh '" + script +
        "' > '" + directory_ + "/stdout' 2> '" + directory_ + "/stderr' < /dev/null";
    const int status = std::system(command.c_str());
    const std::string standard_output = *ReadFile(directory_ + "/stdout");
    const std::string standard_error = *ReadFile(directory_ + "/stderr");
    EXPECT_EQ(WEXITSTATUS(status), test.exit_code) << "stdout:\n"
                                                   << standard_output << "stderr:\n"
                                                   << standard_error;
    EXPECT_TRUE(Matches(test.standard_output, standard_output)) << "stdout:\n" << standard_output;
    EXPECT_TRUE(Matches(test.standard_error, standard_error)) << "stderr:\n" << standard_error;
    for (const std::string& name : test.exists) {
      EXPECT_TRUE(std::filesystem::exists(InWork(name))) << name;
    }
    for (const std::string& name : test.absent) {
      EXPECT_FALSE(std::filesystem::exists(InWork(name))) << name;
    }
  }

  const TestDirectory temporary_;
  const std::string directory_ = temporary_.path();
  const Embeddings embeddings_;
};

TEST_P(CliTest, Cases) {
  const auto bytes = ReadFile(MORES_SOURCE_DIR "/tests/cli/" + GetParam() + ".test");
  ASSERT_TRUE(bytes) << bytes.error().message;
  const std::vector<Case> cases = CaseParser(*bytes).Parse();
  ASSERT_FALSE(cases.empty());
  for (const Case& test : cases) {
    SCOPED_TRACE(GetParam() + ": " + test.name);
    Run(test);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, CliTest, ::testing::ValuesIn(TestFiles()),
                         [](const auto& file) { return file.param; });

}  // namespace
}  // namespace mores::cli
