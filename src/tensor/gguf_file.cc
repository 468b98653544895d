#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <system_error>

#include "tensor/gguf.h"
#include "tensor/gguf_values.h"

namespace mores::tensor {
namespace {

// Far above what there is: the largest models come in some tens.
constexpr int64_t kMostParts = 1000;
constexpr uint64_t kMostSplitTensors = 100'000;
constexpr size_t kPartDigits = 5;

// The name of a part of a split model: "DIR/x-00002-of-00003.gguf".
struct PartName {
  std::string stem;    // "DIR/x"
  int64_t number = 0;  // from 1
  int64_t count = 0;

  std::string Of(int64_t part) const {
    return fmt::format("{}-{:05}-of-{:05}.gguf", stem, part, count);
  }
};

std::optional<int64_t> TakeDigits(std::string_view& text) {
  int64_t number = 0;
  if (text.size() < kPartDigits) return std::nullopt;
  const char* const begin = text.data() + text.size() - kPartDigits;
  const auto [end, error] = std::from_chars(begin, begin + kPartDigits, number);
  if (error != std::errc() || end != begin + kPartDigits || number < 0) return std::nullopt;
  text.remove_suffix(kPartDigits);
  return number;
}

bool TakeSuffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

std::optional<PartName> ParsePartName(std::string_view path) {
  if (!TakeSuffix(path, ".gguf")) return std::nullopt;
  const auto count = TakeDigits(path);
  if (!count || !TakeSuffix(path, "-of-")) return std::nullopt;
  const auto number = TakeDigits(path);
  if (!number || !TakeSuffix(path, "-")) return std::nullopt;
  return PartName{std::string(path), *number, *count};
}

// What a file says of the split model that it is a part of.
struct SplitKeys {
  int64_t number = 0;  // from 0
  int64_t count = 0;   // 0 or 1: not split; a merged file keeps the key with 0
  std::optional<int64_t> tensors;
};

Expected<SplitKeys> SplitKeysOf(const GgufKeys& keys) {
  SplitKeys split;
  MORES_ASSIGN_OR_RETURN(const auto count, keys.Integer("split.count"));
  MORES_ASSIGN_OR_RETURN(const auto number, keys.Integer("split.no"));
  MORES_ASSIGN_OR_RETURN(split.tensors, keys.Integer("split.tensors.count"));
  split.count = count.value_or(0);
  split.number = number.value_or(0);
  if (split.count < 0 || split.count > kMostParts) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: key 'split.count' is {}; at most {} parts are "
                     "read",
                     keys.where(), split.count, kMostParts);
  }
  if (split.count > 1 && (split.number < 0 || split.number >= split.count)) {
    return MakeError(ErrorKind::kCorrupt, "{}: key 'split.no' is {}, of {} parts counted from 0",
                     keys.where(), split.number, split.count);
  }
  return split;
}

// Where all parts lie, in order, of a model of which `path` is one.
Expected<std::vector<std::string>> PartPaths(const std::string& path, const SplitKeys& split) {
  const auto name = ParsePartName(path);
  if (!name) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: is part {} of {}; parts are found by names such as '{}', and its own "
                     "isn't",
                     path, split.number + 1, split.count,
                     PartName{"x", 1, split.count}.Of(split.number + 1));
  }
  if (name->count != split.count || name->number != split.number + 1) {
    return MakeError(ErrorKind::kCorrupt, "{}: its name says part {} of {}, its keys part {} of {}",
                     path, name->number, name->count, split.number + 1, split.count);
  }
  std::vector<std::string> paths;
  std::vector<std::string> missing;
  for (int64_t part = 1; part <= split.count; ++part) {
    paths.push_back(name->Of(part));
    if (!FileExists(paths.back())) missing.push_back(paths.back());
  }
  if (missing.empty()) return paths;
  constexpr size_t kNamed = 5;
  const size_t named = std::min(missing.size(), kNamed);
  const std::string more =
      missing.size() > named ? fmt::format(" and {} more", missing.size() - named) : "";
  return MakeError(
      ErrorKind::kMissing, "{}: is part {} of {}; missing: {}{}", path, split.number + 1,
      split.count,
      fmt::join(missing.begin(), missing.begin() + static_cast<ptrdiff_t>(named), ", "), more);
}

