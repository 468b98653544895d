#include "train/preference/preference_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::train {
namespace {

using Kind = PreferenceLossKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct LossSectionRead {
  PreferenceLoss loss;
  std::vector<std::string> told;
  std::string problem;  // after the file's name; empty: none

  std::string Told() const { return told.empty() ? "" : told.back(); }
};

LossSectionRead ReadSection(const std::string& text) {
  LossSectionRead read;
  TomlFields file = TomlFields::Parse("[preference]\n" + text, "r.toml").value();
  TomlFields fields = file.Table("preference");
  ReadPreferenceLoss(fields, read.loss, read.told);
  fields.Finish();
  if (const Status status = file.status(); !status) {
    EXPECT_EQ(status.error().kind, ErrorKind::kInput);
    read.problem = status.error().message.substr(std::string("r.toml:").size());
  }
  return read;
}

// What the same loss says in present names.
void ExpectSame(const std::string& older, const std::string& present) {
  SCOPED_TRACE(older);
  const LossSectionRead old_one = ReadSection(older);
  const LossSectionRead now = ReadSection(present);
  EXPECT_EQ(old_one.problem, "");
  EXPECT_EQ(now.problem, "");
  EXPECT_THAT(now.told, IsEmpty());
  EXPECT_FALSE(old_one.told.empty());
  EXPECT_EQ(DumpJson(ToJson(old_one.loss)), DumpJson(ToJson(now.loss)));
}

TEST(PreferenceRecipe, ReadsPresentNames) {
  const LossSectionRead read = ReadSection(R"(
loss_type = ["sigmoid", "sft", "exo_pair", "discopop", "simpo", "orpo"]
loss_weights = [1, 0.5, 0.25, 2, 3, 4]
beta = 0.3
label_smoothing = 0.01
f_divergence_type = "alpha_divergence"
f_alpha_divergence_coef = 0.7
ld_alpha = 0.6
use_weighting = true
discopop_tau = 0.1
simpo_gamma = 1.5
orpo_lambda = 0.2
)");
  EXPECT_EQ(read.problem, "");
  EXPECT_THAT(read.told, IsEmpty());
  EXPECT_EQ(DumpJson(ToJson(read.loss)),
            R"({"loss_type":["sigmoid","sft","exo_pair","discopop","simpo","orpo"],)"
            R"("loss_weights":[1.0,0.5,0.25,2.0,3.0,4.0],"beta":0.3,"label_smoothing":0.01,)"
            R"("f_divergence_type":"alpha_divergence","f_alpha_divergence_coef":0.7,)"
            R"("ld_alpha":0.6,"use_weighting":true,"discopop_tau":0.1,"simpo_gamma":1.5,)"
            R"("orpo_lambda":0.2})");
  const LossSectionRead kto =
      ReadSection("loss_type = \"kto\"\ndesirable_weight = 2\nundesirable_weight = 0.5\n");
  EXPECT_EQ(kto.problem, "");
  EXPECT_EQ(kto.loss.desirable_weight, 2);
  EXPECT_EQ(kto.loss.undesirable_weight, 0.5);
  EXPECT_EQ(ToJson(ReadSection("").loss), ToJson(PreferenceLoss{}));
  for (const Kind kind : PreferenceLossKinds()) {
    const std::string smoothing = kind == Kind::kExoPair ? "label_smoothing = 0.1\n" : "";
    const LossSectionRead one =
        ReadSection("loss_type = \"" + std::string(Name(kind)) + "\"\n" + smoothing);
    EXPECT_EQ(one.problem, "");
    EXPECT_EQ(one.loss.terms.front().kind, kind);
  }
}

TEST(PreferenceRecipe, TranslatesAndTells) {
  EXPECT_THAT(ReadSection("rpo_alpha = 1\n").told,
              ElementsAre(R"(rpo_alpha = 1 is read as loss_type = ["sigmoid", "sft"], )"
                          R"(loss_weights = [1, 1])"));
  EXPECT_THAT(ReadSection("label_smoothing = 0.1\n").told,
              ElementsAre(R"(loss_type = "sigmoid" with label_smoothing = 0.1 is read as )"
                          R"(loss_type = "cdpo")"));
  EXPECT_THAT(ReadSection("loss_type = \"dpo\"\n").told,
              ElementsAre("'dpo' is read as 'sigmoid', its name here"));
  EXPECT_THAT(ReadSection("pref_beta = 0.2\n").told,
              ElementsAre("pref_beta = 0.2 is read as beta = 0.2"));
  EXPECT_THAT(ReadSection("padding_free = true\nref_model_init_kwargs = { a = 1 }\n").told,
              ElementsAre("ref_model_init_kwargs is left out: the reference is what training "
                          "starts from, and stays it",
                          "padding_free is left out: nothing is padded"));
  EXPECT_THAT(ReadSection("pref_ftx = 0.1").Told(), HasSubstr("not over each completion's own"));
  EXPECT_THAT(ReadSection("ipo_enable = true").Told(), HasSubstr("means over tokens, not sums"));
  // Nothing older is there, or it says what is so anyway.
  EXPECT_THAT(ReadSection("ipo_enable = false\nreference_free = false\nstage = \"dpo\"\n"
                          "loss_type = \"hinge\"\nsync_ref_model = false\n")
                  .told,
              IsEmpty());
}

TEST(PreferenceRecipe, OlderOptionsMeanWhatTheyMeant) {
  const std::string with_sft = "loss_type = [\"sigmoid\", \"sft\"]\nloss_weights = [1, 0.25]\n";
  ExpectSame("rpo_alpha = 0.25\n", with_sft);
  ExpectSame("pref_ftx = 0.25\n", with_sft);
  ExpectSame("nll_loss_coef = 0.25\n", with_sft);
  ExpectSame("rpo_alpha = 0\n", "");
  ExpectSame("loss_type = [\"hinge\", \"ipo\"]\nloss_weights = [2, 3]\nrpo_alpha = 0.5\n",
             "loss_type = [\"hinge\", \"ipo\", \"sft\"]\nloss_weights = [2, 3, 0.5]\n");
  ExpectSame("label_smoothing = 0.1\n", "loss_type = \"cdpo\"\nlabel_smoothing = 0.1\n");
  ExpectSame("dpo_label_smoothing = 0.1\npref_loss = \"sigmoid\"\n",
             "loss_type = \"cdpo\"\nlabel_smoothing = 0.1\n");
  ExpectSame("label_smoothing = 0.1\nrpo_alpha = 1\n",
             "loss_type = [\"cdpo\", \"sft\"]\nlabel_smoothing = 0.1\n");
  ExpectSame("loss_type = \"aot_pair\"\n", "loss_type = \"aot_unpaired\"\n");
  ExpectSame("pref_loss = \"simpo\"\npref_beta = 2\nsimpo_gamma = 0.7\n",
             "loss_type = \"simpo\"\nbeta = 2\nsimpo_gamma = 0.7\n");
  ExpectSame("pref_loss = \"orpo\"\npref_beta = 0.3\n",
             "loss_type = \"orpo\"\norpo_lambda = 0.3\n");
  ExpectSame("loss_type = \"orpo\"\nbeta = 0.3\n", "loss_type = \"orpo\"\norpo_lambda = 0.3\n");
  ExpectSame("rl = \"orpo\"\norpo_alpha = 0.3\n", "loss_type = \"orpo\"\norpo_lambda = 0.3\n");
  ExpectSame("rl = \"ipo\"\nrl_beta = 0.3\n", "loss_type = \"ipo\"\nbeta = 0.3\n");
  ExpectSame("rl = \"dpo\"\nrl_beta = 0.3\n", "beta = 0.3\n");
  ExpectSame(
      "rl = \"dpo\"\ndpo_loss_type = [\"robust\", \"sft\"]\ndpo_loss_weights = [1, 2]\n"
      "dpo_label_smoothing = 0.1\ndpo_use_weighting = true\n",
      "loss_type = [\"robust\", \"sft\"]\nloss_weights = [1, 2]\nlabel_smoothing = 0.1\n"
      "use_weighting = true\n");
  ExpectSame("rl = \"simpo\"\ncpo_alpha = 0\n", "loss_type = \"simpo\"\n");
  ExpectSame("rl = \"simpo\"\ncpo_alpha = 0.5\n",
             "loss_type = [\"simpo\", \"sft\"]\nloss_weights = [1, 0.5]\n");
  ExpectSame("rl = \"simpo\"\n", "loss_type = [\"simpo\", \"sft\"]\n");
  ExpectSame("rl = \"kto\"\nkto_desirable_weight = 0.2\nkto_undesirable_weight = 2\n",
             "loss_type = \"kto\"\ndesirable_weight = 0.2\nundesirable_weight = 2\n");
  ExpectSame("stage = \"kto\"\nkto_chosen_weight = 0.2\nkto_rejected_weight = 2\n",
             "loss_type = \"kto\"\ndesirable_weight = 0.2\nundesirable_weight = 2\n");
  ExpectSame("loss_type = \"dpo\"\n", "");
  ExpectSame("loss_type = [\"DPO\", \"sft\"]\n", "loss_type = [\"sigmoid\", \"sft\"]\n");
  ExpectSame("stage = \"dpo\"\n", "");
  ExpectSame("ipo_enable = true\n", "loss_type = \"ipo\"\n");
  ExpectSame("precompute_ref_log_probs = true\nuse_logits_to_keep = true\n", "");
}

// A loss that has smoothing of its own keeps `sigmoid` what TRL has today.
TEST(PreferenceRecipe, SmoothingOfAnotherTermLeavesSigmoidAlone) {
  const LossSectionRead read =
      ReadSection("loss_type = [\"sigmoid\", \"robust\"]\nlabel_smoothing = 0.1\n");
  EXPECT_EQ(read.problem, "");
  EXPECT_THAT(read.told, IsEmpty());
  EXPECT_TRUE(read.loss.Has(Kind::kSigmoid));
}

TEST(PreferenceRecipe, RefusesInOneLine) {
  const auto problem = [](const std::string& text) { return ReadSection(text).problem; };
  EXPECT_THAT(
      problem("loss_type = \"sigmod\"\n"),
      HasSubstr("2: field 'preference.loss_type': 'sigmod' is no loss; did you mean 'sigmoid'? "
                "there are 'sigmoid', 'hinge', "));
  EXPECT_THAT(problem("loss_type = \"SLiC\"\n"), HasSubstr("did you mean 'hinge'?"));
  EXPECT_THAT(problem("loss_type = \"bco\"\n"), HasSubstr("did you mean 'bco_pair'?"));
  EXPECT_THAT(problem("loss_type = \"grpo\"\n"), HasSubstr("'grpo' is no loss; "));
  EXPECT_EQ(problem("pref_loss = \"kto_pair\"\n"),
            "2: field 'preference.pref_loss': 'kto_pair' is gone: use 'kto', which takes a pair as "
            "two completions");
  EXPECT_EQ(problem("loss_type = [\"sigmoid\", \"sft\"]\nrpo_alpha = 1\n"),
            "3: field 'preference.rpo_alpha': stands beside 'sft', which is the same; give one or "
            "the other");
  EXPECT_EQ(problem("loss_type = \"hinge\"\npref_loss = \"hinge\"\n"),
            "3: field 'preference.pref_loss': stands beside 'loss_type'; give one or the other");
  EXPECT_EQ(problem("beta = 1\nrl_beta = 1\n"),
            "3: field 'preference.rl_beta': stands beside 'beta'; give one or the other");
  EXPECT_EQ(problem("loss_type = \"orpo\"\nbeta = 1\norpo_lambda = 1\n"),
            "3: field 'preference.beta': stands beside 'orpo_lambda'; give one or the other");
  EXPECT_EQ(problem("loss_weights = [1, 2]\n"),
            "2: field 'preference.loss_weights': must be as many numbers as there are losses, 1");
  EXPECT_EQ(problem("loss_weights = [-1]\n"),
            "2: field 'preference.loss_weights': must be at least 0");
  EXPECT_EQ(problem("beta = 0\n"), "2: field 'preference.beta': must be above 0");
  EXPECT_EQ(problem("beta = nan\n"), "2: field 'preference.beta': must be above 0");
  EXPECT_EQ(problem("pref_loss = \"hinge\"\ndpo_label_smoothing = 0.1\n"),
            "3: field 'preference.dpo_label_smoothing': means nothing to 'hinge'; 'cdpo' and "
            "'robust' have it");
  EXPECT_EQ(problem("loss_type = \"exo_pair\"\n"),
            "1: field 'preference.label_smoothing': must be above 0 for 'exo_pair'; its authors "
            "use 0.001");
  EXPECT_EQ(problem("f_divergence_type = \"tv\"\n"),
            "2: field 'preference.f_divergence_type': must be one of 'reverse_kl', 'forward_kl', "
            "'js_divergence', 'alpha_divergence'");
  EXPECT_EQ(problem("reference_free = true\n"),
            "2: field 'preference.reference_free': is gone: use loss_type = \"simpo\" or \"orpo\", "
            "which need no reference");
  EXPECT_EQ(problem("sync_ref_model = true\n"),
            "2: field 'preference.sync_ref_model': can't be done here: the reference is what "
            "training starts from, and stays it");
  EXPECT_THAT(problem("pref_bco_weight = 0.1\n"), HasSubstr("use loss_type = "));
  EXPECT_THAT(problem("rl = \"grpo\"\n"), HasSubstr("must be one of 'dpo', 'ipo', 'orpo', "));
  EXPECT_THAT(problem("ref_model = \"x\"\n"), HasSubstr("stays it"));
  EXPECT_EQ(problem("max_length = 4\n"),
            "2: field 'preference.max_length': stands in 'data': use data.max_length");
  EXPECT_EQ(problem("max_completion_length = 4\n"),
            "2: field 'preference.max_completion_length': is gone: use data.max_completion");
  EXPECT_EQ(problem("bet = 1\n"),
            "2: field 'preference.bet': unknown field; did you mean preference.beta?");
  EXPECT_EQ(problem("losstype = \"ipo\"\n"),
            "2: field 'preference.losstype': unknown field; did you mean preference.loss_type?");
  EXPECT_EQ(problem("simpo_gamma = 1\n"),
            "2: field 'preference.simpo_gamma': is of 'simpo', and means nothing to loss_type = "
            "\"sigmoid\"");
  EXPECT_EQ(problem("simpo_gamma = 0.5\n"), "") << "which it is anyway";
  EXPECT_THAT(problem("kto_chosen_weight = 2\n"), HasSubstr("kto_chosen_weight': is of 'kto'"));
  for (const char* option :
       {"discopop_tau", "orpo_lambda", "undesirable_weight", "f_alpha_divergence_coef"}) {
    EXPECT_THAT(problem(std::string(option) + " = 3\n"), HasSubstr("means nothing to")) << option;
  }
  EXPECT_THAT(problem("stage = \"kto\"\nrl = \"dpo\"\n"), HasSubstr("stands beside 'stage'"));
  EXPECT_THAT(problem("rl = \"dpo\"\nloss_type = \"simpo\"\n"),
              HasSubstr("rl': 'dpo' stands beside the loss 'simpo'"));
  EXPECT_EQ(problem("stage = \"dpo\"\npref_loss = \"simpo\"\n"), "");
  EXPECT_THAT(problem("stage = \"dpo\"\npref_loss = \"kto\"\n"), HasSubstr("the loss 'kto'"));
  EXPECT_EQ(problem("stage = \"kto\"\npref_ftx = 1\n"),
            "2: field 'preference.stage': 'kto' learns from single completions, the others from "
            "pairs; they don't mix");
}

}  // namespace
}  // namespace mores::train
