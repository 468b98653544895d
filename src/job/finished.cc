#include "job/finished.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "base/files.h"
#include "base/hash.h"
#include "job/file_kind.h"
#include "job/journal.h"

namespace mores::job {
namespace {

constexpr const char kWayOut[] = "give another name, or --fresh to replace it";

tl::unexpected<Error> Unknown(const std::string& output, std::string_view why) {
  return MakeError(ErrorKind::kUsage, "{}: is there already, with {} {}; {}", output,
                   Describe(KindOfFile(output)), why, kWayOut);
}

size_t CountIn(const Json& manifest, const char* name) {
  const Json counts = manifest.value("counts", Json::object());
  const Json count = counts.is_object() ? counts.value(name, Json()) : Json();
  return count.is_number_unsigned() ? count.get<size_t>() : 0;
}

// The manifest of the output that stands there as it was written; nullopt where nothing does.
Expected<std::optional<Json>> ReadFinished(const std::string& output) {
  if (KindOfFile(output) == FileKind::kNothing) return std::nullopt;
  const std::string path = output + ".manifest.json";
  if (!FileExists(path)) return Unknown(output, "of which no manifest says what made it");
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  Expected<Json> manifest = ParseJson(bytes, path);
  if (!manifest || !manifest->is_object() || !manifest->contains("fingerprint") ||
      !manifest->contains("output_sha256")) {
    return Unknown(output, "of which its manifest doesn't say what made it");
  }
  MORES_ASSIGN_OR_RETURN(const std::string sha256, Sha256HexOfFile(output));
  if ((*manifest)["output_sha256"] != sha256) {
    return Unknown(output, "that changed since this run wrote it");
  }
  return std::move(*manifest);
}

}  // namespace

Status CheckFinished(const std::string& output) {
  MORES_RETURN_IF_ERROR(ReadFinished(output));
  return {};
}

Expected<std::optional<FinishedRun>> FindFinished(const std::string& output,
                                                  const Json& fingerprint,
                                                  const FieldNotes& notes) {
  MORES_ASSIGN_OR_RETURN(const std::optional<Json> manifest, ReadFinished(output));
  if (!manifest) return std::nullopt;
  const auto differences = FingerprintDifferences((*manifest)["fingerprint"], fingerprint, notes);
  if (!differences.empty()) {
    return MakeError(ErrorKind::kUsage, "{}: finished work of a run that differs in {}; {}", output,
                     fmt::join(differences, ", "), kWayOut);
  }
  return FinishedRun{.done = CountIn(*manifest, "done"),
                     .failed = CountIn(*manifest, "failed"),
                     .may_pass = CountIn(*manifest, "may_pass")};
}

Json LastFingerprint(const std::string& output) {
  const auto of = [](const Expected<Json>& value) {
    return value && value->is_object() ? value->value("fingerprint", Json()) : Json();
  };
  const std::string part = output + ".part", manifest = output + ".manifest.json";
  if (FileExists(part)) {
    const auto reader = LineReader::Open(part);
    std::string header;
    if (reader && (*reader)->Next(header).value_or(false)) {
      const Json fingerprint = of(ParseJson(header, part, kJournalJson));
      if (!fingerprint.is_null()) return fingerprint;
    }
  }
  if (!FileExists(manifest)) return nullptr;
  const Expected<std::string> bytes = ReadFile(manifest);
  return bytes ? of(ParseJson(*bytes, manifest, kJournalJson)) : Json();
}

void AddProcessCosts(Json& manifest) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  manifest["cpu_seconds"] = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  manifest["peak_memory_bytes"] = int64_t{usage.ru_maxrss} * 1024;
}

Json DescribeOutput(const std::string& output, const Json& fingerprint, const std::string& sha256) {
  return Json{{"fingerprint", fingerprint}, {"output", output}, {"output_sha256", sha256}};
}

}  // namespace mores::job