Expected<MappedFile> MapGguf(const std::string& path) {
  if (DirectoryExists(path)) {
    return MakeError(ErrorKind::kCorrupt, "{}: is a directory, not a GGUF file", path);
  }
  return MappedFile::Open(path);
}

// Whether a further part belongs to the same model as the first one that was read.
Status CheckPart(const GgufKeys& keys, const SplitKeys& wanted, int64_t number) {
  MORES_ASSIGN_OR_RETURN(const SplitKeys split, SplitKeysOf(keys));
  if (split.count == wanted.count && split.number == number) return {};
  return MakeError(ErrorKind::kCorrupt, "{}: should be part {} of {}, its keys say part {} of {}",
                   keys.where(), number + 1, wanted.count, split.number + 1, split.count);
}

}  // namespace

Expected<std::unique_ptr<GgufFile>> GgufFile::Open(const std::string& path) {
  std::unique_ptr<GgufFile> file(new GgufFile());
  MORES_ASSIGN_OR_RETURN(MappedFile mapped, MapGguf(path));
  MORES_ASSIGN_OR_RETURN(GgufContents contents, Parse(mapped.bytes(), path));
  MORES_ASSIGN_OR_RETURN(const SplitKeys split, SplitKeysOf(contents.keys));
  if (split.count <= 1) {
    file->files_.push_back(std::move(mapped));
    file->paths_ = {path};
    file->keys_ = std::move(contents.keys);
    file->tensors_ = std::move(contents.tensors);
    file->order_ = std::move(contents.order);
    return file;
  }
  MORES_ASSIGN_OR_RETURN(file->paths_, PartPaths(path, split));
  std::map<std::string, size_t> part_of;
  for (size_t part = 0; part < file->paths_.size(); ++part) {
    const std::string& where = file->paths_[part];
    MORES_ASSIGN_OR_RETURN(MappedFile next, MapGguf(where));
    MORES_ASSIGN_OR_RETURN(GgufContents more, Parse(next.bytes(), where));
    file->files_.push_back(std::move(next));
    MORES_RETURN_IF_ERROR(CheckPart(more.keys, split, static_cast<int64_t>(part)));
    for (const std::string& name : more.order) {
      const auto [other, added] = part_of.emplace(name, part);
      if (!added) {
        return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is in '{}' too", where, name,
                         file->paths_[other->second]);
      }
    }
    file->tensors_.merge(more.tensors);
    file->order_.insert(file->order_.end(), more.order.begin(), more.order.end());
    if (part == 0) file->keys_ = std::move(more.keys);
    if (file->order_.size() > kMostSplitTensors) {
      return MakeError(ErrorKind::kUnsupported, "{}: the parts have more than {} tensors", path,
                       kMostSplitTensors);
    }
  }
  MORES_ASSIGN_OR_RETURN(const SplitKeys first, SplitKeysOf(file->keys_));
  if (first.tensors && *first.tensors != static_cast<int64_t>(file->order_.size())) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: key 'split.tensors.count' is {}, the parts have {} tensors",
                     file->paths_[0], *first.tensors, file->order_.size());
  }
  return file;
}

void GgufFile::Release(const TensorView& view) const {
  const std::less_equal<const char*> before;
  for (const MappedFile& file : files_) {
    const std::string_view bytes = file.bytes();
    const char* const end = bytes.data() + bytes.size();
    if (!before(bytes.data(), view.bytes.data()) ||
        !before(view.bytes.data() + view.bytes.size(), end)) {
      continue;
    }
    file.Release(view.bytes);
    return;
  }
}

bool IsGgufFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return false;
  char magic[kGgufMagic.size()];
  const size_t got = std::fread(magic, 1, sizeof(magic), file);
  std::fclose(file);
  return std::string_view(magic, got) == kGgufMagic;
}

}  // namespace mores::tensor
