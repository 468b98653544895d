#include "tensor/gguf.h"

#include <algorithm>
#include <bit>

#include "tensor/gguf_values.h"

namespace mores::tensor {
namespace {

// Bounds of our own, far above what models have, so that memory stays small beside any file.
constexpr uint64_t kMostKeys = 100'000;
constexpr uint64_t kMostTensors = 100'000;
constexpr uint64_t kLargestAlignment = uint64_t{1} << 30;
// The least that a key and a tensor take: lengths, a letter, types, a value; an offset.
constexpr uint64_t kLeastKey = 8 + 1 + 4 + 1;
constexpr uint64_t kLeastTensor = 8 + 1 + 4 + 4 + 8;

// Reads one thing after another; each lies within the bytes, or it is an error that names what was
// being read.
class GgufCursor {
 public:
  GgufCursor(std::string_view bytes, std::string_view where) : bytes_(bytes), where_(where) {}

  // What is read from here on, in words for errors: "key 'x'".
  void Name(std::string what) { what_ = std::move(what); }
  const std::string& what() const { return what_; }
  std::string_view where() const { return where_; }
  uint64_t at() const { return at_; }
  uint64_t size() const { return bytes_.size(); }
  uint64_t left() const { return bytes_.size() - at_; }

  Expected<std::string_view> Take(uint64_t size) {
    if (size > left()) return CutShort();
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }
  template <class T>
  Expected<T> Number() {
    MORES_ASSIGN_OR_RETURN(const std::string_view taken, Take(sizeof(T)));
    return GgufNumberAt<T>(taken.data());
  }
  Expected<std::string_view> String() {
    MORES_ASSIGN_OR_RETURN(const auto size, Number<uint64_t>());
    return Take(size);
  }
  // The bytes of `count` strings with their lengths.
  Expected<std::string_view> Strings(uint64_t count) {
    const uint64_t begin = at_;
    for (uint64_t i = 0; i < count; ++i) {
      if (left() < sizeof(uint64_t)) return CutShort();
      const auto size = GgufNumberAt<uint64_t>(bytes_.data() + at_);
      if (size > left() - sizeof(uint64_t)) return CutShort();
      at_ += sizeof(uint64_t) + size;
    }
    return bytes_.substr(begin, at_ - begin);
  }
  tl::unexpected<Error> CutShort() const {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: the file ends at byte {}, within {}: it is cut short or damaged", where_,
                     bytes_.size(), what_);
  }
  template <class... Args>
  tl::unexpected<Error> Corrupt(fmt::format_string<Args...> format, Args&&... args) const {
    return MakeError(ErrorKind::kCorrupt, "{}: {} {}", where_, what_,
                     fmt::format(format, std::forward<Args>(args)...));
  }

 private:
  std::string_view bytes_, where_;
  std::string what_;
  uint64_t at_ = 0;
};

// What a file that doesn't begin as GGUF does is, where that can be told.
std::string_view OtherKindOfFile(std::string_view bytes) {
  if (bytes.empty()) return "is empty";
  if (bytes.starts_with("version https://git-lfs")) {
    return "is a pointer of Git LFS, not the file itself: fetch it with 'git lfs pull'";
  }
  // Those of before GGUF, by their little-endian names.
  for (const std::string_view old : {"lmgg", "fmgg", "tjgg", "algg"}) {
    if (bytes.starts_with(old)) {
      return "is a GGML file of the time before GGUF, which isn't read: convert it";
    }
  }
  const size_t text = std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size());
  for (const std::string_view page : {"<!DOCTYPE", "<!doctype", "<html", "<HTML"}) {
    if (bytes.substr(text).starts_with(page)) {
      return "is a web page, not a GGUF file: the download went wrong";
    }
  }
  if (kGgufMagic.starts_with(bytes)) return "is cut short: it ends before its version";
  return "is not a GGUF file: it doesn't begin with 'GGUF'";
}

