// Rows of W + s B A.
#ifndef MORES_MODEL_ADAPTER_MERGE_ROWS_H_
#define MORES_MODEL_ADAPTER_MERGE_ROWS_H_

#include <cstdint>
#include <span>

#include "base/error.h"
#include "model/adapter/adapter.h"
#include "tensor/tensor_view.h"

namespace mores::model {

// The weight that a part changes, as the base has it.
Expected<tensor::TensorView> StoredWeightOf(const AdapterPart& part, const ModelSource& base);

// Adds the part's change of row `out` to `row` [in]; `scratch` is as long.
void AddChange(const AdapterPart& part, int64_t out, std::span<float> row,
               std::span<float> scratch);
// The Euclidean norm; squares are summed in double.
float RowNorm(std::span<const float> row);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_MERGE_ROWS_H_
