#include "fetch/package_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "fetch/child_process.h"
#include "fetch/partial_file.h"

namespace mores::fetch {
namespace {

constexpr std::string_view kNoPip =
    "packages are fetched by Python's pip, which isn't here: scripts/install-deps installs it "
    "(Debian: apt-get install python3-pip); $MORES_PIP names another command";

std::string PipCommand() {
  const char* set = std::getenv("MORES_PIP");
  return set != nullptr && *set != '\0' ? set : "python3 -m pip";
}

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (;;) {
    text = Trim(text, kTextSpace);
    if (text.empty()) return words;
    const size_t end = std::min(text.find_first_of(kTextSpace), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

// Without the user names and passwords of addresses in it.
std::string WithoutPasswords(std::string_view text) {
  std::string shown;
  for (;;) {
    const size_t begin = text.find("//");
    if (begin == std::string_view::npos) return shown.append(text);
    shown.append(text.substr(0, begin + 2));
    text.remove_prefix(begin + 2);
    const size_t user = text.substr(0, text.find_first_of(" /\n'\"")).rfind('@');
    if (user != std::string_view::npos) text.remove_prefix(user + 1);
  }
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Of what pip wrote, the last line that says what failed, else the last.
std::string LastError(std::string_view output) {
  std::string_view last, error;
  while (!output.empty()) {
    const size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = Trim(output.substr(0, end), kTextSpace);
    output.remove_prefix(std::min(end + 1, output.size()));
    if (!line.empty()) last = line;
    if (line.starts_with("ERROR:")) error = Trim(line.substr(6), kTextSpace);
  }
  constexpr size_t kMostShown = 300;
  return WithoutPasswords((error.empty() ? last : error).substr(0, kMostShown));
}

Error PipError(const PackagePart& part, const ChildResult& result) {
  const std::string named = fmt::format("{} {}", part.name, part.version);
  if (Contains(result.output, "No module named pip")) {
    return {ErrorKind::kMissing, std::string(kNoPip)};
  }
  if (Contains(result.output, "DO NOT MATCH THE HASHES")) {
    return {ErrorKind::kCorrupt,
            fmt::format("{}: the package has another sum than the catalogue says", named)};
  }
  constexpr std::string_view kUnreached[] = {"connection broken by", "NewConnectionError",
                                             "ProxyError", "ConnectTimeoutError", "SSLError"};
  const bool unreached = std::any_of(std::begin(kUnreached), std::end(kUnreached),
                                     [&](auto sign) { return Contains(result.output, sign); });
  const std::string said = LastError(result.output);
  return {ErrorKind::kIo,
          fmt::format("{}: pip {}{}", named,
                      unreached ? "can't reach the package index"
                                : fmt::format("ends with code {}", result.exit_code),
                      said.empty() ? "" : ": " + said)};
}

// The one wheel in a folder; "" where there is none, or more.
std::string FindWheel(const std::string& folder) {
  std::string found;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    if (at->path().extension() != ".whl") continue;
    if (!found.empty()) return "";
    found = at->path().string();
  }
  return found;
}

}  // namespace

Expected<std::string> DownloadWheel(const PackagePart& part, const std::string& folder,
                                    StopToken stop, const std::function<void()>& on_wait) {
  const std::string wheels = folder + "/wheel", temporary = folder + "/tmp";
  MORES_RETURN_IF_ERROR(MakeDirectories(wheels));
  MORES_RETURN_IF_ERROR(MakeDirectories(temporary));
  // A requirements file, since pip takes sums from nowhere else.
  const std::string requirements = folder + "/requirements.txt";
  MORES_RETURN_IF_ERROR(WriteFileAtomically(
      requirements,
      fmt::format("{}=={} --hash=sha256:{}\n", part.name, part.version, part.sha256)));
  ChildOptions child{.arguments = Words(PipCommand()),
                     .variables = {"TMPDIR=" + temporary, "PYTHONUNBUFFERED=1"},
                     .stop = stop,
                     .on_wait = on_wait};
  if (child.arguments.empty()) return MakeError(ErrorKind::kUsage, "MORES_PIP is empty");
  // The wheel is unpacked by us and never installed, so this Python's version doesn't matter.
  for (const char* argument :
       {"download", "--no-deps", "--only-binary", ":all:", "--require-hashes",
        "--ignore-requires-python", "--no-cache-dir", "--no-input", "--quiet", "--retries", "2",
        "--progress-bar", "off", "--disable-pip-version-check", "--dest"}) {
    child.arguments.emplace_back(argument);
  }
  for (const std::string& argument : {wheels, std::string("--requirement"), requirements}) {
    child.arguments.push_back(argument);
  }
  const Expected<ChildResult> result = RunChild(child);
  if (!result && result.error().kind == ErrorKind::kMissing) {
    return MakeError(ErrorKind::kMissing, "{}", kNoPip);
  }
  if (!result) return tl::unexpected<Error>(result.error());
  if (result->exit_code != 0) return tl::unexpected<Error>(PipError(part, *result));
  const std::string wheel = FindWheel(wheels);
  if (wheel.empty()) {
    return MakeError(ErrorKind::kIo, "{} {}: pip says that it is done, and there is no wheel",
                     part.name, part.version);
  }
  MORES_ASSIGN_OR_RETURN(const std::string sum, Sha256OfFile(wheel, stop, [](int64_t) {}));
  if (sum == part.sha256) return wheel;
  return MakeError(ErrorKind::kCorrupt,
                   "{} {}: the package has another sum than the catalogue says", part.name,
                   part.version);
}

}  // namespace mores::fetch
