#include "job/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace mores::job {
namespace {

constexpr int kJournalVersion = 1;

std::string LinePrefix(size_t item, const std::string& key, bool failed) {
  return fmt::format(R"({{"item":{},"key":{},"failed":{},"result":)", item, DumpJson(Json(key)),
                     failed);
}

}  // namespace

Expected<std::unique_ptr<Journal>> Journal::Open(const std::string& path, const Json& fingerprint,
                                                 size_t items, const JournalOptions& options) {
  std::unique_ptr<Journal> journal(new Journal(items));
  journal->path_ = path;
  MORES_RETURN_IF_ERROR(journal->Lock());
  if (options.start == JournalStart::kFresh) {
    MORES_RETURN_IF_ERROR(journal->StartAfresh(fingerprint, options));
  } else {
    MORES_RETURN_IF_ERROR(journal->Load(fingerprint, options));
  }
  return journal;
}

std::unique_ptr<Journal> Journal::InMemory(size_t items) {
  return std::unique_ptr<Journal>(new Journal(items));
}

bool Journal::Replaces(const std::string& path) {
  const auto reader = LineReader::Open(path);
  std::string line;
  if (!reader || !(*reader)->Next(line).value_or(false)) return false;
  const Expected<Json> header = ParseJson(line, path);
  return header && header->is_object() && header->value("replaces", Json()) == true;
}

Journal::~Journal() {
  if (lock_ >= 0) close(lock_);
}

Status Journal::Lock() {
  while (true) {
    lock_ = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock_ < 0) {
      return MakeError(ErrorKind::kIo, "cannot write {}: {}", path_, std::strerror(errno));
    }
    if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) {
        return MakeError(ErrorKind::kUsage, "{}: another process is writing this output", path_);
      }
      return MakeError(ErrorKind::kIo, "cannot lock {}: {}", path_, std::strerror(errno));
    }
    // The process that held the lock before may have removed the file in between.
    struct stat held {
    }, named{};
    if (fstat(lock_, &held) == 0 && stat(path_.c_str(), &named) == 0 &&
        held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
      return {};
    }
    close(lock_);
    lock_ = -1;
  }
}

Status Journal::StartAfresh(const Json& fingerprint, const JournalOptions& options) {
  if (ftruncate(lock_, 0) != 0) {
    return MakeError(ErrorKind::kIo, "cannot write {}: {}", path_, std::strerror(errno));
  }
  MORES_ASSIGN_OR_RETURN(file_, AppendFile::Open(path_));
  Json header = {{"journal", kJournalVersion}, {"fingerprint", fingerprint}};
  if (options.replaces) header["replaces"] = true;
  const std::string line = DumpJson(header) + "\n";
  MORES_RETURN_IF_ERROR(file_->Append(line));
  size_ = line.size();
  return {};
}

Status Journal::Load(const Json& fingerprint, const JournalOptions& options) {
  struct stat status {};
  if (fstat(lock_, &status) != 0) {
    return MakeError(ErrorKind::kIo, "cannot read {}: {}", path_, std::strerror(errno));
  }
  if (status.st_size == 0) return StartAfresh(fingerprint, options);
  MORES_ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::Open(path_));
  const std::string_view bytes = mapped.bytes();
  const size_t header_end = bytes.find('\n');
  if (header_end == std::string_view::npos) return StartAfresh(fingerprint, options);

  const Expected<Json> header = ParseJson(bytes.substr(0, header_end), path_ + ":1");
  if (!header || !header->is_object() || header->value("journal", Json()) != kJournalVersion ||
      !header->contains("fingerprint")) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}:1: not a journal of unfinished work; --fresh starts afresh", path_);
  }
  const std::vector<std::string> differences =
      FingerprintDifferences((*header)["fingerprint"], fingerprint, options.notes);
  if (!differences.empty()) {
    return MakeError(
        ErrorKind::kUsage,
        "{}: unfinished work of a run that differs in {}; repeat that run to go on, or "
        "give --fresh to start afresh",
        path_, fmt::join(differences, ", "));
  }
  int64_t number = 1;
  size_t begin = header_end + 1;
  for (size_t end; (end = bytes.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
    MORES_RETURN_IF_ERROR(ReadLine(bytes.substr(begin, end - begin), begin, ++number));
  }
  size_ = begin;
  if (begin != bytes.size() && ftruncate(lock_, static_cast<off_t>(begin)) != 0) {
    return MakeError(ErrorKind::kIo, "cannot write {}: {}", path_, std::strerror(errno));
  }
  MORES_ASSIGN_OR_RETURN(file_, AppendFile::Open(path_));
  return {};
}

