// A model in a GGUF file, whole or split, with judge.json and a chat template in it or beside it.
#ifndef MORES_MODEL_GGUF_GGUF_SOURCE_H_
#define MORES_MODEL_GGUF_GGUF_SOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/gguf/gguf_names.h"
#include "model/model_source.h"
#include "tensor/gguf.h"

namespace mores::model {

constexpr std::string_view kTemplateKey = "tokenizer.chat_template";
// A key of our own: what a judge.json would say.
constexpr std::string_view kJudgeKey = "mores.judge";
// Another: what an about.json would say.
constexpr std::string_view kAboutKey = "mores.about";
// Another: the whole tokenizer_config.json of the checkpoint.
constexpr std::string_view kTokenizerConfigKey = "mores.tokenizer_config";
// Another: the element type of the checkpoint that the file was made of, "bf16".
constexpr std::string_view kCheckpointDTypeKey = "mores.dtype";

class GgufSource : public ModelSource {
 public:
  // `path`: any file of a split model. Every tensor of the file has its place in the model, and the
  // other way round, or the file is refused.
  static Expected<std::unique_ptr<const GgufSource>> Open(const std::string& path);

  // Of tensors whose rows the file has in another order, or in several parts, a view owns a copy in
  // the right order, made when asked for: in the element type of the file, or float32 where the
  // parts differ in it.
  Expected<tensor::TensorView> Find(const WeightShape& weight) const override;
  Expected<tensor::TensorView> FindAny(const std::string& name) const override;
  std::vector<std::string> TensorNames() const override;
  void Release(const std::string& name) const override;

  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override;
  Expected<std::optional<int32_t>> TokenCount() const override;
  // STEM.chat_template.jinja beside the file, else the file's own, else chat_template.jinja beside.
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override;
  Expected<std::map<std::string, std::string>> SpecialTokens() const override;
  Expected<std::optional<tensor::DType>> CheckpointDType() const override;
  // STEM.judge.json beside the file, else the file's own, else judge.json beside.
  Expected<std::optional<text::NamedText>> JudgeJson() const override;
  // Likewise: STEM.about.json, the file's own, about.json beside.
  Expected<std::optional<text::NamedText>> AboutJson() const override;
  std::string Folder() const override;
  Expected<Json> ConfigJson() const override;
  Expected<std::map<std::string, std::string>> OtherFiles() const override;
  Expected<std::vector<HashedFile>> HashFiles() const override;

  const tensor::GgufFile& file() const { return *file_; }

 private:
  GgufSource(const std::string& path, ModelConfig config, std::unique_ptr<tensor::GgufFile> file);
  Status CheckTensors() const;
  // What kTokenizerConfigKey holds, and the chat template in it, if there is one; empty without it.
  struct KeptConfig {
    std::string bytes;
    std::optional<std::string> chat_template;
  };
  Expected<KeptConfig> TokenizerConfig() const;
  // The chat template, as the files of a directory have it.
  Status PutTemplate(std::map<std::string, std::string>& files) const;
  // What `name` beside the file or `key` in it says, in that order.
  Expected<std::optional<text::NamedText>> TextOf(const std::string& name,
                                                  std::string_view key) const;
  // Beside the file: "STEM.name", else nullopt; and "name".
  std::optional<std::string> OwnNeighbour(const std::string& name) const;
  std::optional<std::string> Neighbour(const std::string& name) const;

  std::unique_ptr<tensor::GgufFile> file_;
  // What makes up each tensor of a checkpoint.
  std::map<std::string, std::vector<GgufTensor>> parts_;
};

// A file's name without ".gguf", and without what says which part of a split model it is.
std::string GgufStem(const std::string& path);

// The one model among the GGUF files of a directory, its first file. nullopt where there is no such
// file; kUsage, the files listed, where there are several models.
Expected<std::optional<std::string>> FindGgufIn(const std::string& directory);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_SOURCE_H_
