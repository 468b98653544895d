// A model directory as Hugging Face's libraries write it: config.json, generation_config.json,
// *.safetensors, tokenizer.json or tokenizer.model, chat_template.jinja; and our judge.json.
#ifndef MORES_MODEL_DIRECTORY_SOURCE_H_
#define MORES_MODEL_DIRECTORY_SOURCE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/model_source.h"

namespace mores::model {

class DirectorySource : public ModelSource {
 public:
  static Expected<std::unique_ptr<const DirectorySource>> Open(const std::string& directory);

  Expected<tensor::TensorView> Find(const WeightShape& weight) const override {
    return files_.Find(weight);
  }
  Expected<tensor::TensorView> FindAny(const std::string& name) const override {
    return files_.FindAny(name);
  }
  std::vector<std::string> TensorNames() const override { return files_.Names(); }
  void Release(const std::string& name) const override { files_.Release(name); }
  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override {
    return text::LoadTokenizer(path());
  }
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override {
    return text::FindChatTemplate(path());
  }
  Expected<std::map<std::string, std::string>> SpecialTokens() const override {
    return text::ReadSpecialTokens(path());
  }
  Expected<Json> ConfigJson() const override;
  Expected<std::optional<text::NamedText>> JudgeJson() const override {
    return text::ReadTextIn(path(), text::kJudgeFile);
  }
  std::string Folder() const override { return path(); }
  Expected<std::map<std::string, std::string>> OtherFiles() const override;
  Expected<std::vector<HashedFile>> HashFiles() const override;

 private:
  DirectorySource(const std::string& directory, ModelConfig config, WeightFiles files)
      : ModelSource(directory, std::move(config)), files_(std::move(files)) {}
  WeightFiles files_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_DIRECTORY_SOURCE_H_
