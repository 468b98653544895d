#include "text/embedder.h"

#include <cmath>

namespace mores::text {
namespace {

// False for what has no direction.
bool NormaliseVector(Vector& vector) {
  double squares = 0;
  for (const float x : vector) squares += static_cast<double>(x) * x;
  if (!std::isfinite(squares) || squares == 0) return false;
  const double length = std::sqrt(squares);
  for (float& x : vector) x = static_cast<float>(x / length);
  return true;
}

}  // namespace

Expected<std::vector<Vector>> Embedder::Embed(std::span<const std::string> texts, TextRole role) {
  MORES_ASSIGN_OR_RETURN(std::vector<Vector> vectors, Ask(texts, role));
  if (vectors.size() != texts.size()) {
    return MakeError(ErrorKind::kInput, "{}: gave {} vectors for {} texts", name(), vectors.size(),
                     texts.size());
  }
  for (Vector& vector : vectors) {
    if (vector.empty() || vector.size() > kMostDimensions) {
      return MakeError(ErrorKind::kInput, "{}: gave a vector of {} dimensions; 1 to {} are known",
                       name(), vector.size(), kMostDimensions);
    }
    if (dimensions_ != 0 && vector.size() != dimensions_) {
      return MakeError(ErrorKind::kInput, "{}: gave a vector of {} dimensions after one of {}",
                       name(), vector.size(), dimensions_);
    }
    dimensions_ = vector.size();
    if (!NormaliseVector(vector)) {
      return MakeError(ErrorKind::kInput,
                       "{}: gave a vector without a direction: zeros alone, or no finite number",
                       name());
    }
  }
  return vectors;
}

}  // namespace mores::text
