// What reading an adapter's tensors takes, whatever file they lie in.
#ifndef MORES_MODEL_ADAPTER_ADAPTER_TENSORS_H_
#define MORES_MODEL_ADAPTER_ADAPTER_TENSORS_H_

#include <string_view>
#include <vector>

#include "base/error.h"
#include "tensor/tensor_view.h"

namespace mores::model {

// All elements, as float32. `what` names the tensor. kCorrupt where any isn't finite.
Expected<std::vector<float>> AdapterNumbers(const tensor::TensorView& view, std::string_view what);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_ADAPTER_TENSORS_H_
