#include "model/layer_config.h"

namespace mores::model {

Status RequireComputable(const LayerConfig& layer, std::string_view where) {
  const auto refuse = [&](std::string_view what) {
    return MakeError(ErrorKind::kUnsupported, "{}: {} not supported", where, what);
  };
  if (layer.norm.kind != NormKind::kRms) return refuse("layer norms (with a mean) are");
  if (layer.norm_places != NormPlaces::kBefore) return refuse("norms after a branch are");
  if (layer.activation != Activation::kSilu)
    return refuse("gates by another function than silu are");
  if (layer.attention_scale != 0) return refuse("attention scaled by a number of its own is");
  if (layer.score_cap != 0) return refuse("soft caps of attention scores are");
  return {};
}

}  // namespace mores::model
