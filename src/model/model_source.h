// What opens a model: its config, weights, tokenizer and chat template, wherever they lie: in a
// directory as Hugging Face's libraries write it (model/directory_source.h), or in a GGUF file
// (model/gguf/gguf_source.h). Another container is another implementation and a branch of
// OpenModel; nothing else knows what files there are.
#ifndef MORES_MODEL_MODEL_SOURCE_H_
#define MORES_MODEL_MODEL_SOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/config.h"
#include "model/weights.h"
#include "tensor/tensor_view.h"
#include "text/model_texts.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::model {

// Open and immutable; safe to share between threads.
class ModelSource {
 public:
  virtual ~ModelSource() = default;

  // Where it lies: what errors name.
  const std::string& path() const { return path_; }
  // With the tokens that end a reply by the generation config, where there is one.
  const ModelConfig& config() const { return config_; }

  // Tensors go by the names and have the order of rows that the family's Hugging Face checkpoints
  // give them (model/weights.h); a source whose file has it otherwise translates. Views are of the
  // file, or of memory that the source keeps, and stay valid while it lives.
  virtual Expected<tensor::TensorView> Find(const WeightShape& weight) const = 0;  // else kCorrupt
  // kCorrupt where there is none of that name.
  virtual Expected<tensor::TensorView> FindAny(const std::string& name) const = 0;
  // Of all that there are.
  virtual std::vector<std::string> TensorNames() const = 0;
  // FindAny as it was stored, before an adapter changed it.
  virtual Expected<tensor::TensorView> FindStored(const std::string& name) const {
    return FindAny(name);
  }
  // Whether an adapter is merged into it.
  virtual bool Changes(const std::string& /*name*/) const { return false; }
  // What holds the weights that were stored: this, or the base of an adapter.
  virtual const ModelSource& Container() const { return *this; }
  // Lets the memory of a tensor's pages go; they are read again if needed.
  virtual void Release(const std::string& name) const = 0;
  // Find, as float32.
  Expected<std::vector<float>> Read(const WeightShape& weight) const;

  // kMissing where there is none.
  virtual Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const = 0;
  // Its vocab_size(), without loading it where that can be had; nullopt where there is none.
  virtual Expected<std::optional<int32_t>> TokenCount() const;
  virtual Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const = 0;
  // By their names in templates: {"bos_token", "<s>"}.
  virtual Expected<std::map<std::string, std::string>> SpecialTokens() const = 0;

  // The element type of all weights of the checkpoint that this was made of, where the source says
  // one and its own may be another.
  virtual Expected<std::optional<tensor::DType>> CheckpointDType() const { return std::nullopt; }

  // judge.json, beside the model or in it. None if there is none.
  virtual Expected<std::optional<text::NamedText>> JudgeJson() const = 0;
  // about.json likewise.
  virtual Expected<std::optional<text::NamedText>> AboutJson() const {
    return text::ReadTextIn(Folder(), text::kAboutFile);
  }
  // The folder in which what belongs to the model lies: prompt files, about.json.
  virtual std::string Folder() const = 0;
  // All of these.
  virtual text::ModelTexts Texts() const;

  // For a copy as a Hugging Face directory: its config.json, and the other files that
  // go along as they are (tokenizer, templates, judge.json), by name and bytes.
  virtual Expected<Json> ConfigJson() const = 0;
  virtual Expected<std::map<std::string, std::string>> OtherFiles() const = 0;

  struct HashedFile {
    std::string name, sha256;
  };
  // The files that shape results, by name in order. Left out are those that shape a prompt, such as
  // chat templates, which the profile that asks by them answers for, and a generation config that
  // ends replies by the same tokens as the config: it changes nothing.
  virtual Expected<std::vector<HashedFile>> HashFiles() const = 0;
  // What it goes by: the path's last part, of a file without its ending.
  virtual std::string Stem() const;
  // "STEM@HASH12", such as mini@1a2b3c4d5e6f, with a hash of those files.
  Expected<std::string> Name() const;
  // The same of a stem and files, which need not be of one model.
  static std::string NameOf(const std::string& stem, const std::vector<HashedFile>& files);
  // What a path goes by, as Stem.
  static std::string StemOf(const std::string& path);

 protected:
  ModelSource(std::string path, ModelConfig config)
      : path_(std::move(path)), config_(std::move(config)) {}

 private:
  std::string path_;
  ModelConfig config_;
};

// `path`: a directory as Hugging Face's libraries write it, a GGUF file, any file of a split one,
// or a directory without config.json that holds one GGUF model. kMissing, kCorrupt or kUnsupported,
// with file and field named; kUsage where the directory holds several models.
Expected<std::unique_ptr<const ModelSource>> OpenModel(const std::string& path);

}  // namespace mores::model

#endif  // MORES_MODEL_MODEL_SOURCE_H_
