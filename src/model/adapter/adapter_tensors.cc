#include "model/adapter/adapter_tensors.h"

#include <algorithm>
#include <cmath>

namespace mores::model {

Expected<std::vector<float>> AdapterNumbers(const tensor::TensorView& view, std::string_view what) {
  std::vector<float> values(static_cast<size_t>(view.elements()));
  view.CopyTo(values.data());
  const auto finite = [](float value) { return std::isfinite(value); };
  if (std::all_of(values.begin(), values.end(), finite)) return values;
  return MakeError(ErrorKind::kCorrupt, "{} holds numbers that aren't finite", what);
}

}  // namespace mores::model
