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

// Of a weight [out, in]: scale * B A.
struct LowRankChange {
  const float* a;  // [rank, in]
  const float* b;  // [out, rank]
  int64_t rank;
  float scale;

  static LowRankChange Of(const AdapterPart& part) {
    return {part.a.data(), part.b.data(), part.place.rank, static_cast<float>(part.place.scale)};
  }
};

// Adds the change of row `out` to `row` [in]; `scratch` is as long.
void AddChange(const LowRankChange& change, int64_t out, std::span<float> row,
               std::span<float> scratch);
// The Euclidean norm; squares are summed in double.
float RowNorm(std::span<const float> row);
// What DoRA multiplies a row of that norm by. A row of zeros has no direction: 0, whatever its
// magnitude.
float DoraFactor(float magnitude, float norm);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_MERGE_ROWS_H_
