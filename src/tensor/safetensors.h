// The safetensors file format (https://github.com/huggingface/safetensors): eight bytes of header
// length, a JSON header, then the tensors' bytes. Reading treats the file as hostile: every offset,
// shape and length is checked before use.
#ifndef MORES_TENSOR_SAFETENSORS_H_
#define MORES_TENSOR_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "tensor/dtype.h"
#include "tensor/tensor_view.h"

namespace mores::tensor {

class SafetensorsFile {
 public:
  // Maps the file; views stay valid while this object lives. kMissing if absent; kCorrupt with file
  // and tensor named when the header is too long, not JSON, or a tensor lies outside of the file,
  // overlaps another, or disagrees with its shape; kUnsupported for other element types.
  static Expected<std::unique_ptr<SafetensorsFile>> Open(const std::string& path);

  const std::map<std::string, TensorView>& tensors() const { return tensors_; }
  // kCorrupt when there is no such tensor or its shape differs.
  Expected<TensorView> Find(const std::string& name, const std::vector<int64_t>& shape) const;
  // Lets the memory of a tensor's pages go; they are read again if needed.
  void Release(const TensorView& view) const { file_.Release(view.bytes); }

  // Parses bytes already in memory; `where` names them in errors. For tests and fuzzing.
  static Expected<std::map<std::string, TensorView>> Parse(std::string_view bytes,
                                                           std::string_view where);

 private:
  explicit SafetensorsFile(MappedFile file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}
  MappedFile file_;
  std::string path_;
  std::map<std::string, TensorView> tensors_;
};

struct TensorEntry {
  std::string name;
  std::vector<int64_t> shape;
  DType dtype = DType::kF32;

  int64_t elements() const {
    int64_t count = 1;
    for (const int64_t dim : shape) count *= dim;
    return count;
  }
};

// Writes a file tensor by tensor, in the order of the entries, beside `path`; Commit renames it.
class SafetensorsWriter {
 public:
  // kUnsupported for an element type that the format doesn't know.
  static Expected<SafetensorsWriter> Create(const std::string& path,
                                            const std::vector<TensorEntry>& tensors);
  // The next elements, stored as `dtype`: f32, or bf16 rounded to nearest even.
  Status Write(const float* values, int64_t count, DType dtype);
  Status WriteBytes(std::string_view bytes) { return file_->Write(bytes); }
  Status Commit() { return file_->Commit(); }

 private:
  explicit SafetensorsWriter(std::unique_ptr<AtomicFile> file);
  std::unique_ptr<AtomicFile> file_;
  std::vector<uint16_t> narrow_;
};

// One tensor to write, from float32 values, stored as `dtype` (bf16: round to nearest even; exact
// for values that are bf16 already).
struct TensorToWrite {
  std::string name;
  std::vector<int64_t> shape;
  const float* values;
  DType dtype = DType::kF32;
};

// Writes beside and renames. Tensors stand in the given order; the bytes depend on nothing else.
Status WriteSafetensors(const std::string& path, const std::vector<TensorToWrite>& tensors);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_SAFETENSORS_H_
