// Any file through any reader: the first byte picks the reader, the rest is the file. Records have
// a judged turn of valid text, a label and an id; errors are one line.
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "base/check.h"
#include "data/readers/readers.h"
#include "support/base/fuzz_input.h"
#include "text/unicode.h"

namespace {

struct Reader {
  const char* name;
  const char* path;  // some readers go by names
};

constexpr std::array<Reader, 12> kReaders = {{
    {"cipherchat", "cipherchat.jsonl"},
    {"cmoraleval", "cmoraleval_01_party_x.json"},
    {"cold", "test.csv"},
    {"diasafety", "train.json"},
    {"jade_v3", "jade.jsonl"},
    {"jailbreakbench", "method/model/artifact.json"},
    {"refusal_direction", "model/completions/jailbreakbench_baseline_evaluations.json"},
    {"safetext", "SafeText.json"},
    {"xguard", "xguard.jsonl"},
    {"csv", "any.csv"},
    {"json", "any.json"},
    {"jsonl", "any.jsonl"},
}};

// A folder in memory for this process.
const std::string& Root() {
  // Never destroyed: the removal at exit still reads it.
  static const std::string& root = *[] {
    const std::string path = "/dev/shm/mores-readers-fuzz-" + std::to_string(getpid());
    for (const Reader& reader : kReaders) {
      std::filesystem::create_directories(
          std::filesystem::path(path + "/" + reader.path).parent_path());
    }
    std::atexit([] { std::filesystem::remove_all(Root()); });
    return new std::string(path);
  }();
  return root;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Reader& reader = kReaders[data[0] % kReaders.size()];
  const std::string path = Root() + "/" + reader.path;
  std::ofstream(path, std::ios::binary) << mores::FuzzBytes(data + 1, size - 1);

  mores::data::SourceRecipe source;
  source.name = "fuzz";
  source.reader = reader.name;
  source.paths = {reader.path};
  source.fields = {.query = "query", .response = "response", .label = "meta.label"};
  if (data[0] >= 128) source.fields = {.messages = "messages", .label = "label", .notes = {"note"}};
  mores::data::Inputs inputs(Root());
  const auto records = mores::data::ReadSource(source, inputs);
  std::filesystem::remove(path);
  if (!records) {
    MORES_CHECK(records.error().message.find('\n') == std::string::npos);
    return 0;
  }
  std::set<std::string> ids;
  for (const mores::data::Record& record : *records) {
    MORES_CHECK(ids.insert(record.id).second);
    MORES_CHECK(!record.turns.empty());
    MORES_CHECK(record.turns.back().role == mores::format::Role::kAssistant);
    MORES_CHECK(record.label != mores::format::Label::kUnparsed);
    for (const auto& turn : record.turns) MORES_CHECK(mores::text::IsValidUtf8(turn.content));
  }
  return 0;
}
