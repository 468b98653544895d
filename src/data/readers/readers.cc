#include "data/readers/readers.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/input_bytes.h"
#include "data/readers/reader_support.h"
#include "text/unicode.h"

namespace mores::data {
namespace {

// A source's file is in memory as a whole.
constexpr size_t kMostUnpacked = size_t{4} << 30;

struct KnownReader {
  std::string_view name;
  RecordReader read;
  std::string_view path;  // below the data root
};

constexpr std::array<KnownReader, 12> kReaders = {{
    {"cipherchat", ReadCipherChat, "train/cipherchat_pairs.jsonl"},
    {"cmoraleval", ReadCmoralEval, "train/cmoraleval"},
    {"cold", ReadCold, "train/cold"},
    {"diasafety", ReadDiaSafety, "train/diasafety"},
    {"jade_v3", ReadJade, "train/jade_v3/jade_v3_hard.jsonl"},
    {"jailbreakbench", ReadJailbreakBench, "train/jailbreakbench/attack-artifacts"},
    {"refusal_direction", ReadRefusalDirection, "train/refusal_direction/pipeline/runs"},
    {"safetext", ReadSafeText, "train/safetext/SafeText.json"},
    {"xguard", ReadXGuard, "train/xguard/xguard_train_curated_1k.jsonl"},
    {"csv", ReadGeneric, ""},
    {"json", ReadGeneric, ""},
    {"jsonl", ReadGeneric, ""},
}};

Status CheckWhere(const SourceRecipe& source, const std::vector<Record>& records) {
  for (const auto& wanted : source.where) {
    const std::string& note = wanted.first;
    const bool known = std::any_of(records.begin(), records.end(), [&](const Record& record) {
      return record.notes.contains(note);
    });
    if (!known) {
      return MakeError(ErrorKind::kInput, "source '{}': 'where': no record has a note {}",
                       source.name, Quoted(note));
    }
  }
  return {};
}

}  // namespace

std::string Inputs::FullPath(const std::string& relative) const {
  return root_.empty() ? relative : root_ + "/" + relative;
}

Expected<std::string> Inputs::Read(const std::string& relative) {
  const std::string path = FullPath(relative);
  MORES_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  files_.push_back({relative, Sha256Hex(bytes), static_cast<int64_t>(bytes.size())});
  MORES_ASSIGN_OR_RETURN(bytes, UnpackedText(std::move(bytes), path, kMostUnpacked));
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  if (const size_t bad = text::FirstInvalidUtf8(bytes); bad != std::string_view::npos) {
    const auto end = bytes.begin() + static_cast<ptrdiff_t>(bad);
    return MakeError(ErrorKind::kInput, "{}:{}: invalid UTF-8", path,
                     1 + std::count(bytes.begin(), end, '\n'));
  }
  return bytes;
}

Expected<std::vector<std::string>> Inputs::List(const std::string& relative) const {
  const std::string path = FullPath(relative);
  if (FileExists(path) && !DirectoryExists(path)) return std::vector<std::string>{relative};
  std::vector<std::string> found;
  std::error_code error;
  std::filesystem::recursive_directory_iterator it(path, error);
  for (; !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    found.push_back(relative + "/" + it->path().lexically_relative(path).generic_string());
  }
  if (error) {
    return MakeError(ErrorKind::kMissing, "{}: can't list: {}", path, error.message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Expected<std::vector<Record>> ReadSource(const SourceRecipe& source, Inputs& inputs) {
  const auto known = std::find_if(kReaders.begin(), kReaders.end(), [&](const KnownReader& reader) {
    return reader.name == source.reader;
  });
  if (known == kReaders.end()) {
    return MakeError(ErrorKind::kInput, "source '{}': unknown reader {} (known: {})", source.name,
                     Quoted(source.reader), ReaderNames());
  }
  SourceRecipe filled = source;
  if (filled.paths.empty() && !known->path.empty()) filled.paths.emplace_back(known->path);
  if (filled.paths.empty()) {
    return MakeError(ErrorKind::kInput, "source '{}': reader '{}' needs a 'path'", source.name,
                     source.reader);
  }
  MORES_ASSIGN_OR_RETURN(std::vector<Record> records, known->read(filled, inputs));
  MORES_RETURN_IF_ERROR(CheckWhere(source, records));
  int64_t number = 0;
  for (Record& record : records) {
    record.source = source.name;
    record.id = fmt::format("{}:{}", source.name, ++number);
    if (!source.licence.empty()) record.licence = source.licence;
    if (source.label_by) record.label_by = *source.label_by;
  }
  return records;
}

bool Matches(const Record& record, const std::map<std::string, std::vector<std::string>>& where) {
  return std::all_of(where.begin(), where.end(), [&](const auto& wanted) {
    const auto& [note, values] = wanted;
    const auto has = [&values = values](std::string_view value) {
      return std::find(values.begin(), values.end(), value) != values.end();
    };
    const auto it = record.notes.find(note);
    if (has(it == record.notes.end() ? std::string_view() : it->second)) return true;
    return note == "category" && record.category && has(Name(*record.category));
  });
}

std::string ReaderNames() {
  std::string names;
  for (const KnownReader& reader : kReaders) {
    if (!names.empty()) names += ", ";
    names += reader.name;
  }
  return names;
}

}  // namespace mores::data
