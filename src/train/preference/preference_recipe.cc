#include "train/preference/preference_recipe.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/ascii_lower.h"
#include "base/nearest.h"

namespace mores::train {
namespace {

using Kind = PreferenceLossKind;

constexpr NumberRange kAboveZero{.low = 0, .low_end = NumberRange::Low::kExcluded};
constexpr NumberRange kAtLeastZero{.low = 0};

// Options of TRL and others that change no number here.
struct IdleOption {
  const char* key;
  const char* why;
};
constexpr char kReferenceStays[] = "the reference is what training starts from, and stays it";
constexpr char kNoSync[] =
    "can't be done here: the reference is what training starts from, and stays it";
constexpr char kReferenceOnce[] = "the reference is computed once anyway";
constexpr char kNoPadding[] = "nothing is padded";
constexpr IdleOption kIdleOptions[] = {
    {"precompute_ref_log_probs", kReferenceOnce},
    {"precompute_ref_batch_size", kReferenceOnce},
    {"force_use_ref_model", kReferenceStays},
    {"ref_model_init_kwargs", kReferenceStays},
    {"model_adapter_name", "one adapter is trained"},
    {"ref_adapter_name", kReferenceStays},
    {"ref_model_mixup_alpha", kReferenceStays},
    {"ref_model_sync_steps", kReferenceStays},
    {"use_logits_to_keep", "logits are computed only where a loss looks"},
    {"use_liger_loss", "logits are computed only where a loss looks"},
    {"padding_free", kNoPadding},
    {"pad_to_multiple_of", kNoPadding},
    {"pad_token", kNoPadding},
    {"padding_value", kNoPadding},
    {"label_pad_token_id", kNoPadding},
    {"base_model_attribute_name", "the parts of a model are known"},
    {"is_encoder_decoder", "every model is a decoder"},
    {"trust_remote_code", "no code of a model is run"},
    {"model_init_kwargs", "a model is opened in one way"},
    {"activation_offloading", "there is one memory"},
    {"generate_during_eval", "nothing is written in validation"},
    {"dataset_num_proc", "threads are those of the whole run"},
    {"disable_dropout", "dropout is what 'run' says"},
    {"truncation_mode", "prompts lose their beginning, completions their end"},
};

// Options that other fields of a recipe, or of records, stand for.
struct MovedOption {
  const char* key;
  const char* instead;
};
constexpr MovedOption kMovedOptions[] = {
    {"ref_model", kNoSync},
    {"ref_model_adapters", kNoSync},
    {"ref_model_quantization_bit", kNoSync},
    {"max_length", "stands in 'data': use data.max_length"},
    {"max_completion_length", "is gone: use data.max_completion"},
    {"max_target_length", "is gone: use data.max_completion"},
    {"max_prompt_length", "is gone: prompts are cut so that data.max_length holds"},
    {"tools", "are a field of records"},
};

// Names of papers and other tools; what they compute may differ in detail, so they aren't read as
// ours.
constexpr std::pair<const char*, const char*> kOtherLossNames[] = {{"slic", "hinge"},
                                                                   {"slic_hf", "hinge"},
                                                                   {"nll", "sft"},
                                                                   {"likelihood", "sft"},
                                                                   {"conservative", "cdpo"},
                                                                   {"robust_dpo", "robust"},
                                                                   {"rdpo", "robust"},
                                                                   {"bco", "bco_pair"},
                                                                   {"nca", "nca_pair"},
                                                                   {"exo", "exo_pair"},
                                                                   {"sppo", "sppo_hard"},
                                                                   {"apo", "apo_zero"},
                                                                   {"dpo_norm", "sigmoid_norm"},
                                                                   {"ln_dpo", "sigmoid_norm"}};

std::string Quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

std::string ListOf(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string QuotedList(std::vector<std::string> names) {
  for (std::string& name : names) name = Quoted(name);
  return ListOf(names);
}

std::optional<Kind> KindOf(std::string_view name) {
  for (const Kind kind : PreferenceLossKinds()) {
    if (Name(kind) == name) return kind;
  }
  return std::nullopt;
}

// Reads the section once; translations look at what was read before them.
class LossSection {
 public:
  LossSection(TomlFields& fields, PreferenceLoss& loss, std::vector<std::string>& told)
      : fields_(fields), loss_(loss), told_(told) {}

  void Read() {
    ReadTerms();
    ReadOptions();
    ReadSmoothing();
    ReadScale();
    for (const auto& [key, note] : {std::pair("rpo_alpha", ""),
                                    {"cpo_alpha", ""},
                                    {"pref_ftx", kMeanOfTokens},
                                    {"nll_loss_coef", kMeanOfTokens}}) {
      ReadLikelihood(key, note);
    }
    RefuseWhatNoLossReads();
    RefuseWhatIsNowhere();
    for (const IdleOption& option : kIdleOptions) {
      if (!fields_.Has(option.key)) continue;
      fields_.PassOver(option.key);
      told_.push_back(fmt::format("{} is left out: {}", option.key, option.why));
    }
    if (const auto problem = FindLossProblem(loss_)) {
      const auto given = given_as_.find(problem->field);
      fields_.Refuse(given == given_as_.end() ? problem->field.c_str() : given->second,
                     problem->problem);
    }
  }

 private:
  static constexpr char kMeanOfTokens[] =
      "; its mean is over all chosen tokens, not over each completion's own mean";

  void Tell(const char* key, std::string_view value, std::string_view meaning) {
    told_.push_back(fmt::format("{} = {} is read as {}", key, value, meaning));
  }

  // Notes under which name a present field was given; two names of one field are one too many.
  bool Given(const char* present, const char* key) {
    fields_.PassOver(present);  // it is known, there or not
    if (!fields_.Has(key)) return false;
    const auto [place, first] = given_as_.try_emplace(present, key);
    if (!first) fields_.Exclusive(key, place->second);
    return first;
  }

  void Number(const char* present, std::initializer_list<const char*> older, double& out,
              NumberRange range) {
    if (Given(present, present)) fields_.Number(present, out, range);
    for (const char* key : older) {
      if (!Given(present, key)) continue;
      fields_.Number(key, out, range);
      Tell(key, fmt::format("{}", out), fmt::format("{} = {}", present, out));
    }
  }

  std::string DescribeTerms() const {
    std::vector<std::string> names, weights;
    bool ones = true;
    for (const PreferenceLossTerm& term : loss_.terms) {
      names.push_back(std::string(Name(term.kind)));
      weights.push_back(fmt::format("{}", term.weight));
      ones = ones && term.weight == 1;
    }
    const std::string loss_type = fmt::format("loss_type = {}", QuotedList(names));
    if (ones && names.size() == 1) return loss_type;
    return fmt::format("{}, loss_weights = [{}]", loss_type, fmt::join(weights, ", "));
  }

  void ReadTerms() {
    std::vector<std::string> names;
    if (Given("loss_type", "loss_type")) fields_.Texts("loss_type", names);
    for (const char* key : {"pref_loss", "dpo_loss_type"}) {
      if (!Given("loss_type", key)) continue;
      fields_.Texts(key, names);
      if (!names.empty()) {
        Tell(key, QuotedList(names), fmt::format("loss_type = {}", QuotedList(names)));
      }
    }
    for (const char* key : {"ipo_enable", "ipo"}) {
      bool ipo = false;
      fields_.Flag(key, ipo);
      if (!ipo || !Given("loss_type", key)) continue;
      names = {"ipo"};
      Tell(key, "true",
           "loss_type = \"ipo\", whose log ratios are means over tokens, not sums of them");
    }
    ReadStage(names);
    if (given_as_.contains("loss_type")) SetTerms(names);
    ReadWeights();
  }

  // What kind of training LLaMA-Factory and axolotl are asked for.
  void ReadStage(std::vector<std::string>& names) {
    std::string stage, rl;
    fields_.Exclusive("rl", "stage");
    fields_.Choice("stage", {{"dpo", std::string("dpo")}, {"kto", std::string("kto")}}, stage);
    fields_.Choice("rl",
                   {{"dpo", std::string("dpo")},
                    {"ipo", std::string("ipo")},
                    {"orpo", std::string("orpo")},
                    {"kto", std::string("kto")},
                    {"simpo", std::string("simpo")}},
                   rl);
    for (const auto& [key, value] : {std::pair("stage", stage), std::pair("rl", rl)}) {
      if (value.empty()) continue;
      if (value == "dpo") {
        RefuseOtherThanDpo(key, names);
        if (names.empty()) Tell(key, Quoted(value), "loss_type = \"sigmoid\"");
      } else if (Given("loss_type", key)) {
        names = {value};
        // axolotl hands SimPO to a trainer that adds this part unless it is told not to.
        likelihood_of_simpo_ = value == "simpo" && !fields_.Has("cpo_alpha");
        if (!likelihood_of_simpo_) Tell(key, Quoted(value), "loss_type = " + Quoted(value));
      }
    }
  }

  // "dpo" is a family: its losses may stand beside it. LLaMA-Factory counts two more to it.
  void RefuseOtherThanDpo(const char* key, const std::vector<std::string>& names) {
    const bool wide = std::string_view(key) == "stage";
    for (const std::string& name : names) {
      if (name != "kto" && (wide || (name != "simpo" && name != "orpo"))) continue;
      fields_.Refuse(key, fmt::format("'dpo' stands beside the loss '{}', which is none of its; "
                                      "leave it out",
                                      name));
    }
  }

  void SetTerms(const std::vector<std::string>& names) {
    const char* key = given_as_.at("loss_type");
    loss_.terms.clear();
    for (const std::string& name : names) {
      if (name == "kto_pair") {
        return fields_.Refuse(
            key, "'kto_pair' is gone: use 'kto', which takes a pair as two completions");
      }
      const bool renamed = name == "aot_pair", dpo = AsciiLower(name) == "dpo";
      if (renamed) told_.push_back("'aot_pair' is read as 'aot_unpaired', its name of today");
      if (dpo) told_.push_back(fmt::format("'{}' is read as 'sigmoid', its name here", name));
      const std::optional<Kind> kind = KindOf(renamed ? "aot_unpaired" : dpo ? "sigmoid" : name);
      if (!kind) return RefuseName(key, name);
      loss_.terms.push_back({.kind = *kind});
    }
    if (!likelihood_of_simpo_) return;
    loss_.terms.push_back({.kind = Kind::kSft});
    Tell(key, "\"simpo\"", DescribeTerms() + ", cpo_alpha being 1 there unless it is given");
  }

  void RefuseName(const char* key, std::string_view name) {
    std::vector<std::string> known;
    for (const Kind kind : PreferenceLossKinds()) known.emplace_back(Name(kind));
    std::optional<std::string> meant = Nearest(std::string(name), known);
    for (const auto& [other, ours] : kOtherLossNames) {
      if (AsciiLower(name) == other) meant = ours;
    }
    fields_.Refuse(key, fmt::format("'{}' is no loss; {}there are '{}'", name.substr(0, 40),
                                    meant ? fmt::format("did you mean '{}'? ", *meant) : "",
                                    fmt::join(known, "', '")));
  }

  void ReadWeights() {
    std::vector<double> weights;
    const char* key = nullptr;
    for (const char* name : {"loss_weights", "dpo_loss_weights"}) {
      if (!Given("loss_weights", name)) continue;
      key = name;
      fields_.Numbers(name, weights, kAtLeastZero);
    }
    if (key == nullptr) return;
    if (weights.size() != loss_.terms.size()) {
      return fields_.Refuse(
          key, fmt::format("must be as many numbers as there are losses, {}", loss_.terms.size()));
    }
    for (size_t i = 0; i < weights.size(); ++i) loss_.terms[i].weight = weights[i];
    if (std::string_view(key) != "loss_weights") {
      Tell(key, fmt::format("[{}]", fmt::join(weights, ", ")), DescribeTerms());
    }
  }

  void ReadOptions() {
    fields_.Choice("f_divergence_type",
                   {{Name(Divergence::kReverseKl), Divergence::kReverseKl},
                    {Name(Divergence::kForwardKl), Divergence::kForwardKl},
                    {Name(Divergence::kJs), Divergence::kJs},
                    {Name(Divergence::kAlpha), Divergence::kAlpha}},
                   loss_.divergence);
    fields_.Number("f_alpha_divergence_coef", loss_.alpha_divergence, {});
    fields_.Number("ld_alpha", loss_.length_desensitised, {.low = 0, .high = 1});
    fields_.Number("discopop_tau", loss_.discopop_tau, kAboveZero);
    fields_.Number("simpo_gamma", loss_.simpo_gamma, {});
    Number("desirable_weight", {"kto_desirable_weight", "kto_chosen_weight"},
           loss_.desirable_weight, kAtLeastZero);
    Number("undesirable_weight", {"kto_undesirable_weight", "kto_rejected_weight"},
           loss_.undesirable_weight, kAtLeastZero);
    if (Given("use_weighting", "use_weighting")) fields_.Flag("use_weighting", loss_.weighted);
    if (Given("use_weighting", "dpo_use_weighting")) {
      fields_.Flag("dpo_use_weighting", loss_.weighted);
      Tell("dpo_use_weighting", loss_.weighted ? "true" : "false",
           fmt::format("use_weighting = {}", loss_.weighted));
    }
  }

  // Until TRL 0.28, and in other tools, `sigmoid` was smoothed; it is another loss now.
  void ReadSmoothing() {
    Number("label_smoothing", {"dpo_label_smoothing"}, loss_.label_smoothing,
           {.low = 0, .high = 0.5});
    if (loss_.label_smoothing == 0) return;
    PreferenceLoss smoothed = loss_;
    if (const auto problem = FindLossProblem(smoothed);
        !problem || problem->field != "label_smoothing" || loss_.label_smoothing >= 0.5) {
      return;
    }
    for (PreferenceLossTerm& term : smoothed.terms) {
      if (term.kind == Kind::kSigmoid) term.kind = Kind::kCdpo;
    }
    if (!smoothed.Has(Kind::kCdpo)) return;
    const std::string before = DescribeTerms();
    loss_ = smoothed;
    told_.push_back(fmt::format("{} with label_smoothing = {} is read as {}", before,
                                loss_.label_smoothing, DescribeTerms()));
  }

  // beta; of ORPO alone other tools call lambda so.
  void ReadScale() {
    const bool of_odds = std::all_of(loss_.terms.begin(), loss_.terms.end(),
                                     [](const PreferenceLossTerm& term) {
                                       return term.kind == Kind::kOrpo || term.kind == Kind::kSft;
                                     }) &&
                         loss_.Has(Kind::kOrpo);
    if (of_odds) {
      Number("orpo_lambda", {"orpo_alpha", "beta", "pref_beta", "rl_beta"}, loss_.orpo_lambda,
             kAtLeastZero);
    } else {
      Number("orpo_lambda", {"orpo_alpha"}, loss_.orpo_lambda, kAtLeastZero);
      Number("beta", {"pref_beta", "rl_beta"}, loss_.beta, kAboveZero);
    }
  }

  // The likelihood of the chosen completion as an option of another loss.
  void ReadLikelihood(const char* key, const char* note) {
    if (!fields_.Has(key)) return;
    double weight = 0;
    fields_.Number(key, weight, kAtLeastZero);
    if (loss_.Has(Kind::kSft)) {
      return fields_.Refuse(key, "stands beside 'sft', which is the same; give one or the other");
    }
    if (weight > 0) loss_.terms.push_back({.kind = Kind::kSft, .weight = weight});
    Tell(key, fmt::format("{}", weight), DescribeTerms() + (weight > 0 ? note : ""));
  }

  // Options of other losses than those chosen; what they are anyway changes nothing. beta isn't
  // one: it stands in everybody's recipes, whatever the loss.
  void RefuseWhatNoLossReads() {
    struct Option {
      const char* field;
      bool read;
      double value, usual;
      const char* of;
    };
    const PreferenceLoss usual;
    const bool kto = loss_.Has(Kind::kKto);
    for (const Option& option : {
             Option{"f_alpha_divergence_coef", loss_.divergence == Divergence::kAlpha,
                    loss_.alpha_divergence, usual.alpha_divergence,
                    "f_divergence_type = \"alpha_divergence\""},
             Option{"discopop_tau", loss_.Has(Kind::kDiscopop), loss_.discopop_tau,
                    usual.discopop_tau, "'discopop'"},
             Option{"simpo_gamma", loss_.Has(Kind::kSimpo), loss_.simpo_gamma, usual.simpo_gamma,
                    "'simpo'"},
             Option{"orpo_lambda", loss_.Has(Kind::kOrpo), loss_.orpo_lambda, usual.orpo_lambda,
                    "'orpo'"},
             Option{"desirable_weight", kto, loss_.desirable_weight, usual.desirable_weight,
                    "'kto'"},
             Option{"undesirable_weight", kto, loss_.undesirable_weight, usual.undesirable_weight,
                    "'kto'"},
         }) {
      if (option.read || option.value == option.usual) continue;
      const auto given = given_as_.find(option.field);
      fields_.Refuse(given == given_as_.end() ? option.field : given->second,
                     fmt::format("is of {}, and means nothing to {}", option.of, DescribeTerms()));
    }
  }

  void RefuseWhatIsNowhere() {
    bool reference_free = false, sync = false;
    fields_.Flag("reference_free", reference_free);
    if (reference_free) {
      fields_.Refuse("reference_free",
                     "is gone: use loss_type = \"simpo\" or \"orpo\", which need "
                     "no reference");
    }
    fields_.Flag("sync_ref_model", sync);
    if (sync) fields_.Refuse("sync_ref_model", kNoSync);
    double bco = 0, router = 0;
    fields_.Number("pref_bco_weight", bco, kAtLeastZero);
    if (bco > 0) {
      fields_.Refuse("pref_bco_weight",
                     "shifts rewards by a running mean, which nothing here does: use loss_type = "
                     "[\"sigmoid\", \"bco_pair\"] with loss_weights");
    }
    fields_.Number("router_aux_loss_coef", router, kAtLeastZero);
    if (router > 0) {
      fields_.Refuse("router_aux_loss_coef",
                     "is of mixtures of experts, which aren't trained here");
    }
    for (const MovedOption& option : kMovedOptions) {
      if (!fields_.Has(option.key)) continue;
      fields_.PassOver(option.key);
      fields_.Refuse(option.key, option.instead);
    }
  }

  TomlFields& fields_;
  PreferenceLoss& loss_;
  std::vector<std::string>& told_;
  std::map<std::string, const char*, std::less<>> given_as_;  // present name, name in the file
  bool likelihood_of_simpo_ = false;
};

}  // namespace

void ReadPreferenceLoss(TomlFields& fields, PreferenceLoss& loss, std::vector<std::string>& told) {
  LossSection(fields, loss, told).Read();
}

}  // namespace mores::train
