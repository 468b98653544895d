// For tests: a model directory small enough to be made in a second, whose answers are known.
//
// The decoder's layers are silenced, so that the next token depends on the last one alone: after
// <|judge|> come the label strings (unsafe the likelier in English, safe in Chinese), after the
// line break one critique token, then the end.
#ifndef MORES_SUPPORT_CLI_TOY_MODEL_H_
#define MORES_SUPPORT_CLI_TOY_MODEL_H_

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/threads.h"
#include "format/profile/judge_profile.h"
#include "format/profile/reply_tokens.h"
#include "model/train/trainable_model.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::cli {

class ToyModel {
 public:
  // Writes the whole directory.
  static Status Write(const std::string& directory) {
    MORES_RETURN_IF_ERROR(MakeDirectories(directory));
    text::SentencePieceTraining training;
    for (int i = 0; i < 20; ++i) {
      training.texts.push_back(
          "The answer is safe. The answer is unsafe. It tells how to do harm.");
      training.texts.push_back("回答安全。回答不安全。它说明了怎样造成伤害。");
    }
    training.vocab_size = 340;
    training.special_tokens = format::OurSpecialTokens();
    MORES_ASSIGN_OR_RETURN(const std::string serialized, text::TrainSentencePieceBpe(training));
    MORES_RETURN_IF_ERROR(text::WriteTokenizerFiles(serialized, directory, ""));
    format::JudgeConfig config;
    MORES_ASSIGN_OR_RETURN(const auto profile, format::FindJudgeProfile(config.profile));
    config.prompt_hash = profile->prompt_hash();
    config.context_length = kContext;
    config.max_critique_tokens = 8;
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(directory + "/judge.json", DumpJson(format::ToJson(config)) + "\n"));
    MORES_ASSIGN_OR_RETURN(const auto tokenizer, text::LoadTokenizer(directory));
    return WriteWeights(directory, *tokenizer, *profile);
  }

  static constexpr int kContext = 160;

 private:
  static constexpr int kHidden = 64;
  static constexpr float kLogit = 14;

  static Status WriteWeights(const std::string& directory, const text::Tokenizer& tokenizer,
                             const format::JudgeProfile& profile) {
    model::ModelConfig config;
    config.vocab_size = tokenizer.vocab_size();
    config.hidden_dim = kHidden;
    config.ffn_dim = kHidden;
    config.layers = 1;
    config.query_heads = config.kv_heads = 2;
    config.head_dim = kHidden / 2;
    config.context_length = kContext;
    ThreadPool pool(1);
    const auto model = model::TrainableModel::Random(config, /*seed=*/1, pool);
    std::map<std::string, model::Parameter*> parameters;
    for (model::Parameter& parameter : model->parameters()) parameters[parameter.name] = &parameter;
    for (const char* name :
         {"model.layers.0.self_attn.o_proj.weight", "model.layers.0.mlp.down_proj.weight",
          "model.embed_tokens.weight", "lm_head.weight"}) {
      std::fill(parameters.at(name)->value.begin(), parameters.at(name)->value.end(), 0.0f);
    }
    ToyModel toy(tokenizer.vocab_size(), parameters.at("model.embed_tokens.weight")->value,
                 parameters.at("lm_head.weight")->value);
    const int32_t judge = *tokenizer.SpecialId("<|judge|>");
    const format::ReplyTokens reply =
        format::EncodeReply(profile.form(text::Language::kEnglish), tokenizer);
    const int32_t line_break = reply.separator.back();
    const int32_t word = tokenizer.Encode("answer").back();
    for (size_t i = 0; i < reply.choices.size(); ++i) {
      const bool unsafe = reply.means[i] == format::Label::kUnsafe;
      toy.Follow(judge, reply.choices[i], unsafe ? kLogit + 1 : kLogit);
    }
    toy.Follow(line_break, {word}, kLogit);
    toy.Follow(word, {*tokenizer.eos_id()}, kLogit);
    model->ParametersChanged();
    return model->Save(directory, tensor::DType::kF32);
  }

  ToyModel(int32_t vocab_size, std::vector<float>& embedding, std::vector<float>& head)
      : embedding_(embedding), head_(head) {
    // Dimension 0 stands for every token without a follower.
    for (int32_t token = 0; token < vocab_size; ++token) At(embedding_, token, 0) = 1;
  }

  static float& At(std::vector<float>& matrix, int32_t token, int dimension) {
    return matrix[static_cast<size_t>(token) * kHidden + static_cast<size_t>(dimension)];
  }

  int DimensionOf(int32_t token) {
    const auto [found, fresh] =
        dimensions_.emplace(token, static_cast<int>(dimensions_.size()) + 1);
    if (fresh) {
      At(embedding_, token, 0) = 0;
      At(embedding_, token, found->second) = 1;
    }
    return found->second;
  }

  // Gives each token of `text` the logit after the one before it, the first after `token`. The
  // normalised state is the square root of kHidden in one dimension.
  void Follow(int32_t token, const std::vector<int32_t>& text, float logit) {
    for (const int32_t next : text) {
      float& weight = At(head_, next, DimensionOf(token));
      weight = std::max(weight, logit / 8);
      token = next;
      logit = kLogit;
    }
  }

  std::vector<float>& embedding_;
  std::vector<float>& head_;
  std::map<int32_t, int> dimensions_;
};

}  // namespace mores::cli

#endif  // MORES_SUPPORT_CLI_TOY_MODEL_H_
