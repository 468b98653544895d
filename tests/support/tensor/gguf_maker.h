// Assembles the bytes of GGUF files, wrong ones too. For tests.
#ifndef MORES_SUPPORT_TENSOR_GGUF_MAKER_H_
#define MORES_SUPPORT_TENSOR_GGUF_MAKER_H_

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace mores::tensor {

template <class T>
std::string GgufNumber(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}
inline std::string GgufText(std::string_view text) {
  return GgufNumber(uint64_t{text.size()}).append(text);
}
// A value of a list: its elements' type, how many it says there are, their bytes.
inline std::string GgufList(uint32_t type, uint64_t count, std::string_view elements) {
  return (GgufNumber(type) + GgufNumber(count)).append(elements);
}

class GgufMaker {
 public:
  // `type` as the format numbers those of values; `value` its bytes.
  GgufMaker& Key(std::string_view name, uint32_t type, std::string_view value) {
    keys_ += GgufText(name) + GgufNumber(type);
    keys_ += value;
    ++key_count;
    return *this;
  }
  GgufMaker& Text(std::string_view name, std::string_view value) {
    return Key(name, 8, GgufText(value));
  }
  GgufMaker& Integer(std::string_view name, uint32_t value) {
    return Key(name, 4, GgufNumber(value));
  }
  // Dimensions in the format's order: the contiguous one first.
  GgufMaker& Tensor(std::string_view name, const std::vector<uint64_t>& dims, uint32_t type,
                    uint64_t offset) {
    tensors_ += GgufText(name) + GgufNumber(static_cast<uint32_t>(dims.size()));
    for (const uint64_t dim : dims) tensors_ += GgufNumber(dim);
    tensors_ += GgufNumber(type) + GgufNumber(offset);
    ++tensor_count;
    return *this;
  }
  // With so many bytes of data behind the header, whose values are of no interest.
  std::string File(size_t data = 0, size_t alignment = 32) const {
    std::string bytes =
        "GGUF" + GgufNumber(version) + GgufNumber(tensor_count) + GgufNumber(key_count);
    bytes += keys_ + tensors_;
    if (data > 0) bytes.resize((bytes.size() + alignment - 1) / alignment * alignment + data, '\1');
    return bytes;
  }

  uint32_t version = 3;
  // What the header says there are.
  uint64_t tensor_count = 0, key_count = 0;

 private:
  std::string keys_, tensors_;
};

}  // namespace mores::tensor

#endif  // MORES_SUPPORT_TENSOR_GGUF_MAKER_H_
