#include "job/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>

#include "base/files.h"
#include "base/json.h"
#include "job/document.h"
#include "job/journal.h"

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
  const Expected<Json> value = ParseJson(first, "", kJournalJson);
  if (!value) return FileKind::kJson;  // goes on in the next line
  if (more) return FileKind::kJsonLines;
  if (value->is_object() && value->contains("kind") && (*value)["kind"].is_string() &&
      (*value)["kind"].get<std::string>().starts_with("mores-")) {
    return FileKind::kJson;
  }
  return IsLineOfMany(*value) ? FileKind::kJsonLines : FileKind::kJsonLine;
}

// OUT.manifest.json, beside an OUT.
bool IsManifestOfOutput(const std::string& path) {
  constexpr std::string_view kManifest = ".manifest.json";
  if (IsStream(path) || !path.ends_with(kManifest)) return false;
  const std::string output = path.substr(0, path.size() - kManifest.size());
  return FileExists(output) || DirectoryExists(output);
}

// What the document at `path` says that it is: its `kind`, else its `command`; nothing of manifests
// and of what isn't ours.
std::string NameOfDocument(const std::string& path) {
  const Expected<std::string> bytes = ReadFile(path);
  if (!bytes) return "";
  const Expected<Json> value = ParseJson(*bytes, path, kJournalJson);
  if (!value || !value->is_object() || value->contains("output_sha256")) return "";
  const Json kind = value->value("kind", Json()), command = value->value("command", Json());
  if (kind.is_string() && kind.get<std::string>().starts_with("mores-")) return kind;
  return kind.is_null() && command.is_string() ? command.get<std::string>() : "";
}

tl::unexpected<Error> OfAnotherKind(const std::string& path) {
  return MakeError(ErrorKind::kUsage,
                   "{}: holds a JSON document of another kind, and would be written over", path);
}

bool IsDocument(FileKind kind) { return kind == FileKind::kJson || kind == FileKind::kJsonLine; }

bool IsInModel(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  const auto has = [&](const char* name) { return FileExists((folder / name).string()); };
  return has("config.json") &&
         (has("model.safetensors") || has("model.safetensors.index.json") || has("judge.json"));
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
  if (IsManifestOfOutput(path)) {
    return MakeError(ErrorKind::kUsage, "{}: is the manifest's place of an output that is there",
                     path);
  }
  const FileKind there = KindOfFile(path);
  const bool document = wanted == FileKind::kJson && IsDocument(there);
  if (document && NameOfDocument(path).empty()) return OfAnotherKind(path);
  if (there != FileKind::kNothing && !document && IsInModel(path)) {
    return MakeError(ErrorKind::kUsage, "{}: is a file of a model, and would be written over",
                     path);
  }
  const bool line = wanted == FileKind::kJson || wanted == FileKind::kJsonLines;
  if (there == FileKind::kNothing || there == wanted || (line && there == FileKind::kJsonLine)) {
    return {};
  }
  return MakeError(ErrorKind::kUsage, "{}: holds {}, and {} would be written over it", path,
                   Describe(there), Describe(wanted));
}

Status CheckDocument(const std::string& path, std::string_view kind) {
  if (!IsDocument(KindOfFile(path)) || NameOfDocument(path) == kind) return {};
  return OfAnotherKind(path);
}

}  // namespace mores::job
