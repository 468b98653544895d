#include "job/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>

#include "base/files.h"
#include "base/json.h"

namespace mores::job {
namespace {

constexpr size_t kLookedAt = size_t{64} << 10;

bool StartsWithWord(std::string_view text, std::string_view lower) {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) {
           return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
         });
}

// What stands in lines of ours and of those that people feed in, not in documents.
bool IsLineOfMany(const Json& value) {
  constexpr std::array kMembers = {"id", "messages", "query", "prompt", "text", "label"};
  return value.is_object() && std::any_of(kMembers.begin(), kMembers.end(),
                                          [&](const char* name) { return value.contains(name); });
}

FileKind KindOfJson(std::string_view text) {
  const size_t end = text.find('\n');
  const std::string_view first = text.substr(0, end);
  const bool more = end != std::string_view::npos &&
                    text.find_first_not_of(" \t\r\n", end) != std::string_view::npos;
  // A line that is longer than what was looked at.
  if (end == std::string_view::npos && text.size() >= kLookedAt / 2) {
    const auto has = [&](std::string_view what) { return text.find(what) != text.npos; };
    if (text.starts_with("{\"id\"") || has("\"messages\":")) return FileKind::kJsonLines;
    return has("\"kind\":\"mores-") ? FileKind::kJson : FileKind::kJsonLine;
  }
  const Expected<Json> value = ParseJson(first, "");
  if (!value) return FileKind::kJson;  // goes on in the next line
  if (more) return FileKind::kJsonLines;
  if (value->is_object() && value->contains("kind") && (*value)["kind"].is_string() &&
      (*value)["kind"].get<std::string>().starts_with("mores-")) {
    return FileKind::kJson;
  }
  return IsLineOfMany(*value) ? FileKind::kJsonLines : FileKind::kJsonLine;
}

}  // namespace

FileKind KindOf(std::string_view beginning) {
  if (beginning.empty()) return FileKind::kNothing;
  if (beginning.starts_with("SQLite format 3")) return FileKind::kDatabase;
  if (beginning.find('\0') != std::string_view::npos) return FileKind::kBytes;
  std::string_view text = beginning;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return FileKind::kText;
  text.remove_prefix(start);
  if (StartsWithWord(text, "<!doctype html") || StartsWithWord(text, "<html")) {
    return FileKind::kPage;
  }
  if (text.starts_with("<?xml")) return FileKind::kXml;
  if (text.front() == '{' || text.front() == '[') return KindOfJson(text);
  return FileKind::kText;
}

FileKind KindOfFile(const std::string& path) {
  if (IsStream(path) || !FileExists(path)) return FileKind::kNothing;
  std::ifstream file(path, std::ios::binary);
  std::string beginning(kLookedAt, '\0');
  file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  beginning.resize(static_cast<size_t>(file.gcount()));
  return KindOf(beginning);
}

std::string_view Describe(FileKind kind) {
  switch (kind) {
    case FileKind::kNothing:
      return "nothing";
    case FileKind::kJsonLine:
    case FileKind::kJson:
      return "a JSON document";
    case FileKind::kJsonLines:
      return "JSON lines";
    case FileKind::kPage:
      return "a page";
    case FileKind::kXml:
      return "XML";
    case FileKind::kDatabase:
      return "a database";
    case FileKind::kText:
      return "text";
    case FileKind::kBytes:
      return "bytes of another kind";
  }
  return "";
}

Status CheckReplaces(const std::string& path, FileKind wanted) {
  const FileKind there = KindOfFile(path);
  const bool line = wanted == FileKind::kJson || wanted == FileKind::kJsonLines;
  if (there == FileKind::kNothing || there == wanted || (line && there == FileKind::kJsonLine)) {
    return {};
  }
  return MakeError(ErrorKind::kUsage, "{}: holds {}, and {} would be written over it", path,
                   Describe(there), Describe(wanted));
}

}  // namespace mores::job