Status Journal::ReadLine(std::string_view line, uint64_t offset, int64_t number) {
  const std::string where = fmt::format("{}:{}", path_, number);
  const Expected<Json> value = ParseJson(line, where, kJournalJson);
  const auto broken = [&] {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: broken record of finished work; --fresh starts afresh", where);
  };
  if (!value || !value->is_object()) return broken();
  const Json item = value->value("item", Json()), key = value->value("key", Json()),
             failed = value->value("failed", Json());
  if (!item.is_number_unsigned() || !key.is_string() || !failed.is_boolean()) return broken();
  const size_t index = item.get<size_t>();
  const std::string prefix = LinePrefix(index, key.get<std::string>(), failed.get<bool>());
  // The result is everything between the prefix and the closing brace.
  if (index >= entries_.size() || line.size() < prefix.size() + 2 ||
      line.substr(0, prefix.size()) != prefix) {
    return broken();
  }
  Record(index, {.offset = offset + prefix.size(),
                 .length = static_cast<uint32_t>(line.size() - prefix.size() - 1),
                 .failed = failed.get<bool>()});
  return {};
}

void Journal::Record(size_t item, Entry entry) {
  if (entries_[item].length == 0) {
    ++done_count_;
    failed_count_ += entry.failed ? 1 : 0;
  }
  entries_[item] = entry;
}

Status Journal::Append(const std::vector<Finished>& batch) {
  std::string bytes;
  std::vector<Entry> places;
  const uint64_t start = path_.empty() ? memory_.size() : size_;
  for (const Finished& finished : batch) {
    if (finished.result.size() >= std::numeric_limits<uint32_t>::max()) {
      return MakeError(ErrorKind::kUnsupported, "result of item '{}' is above 4 GiB", finished.key);
    }
    bytes += LinePrefix(finished.item, finished.key, finished.failed);
    places.push_back({.offset = start + bytes.size(),
                      .length = static_cast<uint32_t>(finished.result.size()),
                      .failed = finished.failed});
    bytes += finished.result;
    bytes += "}\n";
  }
  if (path_.empty()) {
    memory_ += bytes;
  } else {
    MORES_RETURN_IF_ERROR(file_->Append(bytes));
    size_ += bytes.size();
  }
  for (size_t i = 0; i < batch.size(); ++i) Record(batch[i].item, places[i]);
  return {};
}

Status Journal::VisitInOrder(const Visitor& visit) const {
  std::string_view bytes = memory_;
  Expected<MappedFile> mapped = MakeError(ErrorKind::kInternal, "not mapped");
  if (!path_.empty()) {
    mapped = MappedFile::Open(path_);
    if (!mapped) return tl::unexpected<Error>(mapped.error());
    bytes = mapped->bytes();
  }
  for (size_t item = 0; item < entries_.size(); ++item) {
    const Entry& entry = entries_[item];
    if (entry.length == 0) continue;
    if (entry.offset + entry.length > bytes.size()) {
      return MakeError(ErrorKind::kCorrupt, "{}: cut short while in use", path_);
    }
    MORES_RETURN_IF_ERROR(visit(item, bytes.substr(entry.offset, entry.length), entry.failed));
  }
  return {};
}

Status Journal::Remove() {
  if (path_.empty() || unlink(path_.c_str()) == 0) return {};
  return MakeError(ErrorKind::kIo, "cannot remove {}: {}", path_, std::strerror(errno));
}

}  // namespace mores::job