Status CheckGgufVersion(GgufCursor& cursor) {
  MORES_ASSIGN_OR_RETURN(const auto version, cursor.Number<uint32_t>());
  if (version == 2 || version == kGgufVersion) return {};
  const auto swapped = __builtin_bswap32(version);
  if (swapped >= 1 && swapped <= 0xFFFF && version > 0xFFFF) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: a big-endian GGUF file, which isn't read; little-endian ones are",
                     cursor.where());
  }
  return MakeError(ErrorKind::kUnsupported,
                   "{}: a GGUF file of version {}, which isn't read; versions 2 and 3 are",
                   cursor.where(), version);
}

Status CheckGgufCount(const GgufCursor& cursor, std::string_view what, uint64_t count,
                      uint64_t least, uint64_t most) {
  if (count > cursor.left() / least) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: says that it has {} {}, for which its {} bytes have no room: it is cut "
                     "short or damaged",
                     cursor.where(), count, what, cursor.size());
  }
  if (count > most) {
    return MakeError(ErrorKind::kUnsupported, "{}: has {} {}; at most {} are read", cursor.where(),
                     count, what, most);
  }
  return {};
}

Expected<GgufArray> ReadGgufArray(GgufCursor& cursor) {
  GgufArray array;
  MORES_ASSIGN_OR_RETURN(array.type, cursor.Number<uint32_t>());
  MORES_ASSIGN_OR_RETURN(array.count, cursor.Number<uint64_t>());
  const auto type = static_cast<GgufType>(array.type);
  if (type == GgufType::kArray) {
    return MakeError(ErrorKind::kUnsupported, "{}: {} is a list of lists, which isn't read",
                     cursor.where(), cursor.what());
  }
  if (type == GgufType::kString) {
    array.kind = GgufArray::Kind::kString;
    MORES_ASSIGN_OR_RETURN(array.bytes, cursor.Strings(array.count));
    return array;
  }
  const size_t size = GgufSizeOf(type);
  if (size == 0)
    return cursor.Corrupt("has values of type {}, which GGUF doesn't have", array.type);
  if (array.count > cursor.left() / size) return cursor.CutShort();
  MORES_ASSIGN_OR_RETURN(array.bytes, cursor.Take(array.count * size));
  if (type == GgufType::kF32 || type == GgufType::kF64) array.kind = GgufArray::Kind::kFloat;
  if (type == GgufType::kBool) {
    array.kind = GgufArray::Kind::kBool;
    const bool truths = std::all_of(array.bytes.begin(), array.bytes.end(),
                                    [](char c) { return c == 0 || c == 1; });
    if (!truths) return cursor.Corrupt("has a value that is neither true nor false");
  }
  return array;
}

Expected<GgufValue> ReadGgufValue(GgufCursor& cursor) {
  MORES_ASSIGN_OR_RETURN(const auto number, cursor.Number<uint32_t>());
  const auto type = static_cast<GgufType>(number);
  if (type == GgufType::kString) {
    MORES_ASSIGN_OR_RETURN(const std::string_view text, cursor.String());
    return GgufValue(text);
  }
  if (type == GgufType::kArray) {
    MORES_ASSIGN_OR_RETURN(const GgufArray array, ReadGgufArray(cursor));
    return GgufValue(array);
  }
  const size_t size = GgufSizeOf(type);
  if (size == 0) return cursor.Corrupt("has a value of type {}, which GGUF doesn't have", number);
  MORES_ASSIGN_OR_RETURN(const std::string_view bytes, cursor.Take(size));
  if (type == GgufType::kF32) return GgufValue(double{GgufNumberAt<float>(bytes.data())});
  if (type == GgufType::kF64) return GgufValue(GgufNumberAt<double>(bytes.data()));
  const int64_t value = GgufIntegerAt(type, bytes.data());
  if (type != GgufType::kBool) return GgufValue(value);
  if (value > 1) return cursor.Corrupt("is {}, which is neither true nor false", value);
  return GgufValue(value == 1);
}

