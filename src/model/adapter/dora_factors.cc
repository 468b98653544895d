#include <cmath>
#include <vector>

#include "model/adapter/adapter.h"
#include "model/weights.h"

namespace mores::model {

Expected<std::vector<float>> DoraFactors(const AdapterPart& part, const ModelSource& base) {
  const AdapterPlace& place = part.place;
  MORES_ASSIGN_OR_RETURN(const std::vector<float> weight,
                         base.Read({place.module + ".weight", {place.out, place.in}}));
  const auto in = static_cast<size_t>(place.in), rank = static_cast<size_t>(place.rank);
  std::vector<float> factors(static_cast<size_t>(place.out)), row(in);
  for (size_t o = 0; o < factors.size(); ++o) {
    double square = 0;
    for (size_t i = 0; i < in; ++i) {
      float sum = 0;
      for (size_t r = 0; r < rank; ++r) sum += part.b[o * rank + r] * part.a[r * in + i];
      const float value = weight[o * in + i] + static_cast<float>(place.scale) * sum;
      square += double{value} * double{value};
    }
    factors[o] = part.magnitude[o] / static_cast<float>(std::sqrt(square));
  }
  return factors;
}

}  // namespace mores::model
