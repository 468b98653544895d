// A tensor's elements on their way into a file: rows in another order, in another element type.
#ifndef MORES_MODEL_COPY_TENSOR_H_
#define MORES_MODEL_COPY_TENSOR_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "tensor/tensor_view.h"

namespace mores::model {

struct TensorCopy {
  std::string what;  // names it in errors: "FILE: tensor 'NAME'"
  tensor::TensorView view;
  // Rows of the view in the order of the copy; elements of a tensor of one dimension are its rows.
  // Empty: all, as they are.
  std::vector<int64_t> rows;
  tensor::DType dtype = tensor::DType::kF32;
};

// Hands the bytes of the copy to `sink`, a piece after the other; its error ends the copy. An
// element type that the view has already is copied byte for byte. kUnsupported where a value isn't
// finite or too large for the element type. REQUIRES: rows that are whole blocks of both types;
// tensor::CanEncode(dtype) where it differs from the view's.
Status CopyTensor(const TensorCopy& copy, ThreadPool& pool,
                  const std::function<Status(std::string_view)>& sink);

}  // namespace mores::model

#endif  // MORES_MODEL_COPY_TENSOR_H_
