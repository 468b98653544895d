// A model with an adapter merged into its weights (LoRA, Hu et al. 2021, arXiv:2106.09685), from a
// GGUF file (docs/formats/gguf.md) over a model of either container.
#ifndef MORES_MODEL_GGUF_ADAPTED_SOURCE_H_
#define MORES_MODEL_GGUF_ADAPTED_SOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/gguf/gguf_names.h"
#include "model/model_source.h"
#include "tensor/gguf.h"

namespace mores::model {

// A weight that the adapter changes is in float32: W + (s * d), where d adds up b[row][r] *
// a[r][column] for r from 0 up, and s is alpha / rank, or 1 where the file has no alpha; every
// operation rounded to float32. It is computed when asked for, and owned by its view.
class AdaptedSource : public ModelSource {
 public:
  // kUnsupported, the tensor or key named, for an adapter of another kind or architecture and for
  // what has no place in the base; kCorrupt for shapes that contradict it.
  static Expected<std::unique_ptr<const ModelSource>> Open(std::unique_ptr<const ModelSource> base,
                                                           const std::string& adapter);

  Expected<tensor::TensorView> Find(const WeightShape& weight) const override;
  Expected<tensor::TensorView> FindAny(const std::string& name) const override;
  std::vector<std::string> TensorNames() const override { return base_->TensorNames(); }
  void Release(const std::string& name) const override { base_->Release(name); }
  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override {
    return base_->LoadTokenizer();
  }
  Expected<std::optional<int32_t>> TokenCount() const override { return base_->TokenCount(); }
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override {
    return base_->ChatTemplate();
  }
  Expected<std::map<std::string, std::string>> SpecialTokens() const override {
    return base_->SpecialTokens();
  }
  Expected<std::optional<text::NamedText>> JudgeJson() const override { return base_->JudgeJson(); }
  std::string Folder() const override { return base_->Folder(); }
  Expected<Json> ConfigJson() const override { return base_->ConfigJson(); }
  Expected<std::map<std::string, std::string>> OtherFiles() const override {
    return base_->OtherFiles();
  }
  // The base's, and the adapter's.
  Expected<std::vector<HashedFile>> HashFiles() const override;
  // "BASE+ADAPTER".
  std::string Stem() const override;

 private:
  // What is added to the rows of one tensor.
  struct Change {
    GgufTensor tensor;
    tensor::TensorView a, b;
  };

  AdaptedSource(std::unique_ptr<const ModelSource> base, std::unique_ptr<tensor::GgufFile> file);
  Status ReadKeys();
  Status ReadTensors();
  Status CheckShapes(const Change& change) const;
  void Apply(const Change& change, int64_t columns, float* weight) const;

  std::unique_ptr<const ModelSource> base_;
  std::unique_ptr<tensor::GgufFile> file_;
  float alpha_ = 0;                                     // 0: none
  std::map<std::string, std::vector<Change>> changes_;  // by the checkpoint's names
};

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_ADAPTED_SOURCE_H_
