#include "train/foreign_fields.h"

#include <iterator>
#include <vector>

namespace mores::train {
namespace {

constexpr char kTokensNotExamples[] =
    "steps are counted in tokens here, whatever they are computed in: use optim.tokens_per_step";
constexpr char kOwnTemplate[] = "messages go through the model's own chat template; leave it out";
constexpr char kOwnBits[] =
    "the model stays in the bits that it has: give model.from a GGUF file for fewer";
constexpr char kNotBeside[] = "nothing but the adapter's own matrices is trained beside a base";
constexpr char kUsualStart[] = "an adapter begins with A at random and B of zeros";
constexpr char kAlwaysPacked[] = "examples are always packed, without padding";
constexpr char kNoSampling[] = "nothing is sampled while training";

// In TRL, PEFT, transformers, LLaMA-Factory, axolotl, Unsloth and OpenRLHF.
constexpr TomlHint kCommonFields[] = {
    // Sections.
    {"lora", "use [adapter]"},
    {"peft", "use [adapter]"},
    {"lora_config", "use [adapter]"},
    {"peft_config", "use [adapter]"},
    {"use_lora", "a section [adapter], which may be empty, trains an adapter"},
    {"use_peft", "a section [adapter], which may be empty, trains an adapter"},
    {"finetuning_type",
     "a section [adapter], which may be empty, trains an adapter; without it every weight is "
     "trained"},
    {"adapter.type", "every adapter is LoRA; use adapter.dora or adapter.rank_stabilized"},
    {"training", "use [optim] and [run]"},
    {"trainer", "use [optim] and [run]"},
    {"training_args", "use [optim] and [run]"},
    {"optimizer", "AdamW is the only one; its numbers stand in [optim]"},
    {"optim.optim", "AdamW is the only one"},
    {"optim.name", "AdamW is the only one"},
    // Model and adapter.
    {"model_name_or_path", "use model.from"},
    {"pretrained_model_name_or_path", "use model.from"},
    {"base_model_name_or_path", "use model.from"},
    {"base_model", "use model.from"},
    {"model_name", "use model.from"},
    {"model.name", "use model.from"},
    {"model.path", "use model.from"},
    {"model.base", "use model.from"},
    {"adapter_name_or_path", "use adapter.from"},
    {"lora_model_dir", "use adapter.from"},
    {"adapter.path", "use adapter.from"},
    {"r", "use adapter.rank"},
    {"lora_r", "use adapter.rank"},
    {"lora_rank", "use adapter.rank"},
    {"lora_alpha", "use adapter.alpha"},
    {"lora_dropout", "use adapter.dropout"},
    {"use_rslora", "use adapter.rank_stabilized"},
    {"rslora", "use adapter.rank_stabilized"},
    {"use_dora", "use adapter.dora"},
    {"peft_use_rslora", "use adapter.rank_stabilized"},
    {"peft_use_dora", "use adapter.dora"},
    {"target_modules", "use adapter.targets"},
    {"lora_target", "use adapter.targets"},
    {"lora_target_modules", "use adapter.targets"},
    {"lora_target_linear", "use adapter.targets = \"all-linear\", which is so without it, too"},
    {"exclude_modules", "use adapter.exclude"},
    {"layers_to_transform", "use adapter.layers"},
    {"peft_layers_to_transform", "use adapter.layers"},
    {"modules_to_save", kNotBeside},
    {"lora_modules_to_save", kNotBeside},
    {"additional_target", kNotBeside},
    {"trainable_token_indices", kNotBeside},
    {"bias", kNotBeside},
    {"lora_bias", kNotBeside},
    {"init_lora_weights", kUsualStart},
    {"loftq_config", kUsualStart},
    {"pissa_init", kUsualStart},
    {"load_in_4bit", kOwnBits},
    {"load_in_8bit", kOwnBits},
    {"quantization_bit", kOwnBits},
    {"quantization_config", kOwnBits},
    // Data.
    {"dataset", "use data.train"},
    {"datasets", "use data.train"},
    {"dataset_name", "use data.train"},
    {"dataset_path", "use data.train"},
    {"train_dataset", "use data.train"},
    {"train_file", "use data.train"},
    {"train_path", "use data.train"},
    {"data_path", "use data.train"},
    {"data.path", "use data.train"},
    {"data.file", "use data.train"},
    {"eval_dataset", "use data.valid"},
    {"test_datasets", "use data.valid"},
    {"valid_file", "use data.valid"},
    {"validation_file", "use data.valid"},
    {"data.eval", "use data.valid"},
    {"data.test", "use data.valid"},
    {"val_size", "use data.valid_share"},
    {"val_set_size", "use data.valid_share"},
    {"test_size", "use data.valid_share"},
    {"max_prompt_length", "prompts are cut so that data.max_length holds"},
    {"max_seq_length", "use data.max_length"},
    {"max_seq_len", "use data.max_length"},
    {"sequence_len", "use data.max_length"},
    {"cutoff_len", "use data.max_length"},
    {"model_max_length", "use data.max_length"},
    {"packing", kAlwaysPacked},
    {"sample_packing", kAlwaysPacked},
    {"padding_free", kAlwaysPacked},
    {"template", kOwnTemplate},
    {"chat_template", kOwnTemplate},
    {"chat_template_path", kOwnTemplate},
    // Steps and rates.
    {"lr", "use optim.learning_rate"},
    {"max_steps", "use optim.steps"},
    {"total_steps", "use optim.steps"},
    {"num_steps", "use optim.steps"},
    {"train_steps", "use optim.steps"},
    {"num_train_epochs", "use optim.epochs"},
    {"num_epochs", "use optim.epochs"},
    {"max_epochs", "use optim.epochs"},
    {"warmup_ratio", "use optim.warmup_fraction"},
    {"lr_scheduler_type", "use optim.schedule"},
    {"lr_scheduler", "use optim.schedule"},
    {"scheduler", "use optim.schedule"},
    {"min_lr_rate", "use optim.min_lr_fraction"},
    {"cosine_min_lr_ratio", "use optim.min_lr_fraction"},
    {"max_grad_norm", "use optim.clip_norm"},
    {"max_norm", "use optim.clip_norm"},
    {"gradient_clipping", "use optim.clip_norm"},
    {"adam_beta1", "use optim.betas, a list of both"},
    {"adam_beta2", "use optim.betas, a list of both"},
    {"adam_epsilon", "use optim.epsilon"},
    {"eps", "use optim.epsilon"},
    {"batch_size", kTokensNotExamples},
    {"micro_batch_size", kTokensNotExamples},
    {"train_batch_size", kTokensNotExamples},
    {"micro_train_batch_size", kTokensNotExamples},
    {"per_device_train_batch_size", kTokensNotExamples},
    {"per_device_eval_batch_size", kTokensNotExamples},
    {"gradient_accumulation_steps", kTokensNotExamples},
    // The run.
    {"bf16", "use run.precision"},
    {"fp16", "use run.precision"},
    {"tf32", "use run.precision"},
    {"dtype", "use run.precision"},
    {"torch_dtype", "use run.precision"},
    {"pure_bf16", "use run.precision"},
    {"data_seed", "use run.seed"},
    {"random_state", "use run.seed"},
    {"eval_steps", "use run.eval_every"},
    {"max_eval_samples", "use run.eval_examples"},
    {"early_stopping_patience", "use run.stop_after"},
    {"metric_for_best_model", "use run.stop_by"},
    {"save_steps", "use run.checkpoint_steps"},
    {"gradient_checkpointing", "use run.activation_gb, which bounds what is kept"},
    {"logging_steps", "every step is in OUT.metrics.jsonl"},
    {"report_to", "every step is in OUT.metrics.jsonl"},
    {"output_dir", "use -o of the command line"},
    {"output", "use -o of the command line"},
    {"num_threads", "use --threads of the command line"},
    {"threads", "use --threads of the command line"},
    {"overwrite_output_dir", "use --fresh of the command line"},
    {"resume_from_checkpoint", "the same command goes on from its last checkpoint"},
};

constexpr char kSftSection[] =
    "it is a section of mores train preference; mores train sft has [loss]";
constexpr char kOfPreference[] = "it is of [preference] in recipes of mores train preference";

constexpr TomlHint kSftFields[] = {
    {"preference", kSftSection},
    {"dpo", kSftSection},
    {"kto", kSftSection},
    {"orpo", kSftSection},
    {"simpo", kSftSection},
    {"rl", kOfPreference},
    {"stage", "which training it is says the command: mores train sft, mores train preference"},
    {"loss_type", kOfPreference},
    {"loss_weights", kOfPreference},
    {"pref_loss", kOfPreference},
    {"dpo_loss_type", kOfPreference},
    {"beta", kOfPreference},
    {"pref_beta", kOfPreference},
    {"rl_beta", kOfPreference},
    {"pref_ftx", kOfPreference},
    {"rpo_alpha", kOfPreference},
    {"cpo_alpha", kOfPreference},
    {"simpo_gamma", kOfPreference},
    {"orpo_lambda", kOfPreference},
    {"ld_alpha", kOfPreference},
    {"f_divergence_type", kOfPreference},
    {"desirable_weight", kOfPreference},
    {"undesirable_weight", kOfPreference},
    {"sync_ref_model", kOfPreference},
    {"reference_free", kOfPreference},
    {"ref_model", kOfPreference},
    {"precompute_ref_log_probs", kOfPreference},
    {"max_completion", "it is of [data] in recipes of mores train preference"},
    {"references", "it is of [data] in recipes of mores train preference"},
    {"label_smoothing", "nothing is smoothed in mores train sft"},
    {"label_smoothing_factor", "nothing is smoothed in mores train sft"},
    {"neftune_noise_alpha", "nothing is added to embeddings"},
    {"completion_only_loss", "use loss.prompt_weight"},
    {"assistant_only_loss", "use loss.prompt_weight"},
    {"train_on_inputs", "use loss.prompt_weight"},
    {"train_on_prompt", "use loss.prompt_weight"},
    {"prompt_loss_weight", "use loss.prompt_weight"},
    {"mask_history", "use data.turns = \"last\""},
    {"roles_to_train", "the assistant's turns are learned; use data.turns"},
};

constexpr char kPreferenceSection[] = "use [preference] with its loss_type";
constexpr char kOfSft[] = "it is of [loss] in recipes of mores train sft";

constexpr char kReferenceKept[] =
    "it can't be done here: the reference is what training starts from, and stays it";

constexpr TomlHint kPreferenceFields[] = {
    {"loss", "it is a section of mores train sft; mores train preference has [preference]"},
    {"preference.loss", "use preference.loss_type"},
    {"dpo", kPreferenceSection},
    {"kto", kPreferenceSection},
    {"orpo", kPreferenceSection},
    {"simpo", kPreferenceSection},
    {"rlhf", kPreferenceSection},
    {"sync_ref_model", kReferenceKept},
    {"ref_model", kReferenceKept},
    {"ref_model_sync_steps", kReferenceKept},
    {"ref_model_mixup_alpha", kReferenceKept},
    {"reference_free", "use preference.loss_type = \"simpo\" or \"orpo\", which need no reference"},
    {"max_completion_length", "use data.max_completion"},
    {"max_target_length", "use data.max_completion"},
    {"loss_function", "use preference.loss_type"},
    {"loss_fn", "use preference.loss_type"},
    {"loss_name", "use preference.loss_type"},
    {"algorithm", "use preference.loss_type"},
    {"method", "use preference.loss_type"},
    {"dpo_beta", "use preference.beta"},
    {"kto_beta", "use preference.beta"},
    {"simpo_beta", "use preference.beta"},
    {"orpo_beta", "use preference.orpo_lambda"},
    {"lambda", "use preference.orpo_lambda"},
    {"gamma", "use preference.simpo_gamma"},
    {"gamma_beta_ratio", "use preference.simpo_gamma, which is that times beta"},
    {"epsilon_smoothing", "use preference.label_smoothing"},
    {"dpo_lambda", "use preference.loss_weights"},
    {"alpha", "nothing in [preference] is called so: use adapter.alpha, or loss_type with 'sft'"},
    {"label_weight", kOfSft},
    {"critique_weight", kOfSft},
    {"prompt_weight", kOfSft},
    {"prompt_until", kOfSft},
    {"prompt_weight_after", kOfSft},
    {"turns", "it is of mores train sft; here what a completion's turns say is learned"},
    {"max_new_tokens", kNoSampling},
    {"temperature", kNoSampling},
    {"num_generations", kNoSampling},
    {"reward_model", "rewards are those of the loss; no other model is asked"},
};

template <size_t kCount>
std::vector<TomlHint> WithCommon(const TomlHint (&own)[kCount]) {
  std::vector<TomlHint> all(std::begin(own), std::end(own));
  all.insert(all.end(), std::begin(kCommonFields), std::end(kCommonFields));
  return all;
}

}  // namespace

std::span<const TomlHint> SftForeignFields() {
  static const std::vector<TomlHint> fields = WithCommon(kSftFields);
  return fields;
}

std::span<const TomlHint> PreferenceForeignFields() {
  static const std::vector<TomlHint> fields = WithCommon(kPreferenceFields);
  return fields;
}

}  // namespace mores::train
