// For tests: adapters of random numbers, and a model with one merged into its weights by the
// formula as it is written (docs/formats/adapter.md).
#ifndef MORES_SUPPORT_MODEL_RANDOM_ADAPTER_H_
#define MORES_SUPPORT_MODEL_RANDOM_ADAPTER_H_

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "model/adapter/adapter.h"
#include "model/model_source.h"

namespace mores::model {

struct RandomAdapterOptions {
  int64_t rank = 4;
  double scale = 0.5;
  enum class Kind { kLora, kDora } kind = Kind::kLora;
  uint64_t seed = 1;
  // Which products: of the weights' names without ".weight"; null: all.
  std::function<bool(const std::string&)> changes;
};

// No product's ranks are alike, so that one taken for another is seen.
inline Adapter RandomAdapter(const ModelConfig& config, const RandomAdapterOptions& options) {
  Random random(options.seed);
  Adapter adapter;
  adapter.path = "random adapter";
  adapter.config.dora = options.kind == RandomAdapterOptions::Kind::kDora;
  const auto fill = [&](std::vector<float>& values, int64_t count, double size) {
    values.resize(static_cast<size_t>(count));
    for (float& value : values) value = static_cast<float>(size * random.Normal());
  };
  for (const WeightShape& weight : WeightShapes(config)) {
    const std::string module = weight.name.substr(0, weight.name.rfind('.'));
    if (weight.shape.size() != 2 || weight.name == NamesOf(config).embedding) continue;
    if (options.changes && !options.changes(module)) continue;
    AdapterPart& part = adapter.parts[module];
    part.place = {.module = module,
                  .in = weight.shape[1],
                  .out = weight.shape[0],
                  .rank = options.rank + static_cast<int64_t>(adapter.parts.size() % 3),
                  .scale = options.scale};
    fill(part.a, part.place.rank * part.place.in,
         1.0 / std::sqrt(static_cast<double>(part.place.in)));
    fill(part.b, part.place.out * part.place.rank, 0.3);
    if (!adapter.config.dora) continue;
    for (int64_t i = 0; i < part.place.out; ++i) {
      part.magnitude.push_back(static_cast<float>(0.5 + random.Uniform()));
    }
  }
  return adapter;
}

// A model whose weights are W + s B A, or of DoRA magnitude (W + s B A) / |W + s B A| row by row.
class MergedByHand : public ModelSource {
 public:
  // Both must outlive it.
  MergedByHand(const ModelSource& base, const Adapter& adapter)
      : ModelSource(base.path(), base.config()), base_(base) {
    for (const auto& [module, part] : adapter.parts) Merge(part);
  }

  Expected<tensor::TensorView> Find(const WeightShape& weight) const override {
    const auto merged = merged_.find(weight.name);
    if (merged == merged_.end()) return base_.Find(weight);
    return tensor::TensorView{.dtype = tensor::DType::kF32,
                              .shape = weight.shape,
                              .bytes = {reinterpret_cast<const char*>(merged->second.data()),
                                        merged->second.size() * sizeof(float)}};
  }
  Expected<tensor::TensorView> FindAny(const std::string& name) const override {
    return base_.FindAny(name);
  }
  std::vector<std::string> TensorNames() const override { return base_.TensorNames(); }
  void Release(const std::string&) const override {}
  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override {
    return base_.LoadTokenizer();
  }
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override {
    return base_.ChatTemplate();
  }
  Expected<std::map<std::string, std::string>> SpecialTokens() const override {
    return base_.SpecialTokens();
  }
  Expected<std::optional<text::NamedText>> JudgeJson() const override { return base_.JudgeJson(); }
  std::string Folder() const override { return base_.Folder(); }
  Expected<Json> ConfigJson() const override { return base_.ConfigJson(); }
  Expected<std::map<std::string, std::string>> OtherFiles() const override {
    return base_.OtherFiles();
  }
  Expected<std::vector<HashedFile>> HashFiles() const override { return base_.HashFiles(); }

 private:
  void Merge(const AdapterPart& part) {
    const auto in = static_cast<size_t>(part.place.in), out = static_cast<size_t>(part.place.out),
               rank = static_cast<size_t>(part.place.rank);
    const std::string name = part.place.module + ".weight";
    std::vector<float> weight = *base_.Read({name, {part.place.out, part.place.in}});
    for (size_t o = 0; o < out; ++o) {
      std::vector<double> row(in);
      double square = 0;
      for (size_t i = 0; i < in; ++i) {
        double sum = 0;
        for (size_t r = 0; r < rank; ++r) {
          sum += double{part.b[o * rank + r]} * double{part.a[r * in + i]};
        }
        row[i] = double{weight[o * in + i]} + part.place.scale * sum;
        square += row[i] * row[i];
      }
      const double factor =
          part.magnitude.empty() ? 1.0 : double{part.magnitude[o]} / std::sqrt(square);
      for (size_t i = 0; i < in; ++i) weight[o * in + i] = static_cast<float>(factor * row[i]);
    }
    merged_[name] = std::move(weight);
  }

  const ModelSource& base_;
  std::map<std::string, std::vector<float>> merged_;
};

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_RANDOM_ADAPTER_H_
