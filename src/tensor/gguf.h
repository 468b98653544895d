// The GGUF file format (https://github.com/ggml-org/ggml, docs/gguf.md; docs/formats/gguf.md here):
// keys with values, and tensors. Reading treats the file as hostile: every count, length, offset
// and shape is checked against the file's size before use, and nothing is allocated by its word.
#ifndef MORES_TENSOR_GGUF_H_
#define MORES_TENSOR_GGUF_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "tensor/dtype.h"
#include "tensor/tensor_view.h"

namespace mores::tensor {

// A value of a key, where it lies in the file. Strings are UTF-8 as far as the format says; not
// checked.
struct GgufArray {
  enum class Kind { kInteger, kFloat, kBool, kString };
  Kind kind = Kind::kInteger;
  uint32_t type = 0;  // of elements, as the format numbers them
  uint64_t count = 0;
  std::string_view bytes;  // of all elements, each within them

  // REQUIRES: that kind. As many as there are.
  std::vector<std::string_view> Strings() const;
  std::vector<int64_t> Integers() const;  // kBool too; a u64 above INT64_MAX is INT64_MAX
  std::vector<double> Floats() const;
};
using GgufValue = std::variant<int64_t, double, bool, std::string_view, GgufArray>;

// Keys by name, with the errors of those that ask for them: `where` names the file.
class GgufKeys {
 public:
  GgufKeys() = default;
  GgufKeys(std::map<std::string, GgufValue, std::less<>> values, std::string where)
      : values_(std::move(values)), where_(std::move(where)) {}
  const std::map<std::string, GgufValue, std::less<>>& values() const { return values_; }
  const std::string& where() const { return where_; }

  static constexpr uint64_t kMostElements = uint64_t{1} << 22;  // far above any vocabulary
  const GgufValue* Find(std::string_view key) const;            // null if absent
  // Of that type, or nullopt where absent; kCorrupt, the key named, where it is of another. A
  // number is taken as a float where it is an integer, not the other way round; so are lists, and
  // those of true or false as integers. kUnsupported for a list of more than kMostElements.
  Expected<std::optional<int64_t>> Integer(std::string_view key) const;
  Expected<std::optional<double>> Float(std::string_view key) const;
  Expected<std::optional<bool>> Bool(std::string_view key) const;
  Expected<std::optional<std::string_view>> String(std::string_view key) const;
  Expected<std::optional<GgufArray>> Array(std::string_view key, GgufArray::Kind kind) const;

 private:
  std::map<std::string, GgufValue, std::less<>> values_;
  std::string where_;
};

// What a file's bytes hold; views into them.
struct GgufContents {
  GgufKeys keys;
  // Shapes as checkpoints have them: rows first, the contiguous dimension last (the format's own
  // order is the reverse).
  std::map<std::string, TensorView> tensors;
  std::vector<std::string> order;  // of the tensors in the file
};

// One file, or all files of a split model of which `path` is any. Mapped, not copied; views stay
// valid while it lives.
class GgufFile {
 public:
  // kMissing if absent, a further file of a split one included; kCorrupt with file and key or
  // tensor named; kUnsupported for another version, byte order or element type, by its name.
  static Expected<std::unique_ptr<GgufFile>> Open(const std::string& path);

  const GgufKeys& keys() const { return keys_; }  // the first file's, of a split model
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  const std::vector<std::string>& order() const { return order_; }
  const std::vector<std::string>& paths() const { return paths_; }  // in order
  // Lets the memory of a tensor's pages go; they are read again if needed.
  void Release(const TensorView& view) const;

  // Parses bytes already in memory; `where` names them in errors. For tests and fuzzing.
  static Expected<GgufContents> Parse(std::string_view bytes, std::string_view where);

 private:
  GgufFile() = default;
  std::vector<MappedFile> files_;
  std::vector<std::string> paths_;
  GgufKeys keys_;
  std::map<std::string, TensorView> tensors_;
  std::vector<std::string> order_;
};

// The format's number of an element type; and back, nullopt for one that isn't read here.
uint32_t GgufTypeOf(DType dtype);
std::optional<DType> DTypeOfGguf(uint32_t type);
// "IQ2_XXS": what the format calls it, "type 99" for a number that it doesn't have.
std::string GgufTypeName(uint32_t type);

// Whether the file begins as GGUF does.
bool IsGgufFile(const std::string& path);

// A value to write, owned.
struct GgufStrings {
  std::vector<std::string> values;
};
struct GgufIntegers {  // i32
  std::vector<int32_t> values;
};
struct GgufFloats {  // f32
  std::vector<float> values;
};
struct GgufBytes {  // u8
  std::string values;
};
struct GgufLong {  // i64
  int64_t value = 0;
};
// An array is written as it lies in the file that it is of.
using GgufWrittenValue = std::variant<uint32_t, float, bool, std::string, GgufStrings, GgufIntegers,
                                      GgufFloats, GgufBytes, GgufLong, GgufArray>;

// Writes version 3, little endian, tensor by tensor in the order given, beside `path`; Commit
// renames it. The same calls give the same bytes.
class GgufWriter {
 public:
  struct Tensor {
    std::string name;
    std::vector<int64_t> shape;  // rows first
    DType dtype = DType::kF32;
  };
  static Expected<GgufWriter> Create(
      const std::string& path, const std::vector<std::pair<std::string, GgufWrittenValue>>& keys,
      const std::vector<Tensor>& tensors);
  // The next bytes of the tensors' data, each tensor's whole before the next; padding is added.
  Status WriteBytes(std::string_view bytes);
  // REQUIRES: all tensors written.
  Status Commit();

 private:
  GgufWriter() = default;
  std::unique_ptr<AtomicFile> file_;
  std::vector<int64_t> sizes_;  // of the tensors
  size_t at_ = 0;               // the tensor being written
  int64_t written_ = 0;         // of it
};

}  // namespace mores::tensor

#endif  // MORES_TENSOR_GGUF_H_