Expected<GgufKeys> ReadGgufKeys(GgufCursor& cursor, uint64_t count) {
  std::map<std::string, GgufValue, std::less<>> values;
  for (uint64_t i = 0; i < count; ++i) {
    cursor.Name(fmt::format("key {} of {}", i + 1, count));
    MORES_ASSIGN_OR_RETURN(const std::string_view name, cursor.String());
    if (name.size() > kGgufLongestKey) {
      return cursor.Corrupt("has a name of {} bytes; at most {} are read", name.size(),
                            kGgufLongestKey);
    }
    if (!IsGgufName(name)) return cursor.Corrupt("has a name that isn't printable ASCII");
    cursor.Name(fmt::format("key '{}'", name));
    MORES_ASSIGN_OR_RETURN(GgufValue value, ReadGgufValue(cursor));
    if (!values.emplace(name, std::move(value)).second) return cursor.Corrupt("occurs twice");
  }
  return GgufKeys(std::move(values), std::string(cursor.where()));
}

Expected<uint64_t> AlignmentOf(const GgufKeys& keys) {
  MORES_ASSIGN_OR_RETURN(const std::optional<int64_t> given, keys.Integer(kGgufAlignmentKey));
  if (!given) return kGgufDefaultAlignment;
  const auto alignment = static_cast<uint64_t>(*given);
  if (!std::has_single_bit(alignment) || alignment > kLargestAlignment) {
    return MakeError(ErrorKind::kCorrupt, "{}: key '{}' is {}; a power of two up to {} wanted",
                     keys.where(), kGgufAlignmentKey, *given, kLargestAlignment);
  }
  return alignment;
}

// A tensor as the header tells of it; nothing of it is checked against the data yet.
struct GgufTensorInfo {
  std::string name;
  std::vector<int64_t> shape;
  DType dtype = DType::kF32;
  uint64_t offset = 0;  // from the start of the data
  uint64_t size = 0;
};

Expected<GgufTensorInfo> ReadGgufTensorInfo(GgufCursor& cursor) {
  GgufTensorInfo info;
  MORES_ASSIGN_OR_RETURN(const std::string_view name, cursor.String());
  if (name.size() > kGgufLongestTensorName) {
    return cursor.Corrupt("has a name of {} bytes; at most {} are read", name.size(),
                          kGgufLongestTensorName);
  }
  if (!IsGgufName(name)) return cursor.Corrupt("has a name that isn't printable ASCII");
  info.name = name;
  cursor.Name(fmt::format("tensor '{}'", name));
  MORES_ASSIGN_OR_RETURN(const auto rank, cursor.Number<uint32_t>());
  if (rank > kGgufMostDimensions) {
    return cursor.Corrupt("has {} dimensions; GGUF has at most {}", rank, kGgufMostDimensions);
  }
  int64_t count = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    MORES_ASSIGN_OR_RETURN(const auto dim, cursor.Number<uint64_t>());
    if (dim == 0) return cursor.Corrupt("has a dimension of 0");
    if (__builtin_mul_overflow(count, dim, &count)) {
      return cursor.Corrupt("has more elements than can be counted");
    }
    info.shape.insert(info.shape.begin(), static_cast<int64_t>(dim));
  }
  MORES_ASSIGN_OR_RETURN(const auto type, cursor.Number<uint32_t>());
  const std::optional<DType> dtype = DTypeOfGguf(type);
  if (!dtype) {
    return MakeError(ErrorKind::kUnsupported, "{}: {} is stored as {}, which isn't read",
                     cursor.where(), cursor.what(), GgufTypeName(type));
  }
  info.dtype = *dtype;
  const int64_t row = info.shape.empty() ? 1 : info.shape.back();
  if (row % BlockElements(*dtype) != 0) {
    return cursor.Corrupt("has rows of {}, which are no whole blocks of {} ({})", row,
                          BlockElements(*dtype), GgufTypeName(type));
  }
  if (__builtin_mul_overflow(count / BlockElements(*dtype), BlockBytes(*dtype), &info.size)) {
    return cursor.Corrupt("has more bytes than can be counted");
  }
  MORES_ASSIGN_OR_RETURN(info.offset, cursor.Number<uint64_t>());
  return info;
}

