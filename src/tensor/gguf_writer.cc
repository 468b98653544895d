#include <limits>
#include <set>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "tensor/gguf.h"
#include "tensor/gguf_values.h"

namespace mores::tensor {
namespace {

template <class T>
void AppendNumber(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendString(std::string& out, std::string_view text) {
  AppendNumber(out, uint64_t{text.size()});
  out.append(text);
}

void AppendType(std::string& out, GgufType type) { AppendNumber(out, static_cast<uint32_t>(type)); }

void AppendArrayHead(std::string& out, GgufType type, size_t count) {
  AppendType(out, GgufType::kArray);
  AppendType(out, type);
  AppendNumber(out, uint64_t{count});
}

template <class T>
void AppendArray(std::string& out, GgufType type, const std::vector<T>& values) {
  AppendArrayHead(out, type, values.size());
  out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

void AppendValue(std::string& out, const GgufWrittenValue& value) {
  std::visit(
      [&out](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, uint32_t>) {
          AppendType(out, GgufType::kU32);
          AppendNumber(out, held);
        } else if constexpr (std::is_same_v<T, float>) {
          AppendType(out, GgufType::kF32);
          AppendNumber(out, held);
        } else if constexpr (std::is_same_v<T, bool>) {
          AppendType(out, GgufType::kBool);
          AppendNumber(out, static_cast<uint8_t>(held));
        } else if constexpr (std::is_same_v<T, std::string>) {
          AppendType(out, GgufType::kString);
          AppendString(out, held);
        } else if constexpr (std::is_same_v<T, GgufStrings>) {
          AppendArrayHead(out, GgufType::kString, held.values.size());
          for (const std::string& text : held.values) AppendString(out, text);
        } else if constexpr (std::is_same_v<T, GgufIntegers>) {
          AppendArray(out, GgufType::kI32, held.values);
        } else if constexpr (std::is_same_v<T, GgufFloats>) {
          AppendArray(out, GgufType::kF32, held.values);
        } else if constexpr (std::is_same_v<T, GgufLong>) {
          AppendType(out, GgufType::kI64);
          AppendNumber(out, held.value);
        } else if constexpr (std::is_same_v<T, GgufArray>) {
          AppendArrayHead(out, static_cast<GgufType>(held.type), held.count);
          out.append(held.bytes);
        } else {
          static_assert(std::is_same_v<T, GgufBytes>);
          AppendArrayHead(out, GgufType::kU8, held.values.size());
          out.append(held.values);
        }
      },
      value);
}

int64_t PaddingAfter(int64_t size) {
  constexpr auto kAlignment = static_cast<int64_t>(kGgufDefaultAlignment);
  return (kAlignment - size % kAlignment) % kAlignment;
}

// The bytes of a tensor that the format can hold and our reader reads.
Expected<int64_t> CheckWrittenTensor(const std::string& path, const GgufWriter::Tensor& tensor) {
  if (!IsGgufName(tensor.name) || tensor.name.size() > kGgufLongestTensorName) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tensor '{}' can't be written: names have 1 to {} printable ASCII letters",
                     path, tensor.name, kGgufLongestTensorName);
  }
  if (tensor.shape.size() > kGgufMostDimensions) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tensor '{}' has {} dimensions; GGUF has at most "
                     "{}",
                     path, tensor.name, tensor.shape.size(), kGgufMostDimensions);
  }
  int64_t count = 1, size = 0;
  bool fits = true;
  for (const int64_t dim : tensor.shape) {
    fits = fits && dim > 0 && !__builtin_mul_overflow(count, dim, &count);
  }
  const int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  fits =
      fits && row % BlockElements(tensor.dtype) == 0 &&
      !__builtin_mul_overflow(count / BlockElements(tensor.dtype), BlockBytes(tensor.dtype), &size);
  if (!fits) {
    return MakeError(ErrorKind::kUnsupported, "{}: tensor '{}' of shape [{}] can't be stored as {}",
                     path, tensor.name, fmt::join(tensor.shape, ","),
                     GgufTypeName(GgufTypeOf(tensor.dtype)));
  }
  return size;
}

}  // namespace

Expected<GgufWriter> GgufWriter::Create(
    const std::string& path, const std::vector<std::pair<std::string, GgufWrittenValue>>& keys,
    const std::vector<Tensor>& tensors) {
  GgufWriter writer;
  std::string header(kGgufMagic);
  AppendNumber(header, kGgufVersion);
  AppendNumber(header, uint64_t{tensors.size()});
  AppendNumber(header, uint64_t{keys.size()});
  std::set<std::string_view> names;
  for (const auto& [key, value] : keys) {
    if (!IsGgufName(key) || key.size() > kGgufLongestKey || key == kGgufAlignmentKey) {
      return MakeError(ErrorKind::kUnsupported, "{}: key '{}' can't be written", path, key);
    }
    if (!names.insert(key).second) {
      return MakeError(ErrorKind::kUnsupported, "{}: key '{}' would be written twice", path, key);
    }
    AppendString(header, key);
    AppendValue(header, value);
  }
  names.clear();
  int64_t offset = 0;
  for (const Tensor& tensor : tensors) {
    MORES_ASSIGN_OR_RETURN(const int64_t size, CheckWrittenTensor(path, tensor));
    if (!names.insert(tensor.name).second) {
      return MakeError(ErrorKind::kUnsupported, "{}: tensor '{}' would be written twice", path,
                       tensor.name);
    }
    AppendString(header, tensor.name);
    AppendNumber(header, static_cast<uint32_t>(tensor.shape.size()));
    for (auto dim = tensor.shape.rbegin(); dim != tensor.shape.rend(); ++dim) {
      AppendNumber(header, static_cast<uint64_t>(*dim));
    }
    AppendNumber(header, GgufTypeOf(tensor.dtype));
    AppendNumber(header, static_cast<uint64_t>(offset));
    if (__builtin_add_overflow(offset, size, &offset) ||
        offset > std::numeric_limits<int64_t>::max() / 2) {
      return MakeError(ErrorKind::kUnsupported, "{}: the tensors have more bytes than a file can",
                       path);
    }
    offset += PaddingAfter(offset);
    writer.sizes_.push_back(size);
  }
  header.resize(header.size() +
                static_cast<size_t>(PaddingAfter(static_cast<int64_t>(header.size()))));
  MORES_ASSIGN_OR_RETURN(writer.file_, AtomicFile::Create(path));
  MORES_RETURN_IF_ERROR(writer.file_->Write(header));
  return writer;
}

Status GgufWriter::WriteBytes(std::string_view bytes) {
  static constexpr char kPadding[kGgufDefaultAlignment] = {};
  while (!bytes.empty()) {
    MORES_CHECK(at_ < sizes_.size());
    const int64_t left = sizes_[at_] - written_;
    const std::string_view part = bytes.substr(0, static_cast<size_t>(left));
    MORES_RETURN_IF_ERROR(file_->Write(part));
    written_ += static_cast<int64_t>(part.size());
    bytes.remove_prefix(part.size());
    if (written_ < sizes_[at_]) continue;
    MORES_RETURN_IF_ERROR(file_->Write({kPadding, static_cast<size_t>(PaddingAfter(sizes_[at_]))}));
    ++at_;
    written_ = 0;
  }
  return {};
}

Status GgufWriter::Commit() {
  MORES_CHECK(at_ == sizes_.size());
  return file_->Commit();
}

}  // namespace mores::tensor
