// A plain baseline beside a judge: logistic regression on hashed n-grams. Word 1- to 3-grams and
// character 2- to 4-grams with sublinear counts, each text scaled to unit length, trained by dual
// coordinate descent (Yu, Huang, Lin 2011, the method of LIBLINEAR's L2-regularised dual logistic
// regression). Deterministic: the same texts in the same order give the same bytes.
#ifndef MORES_REPORT_NGRAM_BASELINE_H_
#define MORES_REPORT_NGRAM_BASELINE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/stop.h"

namespace mores::report {

// A text in two fields; n-grams of each are features of their own. Either may be empty.
struct NgramText {
  std::string_view query;
  std::string_view response;
};

struct NgramTrainingOptions {
  double cost = 4;  // C: the weight of the loss against 0.5 |w|^2
  int epochs = 10;
  uint64_t seed = 1;
  StopToken stop;  // looked at between epochs; what is trained is of no use then
};

// Immutable after Train or Parse; safe to share between threads.
class NgramModel {
 public:
  static constexpr int kFeatureBits = 19;
  static constexpr size_t kFeatures = size_t{1} << kFeatureBits;
  static constexpr size_t kBlock = 1024;  // weights that share a scale

  // `unsafe[i]` is the label of `texts[i]`. `progress` is called with the epochs done.
  static NgramModel Train(std::span<const NgramText> texts, const std::vector<bool>& unsafe,
                          const NgramTrainingOptions& options,
                          const std::function<void(int)>& progress = {});

  // P(unsafe) in (0, 1).
  double PredictUnsafe(const NgramText& text) const;

  // Little-endian: bias as f32, then each block as its f32 scale and kBlock signed bytes.
  std::string Serialize() const;
  static constexpr size_t SerializedSize() {
    return sizeof(float) + kFeatures / kBlock * (sizeof(float) + kBlock);
  }
  // `bytes` must be of SerializedSize(); kCorrupt otherwise, or for a scale that isn't finite.
  static Expected<NgramModel> Parse(std::string_view bytes, std::string_view where);

 private:
  NgramModel() = default;
  // Weights rounded to eight bits a block, so that a stored model predicts exactly what the
  // trained one did.
  void Quantize(std::span<const float> weights);

  std::vector<int8_t> levels_;  // [kFeatures]
  std::vector<float> scales_;   // [kFeatures / kBlock]
  float bias_ = 0;
};

}  // namespace mores::report

#endif  // MORES_REPORT_NGRAM_BASELINE_H_