// Whether all lie in the `size` bytes of data that begin at `begin` of the file.
Status CheckGgufPlaces(const GgufCursor& cursor, const std::vector<GgufTensorInfo>& infos,
                       uint64_t begin, uint64_t alignment) {
  std::vector<const GgufTensorInfo*> ordered;
  for (const GgufTensorInfo& info : infos) {
    uint64_t end = 0;
    if (info.offset % alignment != 0) {
      return MakeError(ErrorKind::kCorrupt,
                       "{}: tensor '{}' lies at {} of the data, which is no multiple of {}",
                       cursor.where(), info.name, info.offset, alignment);
    }
    if (__builtin_add_overflow(info.offset, info.size, &end) ||
        __builtin_add_overflow(end, begin, &end)) {
      return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' lies outside of any file",
                       cursor.where(), info.name);
    }
    ordered.push_back(&info);
  }
  std::sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return a->offset != b->offset ? a->offset < b->offset : a->size < b->size;
  });
  for (size_t i = 1; i < ordered.size(); ++i) {
    if (ordered[i]->offset < ordered[i - 1]->offset + ordered[i - 1]->size) {
      return MakeError(ErrorKind::kCorrupt, "{}: tensors '{}' and '{}' overlap", cursor.where(),
                       ordered[i - 1]->name, ordered[i]->name);
    }
  }
  if (ordered.empty()) return {};
  const uint64_t end = begin + ordered.back()->offset + ordered.back()->size;
  if (end <= cursor.size()) return {};
  return MakeError(ErrorKind::kCorrupt,
                   "{}: the file ends at byte {}, tensor '{}' needs {}: it is cut short or damaged",
                   cursor.where(), cursor.size(), ordered.back()->name, end);
}

}  // namespace

Expected<GgufContents> GgufFile::Parse(std::string_view bytes, std::string_view where) {
  if (!bytes.starts_with(kGgufMagic)) {
    return MakeError(ErrorKind::kCorrupt, "{}: {}", where, OtherKindOfFile(bytes));
  }
  GgufCursor cursor(bytes.substr(0), where);
  cursor.Name("its header");
  MORES_RETURN_IF_ERROR(cursor.Take(kGgufMagic.size()));
  MORES_RETURN_IF_ERROR(CheckGgufVersion(cursor));
  MORES_ASSIGN_OR_RETURN(const auto tensor_count, cursor.Number<uint64_t>());
  MORES_ASSIGN_OR_RETURN(const auto key_count, cursor.Number<uint64_t>());
  MORES_RETURN_IF_ERROR(CheckGgufCount(cursor, "keys", key_count, kLeastKey, kMostKeys));
  MORES_RETURN_IF_ERROR(
      CheckGgufCount(cursor, "tensors", tensor_count, kLeastTensor, kMostTensors));
  GgufContents contents;
  MORES_ASSIGN_OR_RETURN(contents.keys, ReadGgufKeys(cursor, key_count));
  MORES_ASSIGN_OR_RETURN(const uint64_t alignment, AlignmentOf(contents.keys));
  std::vector<GgufTensorInfo> infos;
  for (uint64_t i = 0; i < tensor_count; ++i) {
    cursor.Name(fmt::format("tensor {} of {}", i + 1, tensor_count));
    MORES_ASSIGN_OR_RETURN(GgufTensorInfo info, ReadGgufTensorInfo(cursor));
    if (!contents.tensors.emplace(info.name, TensorView{}).second) {
      return cursor.Corrupt("occurs twice");
    }
    contents.order.push_back(info.name);
    infos.push_back(std::move(info));
  }
  const uint64_t begin = (cursor.at() + alignment - 1) / alignment * alignment;
  MORES_RETURN_IF_ERROR(CheckGgufPlaces(cursor, infos, begin, alignment));
  for (GgufTensorInfo& info : infos) {
    MORES_ASSIGN_OR_RETURN(contents.tensors[info.name],
                           MakeTensorView(info.dtype, std::move(info.shape),
                                          bytes.substr(begin + info.offset, info.size),
                                          fmt::format("{}: tensor '{}'", where, info.name)));
  }
  return contents;
}

}  // namespace mores::tensor
