#include "tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/json.h"

namespace mores::tensor {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // the format's own limit
constexpr size_t kMaxRank = 8;

std::optional<DType> ParseDType(const std::string& name) {
  if (name == "F32") return DType::kF32;
  if (name == "F16") return DType::kF16;
  if (name == "BF16") return DType::kBf16;
  return std::nullopt;
}

// The format's own name of an element type, or null: it has none for blocks.
const char* FileName(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "F32";
    case DType::kF16:
      return "F16";
    case DType::kBf16:
      return "BF16";
    default:
      return nullptr;  // blocks
  }
}

// Reads an array of at most `limit` non-negative integers below 2^53.
std::optional<std::vector<int64_t>> ReadIntegers(const Json& value, size_t limit) {
  if (!value.is_array() || value.size() > limit) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const Json& item : value) {
    if (!item.is_number_unsigned() || item.get<uint64_t>() > (uint64_t{1} << 53)) {
      return std::nullopt;
    }
    numbers.push_back(static_cast<int64_t>(item.get<uint64_t>()));
  }
  return numbers;
}

Expected<TensorView> ParseEntry(const std::string& name, const Json& entry, std::string_view data,
                                std::string_view where) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
      !entry.contains("shape") || !entry.contains("data_offsets")) {
    return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' lacks dtype, shape or data_offsets",
                     where, name);
  }
  const auto dtype = ParseDType(entry["dtype"].get<std::string>());
  if (!dtype) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tensor '{}' has dtype {}; F32, F16 or BF16 wanted", where, name,
                     entry["dtype"].get<std::string>());
  }
  const auto shape = ReadIntegers(entry["shape"], kMaxRank);
  const auto offsets = ReadIntegers(entry["data_offsets"], 2);
  if (!shape || !offsets || offsets->size() != 2) {
    return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' has a bad shape or data_offsets", where,
                     name);
  }
  const uint64_t begin = static_cast<uint64_t>((*offsets)[0]);
  const uint64_t end = static_cast<uint64_t>((*offsets)[1]);
  if (begin > end || end > data.size()) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: tensor '{}' lies outside of the file ({} to {} of {})", where, name,
                     begin, end, data.size());
  }
  return MakeTensorView(*dtype, *shape, data.substr(begin, end - begin),
                        fmt::format("{}: tensor '{}'", where, name));
}

}  // namespace

Expected<std::map<std::string, TensorView>> SafetensorsFile::Parse(std::string_view bytes,
                                                                   std::string_view where) {
  if (bytes.size() < 8) {
    return MakeError(ErrorKind::kCorrupt, "{}: too short for a safetensors file", where);
  }
  uint64_t header_size;
  std::memcpy(&header_size, bytes.data(), 8);
  if (header_size > kMaxHeader || header_size > bytes.size() - 8) {
    return MakeError(ErrorKind::kCorrupt, "{}: header length {} is beyond the file's {} bytes",
                     where, header_size, bytes.size());
  }
  auto header = ParseJson(bytes.substr(8, header_size), fmt::format("{}: header", where));
  if (!header) return MakeError(ErrorKind::kCorrupt, "{}", header.error().message);
  if (!header->is_object()) {
    return MakeError(ErrorKind::kCorrupt, "{}: header is not a JSON object", where);
  }
  const std::string_view data = bytes.substr(8 + header_size);
  std::map<std::string, TensorView> tensors;
  std::vector<std::pair<const char*, const char*>> ranges;
  for (const auto& [name, entry] : header->items()) {
    if (name == "__metadata__") continue;
    MORES_ASSIGN_OR_RETURN(TensorView view, ParseEntry(name, entry, data, where));
    ranges.emplace_back(view.bytes.data(), view.bytes.data() + view.bytes.size());
    if (!tensors.emplace(name, std::move(view)).second) {
      return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' occurs twice", where, name);
    }
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      return MakeError(ErrorKind::kCorrupt, "{}: tensors overlap", where);
    }
  }
  return tensors;
}

Expected<std::unique_ptr<SafetensorsFile>> SafetensorsFile::Open(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(MappedFile mapped, MappedFile::Open(path));
  std::unique_ptr<SafetensorsFile> file(new SafetensorsFile(std::move(mapped), path));
  MORES_ASSIGN_OR_RETURN(file->tensors_, Parse(file->file_.bytes(), path));
  return file;
}

Expected<TensorView> SafetensorsFile::Find(const std::string& name,
                                           const std::vector<int64_t>& shape) const {
  const auto it = tensors_.find(name);
  if (it == tensors_.end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", path_, name);
  }
  if (it->second.shape != shape) {
    return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' has shape [{}], config.json wants [{}]",
                     path_, name, fmt::join(it->second.shape, ","), fmt::join(shape, ","));
  }
  return it->second;
}

SafetensorsWriter::SafetensorsWriter(std::unique_ptr<AtomicFile> file) : file_(std::move(file)) {}

Expected<SafetensorsWriter> SafetensorsWriter::Create(const std::string& path,
                                                      const std::vector<TensorEntry>& tensors) {
  Json header = Json::object();
  header["__metadata__"] = {{"format", "pt"}};
  uint64_t offset = 0;
  for (const TensorEntry& tensor : tensors) {
    const char* dtype = FileName(tensor.dtype);
    if (dtype == nullptr) {
      return MakeError(ErrorKind::kUnsupported,
                       "{}: tensor '{}' is {}, which safetensors can't hold", path, tensor.name,
                       Name(tensor.dtype));
    }
    const uint64_t bytes = static_cast<uint64_t>(BytesOf(tensor.dtype, tensor.elements()));
    header[tensor.name] = {
        {"dtype", dtype}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = DumpJson(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t header_size = text.size();
  MORES_ASSIGN_OR_RETURN(auto file, AtomicFile::Create(path));
  MORES_RETURN_IF_ERROR(file->Write({reinterpret_cast<const char*>(&header_size), 8}));
  MORES_RETURN_IF_ERROR(file->Write(text));
  return SafetensorsWriter(std::move(file));
}

Status SafetensorsWriter::Write(const float* values, int64_t count, DType dtype) {
  MORES_CHECK(dtype == DType::kF32 || dtype == DType::kBf16);
  if (dtype == DType::kF32) {
    return WriteBytes(
        {reinterpret_cast<const char*>(values), static_cast<size_t>(count) * sizeof(float)});
  }
  narrow_.resize(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    narrow_[static_cast<size_t>(i)] = ToBFloat16(values[i]).bits;
  }
  return WriteBytes({reinterpret_cast<const char*>(narrow_.data()), narrow_.size() * 2});
}

Status WriteSafetensors(const std::string& path, const std::vector<TensorToWrite>& tensors) {
  std::vector<TensorEntry> entries;
  for (const TensorToWrite& tensor : tensors) {
    entries.push_back({tensor.name, tensor.shape, tensor.dtype});
  }
  MORES_ASSIGN_OR_RETURN(SafetensorsWriter writer, SafetensorsWriter::Create(path, entries));
  for (size_t i = 0; i < tensors.size(); ++i) {
    MORES_RETURN_IF_ERROR(writer.Write(tensors[i].values, entries[i].elements(), tensors[i].dtype));
  }
  return writer.Commit();
}

}  // namespace mores::tensor
