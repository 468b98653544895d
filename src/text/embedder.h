// What makes vectors of texts, so that texts of like meaning lie near each other.
#ifndef MORES_TEXT_EMBEDDER_H_
#define MORES_TEXT_EMBEDDER_H_

#include <span>
#include <string>
#include <vector>

#include "base/error.h"

namespace mores::text {

using Vector = std::vector<float>;
// Models that were trained to tell a question from what answers it treat the two differently.
enum class TextRole { kQuery, kDocument };

// One caller at a time.
class Embedder {
 public:
  static constexpr size_t kMostDimensions = size_t{1} << 16;

  virtual ~Embedder() = default;
  // What its vectors are kept under: those of one name may be compared.
  virtual std::string name() const = 0;

  // A vector of length 1 for each text, in order; all of one dimension, also across calls. kInput
  // where a model says anything else: another count, NaN or infinity, nothing but zeros.
  Expected<std::vector<Vector>> Embed(std::span<const std::string> texts, TextRole role);

 private:
  // As the model says it, unchecked.
  virtual Expected<std::vector<Vector>> Ask(std::span<const std::string> texts, TextRole role) = 0;

  size_t dimensions_ = 0;  // 0: not known yet
};

}  // namespace mores::text

#endif  // MORES_TEXT_EMBEDDER_H_
