// What one layer of a decoder is: two residual branches, attention and a gated feed-forward part,
// each behind a norm. The decoder reads this and knows of no family; what it can't compute is
// refused by name (RequireComputable), so no field is passed over.
#ifndef MORES_MODEL_LAYER_CONFIG_H_
#define MORES_MODEL_LAYER_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ops/rope.h"

namespace mores::model {

enum class NormKind {
  kRms,    // Zhang and Sennrich 2019, arXiv:1910.07467
  kLayer,  // Ba et al. 2016, arXiv:1607.06450; not computed here
};
struct NormConfig {
  NormKind kind = NormKind::kRms;
  float epsilon = 1e-5f;
  bool operator==(const NormConfig&) const = default;
};

// Where a branch is normed.
enum class NormPlaces {
  kBefore,
  kBeforeAndAfter,  // its result too, before it is added (Gemma 2); not computed here
};

// Of the gate.
enum class Activation {
  kSilu,
  kGeluTanh,  // not computed here
};

struct RopeConfig {
  double theta = 10000.0;
  ops::RopeScaling scaling;

  // What positions of a request turn by: equal keys, equal frequencies. 0, or `positions`, the
  // most that a request may come to use, where the base depends on them.
  int64_t Bound(int64_t positions) const {
    const bool dynamic = scaling.kind == ops::RopeScaling::Kind::kDynamic;
    return dynamic && positions > scaling.trained_context ? positions : 0;
  }
  bool operator==(const RopeConfig&) const = default;
};

struct LayerConfig {
  NormConfig norm;  // of both branches, and of queries and keys
  NormPlaces norm_places = NormPlaces::kBefore;
  bool query_key_norm = false;  // each head's queries and keys are normed before they are rotated
  RopeConfig rope;
  float attention_scale = 0;  // of scores; 0: 1 / sqrt(head_dim), and else not computed here
  float score_cap = 0;        // c * tanh(score / c); 0: none, and else not computed here
  int window = 0;             // positions that a query sees, its own included; 0: all
  Activation activation = Activation::kSilu;
  bool qkv_bias = false;
  bool output_bias = false;  // attention output projection
  bool ffn_bias = false;

  bool operator==(const LayerConfig&) const = default;
};

// kUnsupported, with `where` and the property named, for what the decoder doesn't compute.
Status RequireComputable(const LayerConfig& layer, std::string_view where);

}  // namespace mores::model

#endif  // MORES_MODEL_LAYER_CONFIG_H_
