#include "model/layer_config.h"

#include <gtest/gtest.h>

namespace mores::model {
namespace {

TEST(LayerConfig, IsComputedAsTheFamiliesHaveIt) {
  LayerConfig layer;
  layer.query_key_norm = layer.qkv_bias = layer.output_bias = layer.ffn_bias = true;
  layer.window = 16;
  EXPECT_TRUE(RequireComputable(layer, "x"));
}

TEST(LayerConfig, RefusesByNameWhatIsNotComputed) {
  const auto error = [](auto change) {
    LayerConfig layer;
    change(layer);
    const Status status = RequireComputable(layer, "x");
    if (status) return std::string("computed");
    EXPECT_EQ(status.error().kind, ErrorKind::kUnsupported);
    return status.error().message;
  };
  EXPECT_EQ(error([](LayerConfig& l) { l.norm.kind = NormKind::kLayer; }),
            "x: layer norms (with a mean) are not supported");
  EXPECT_EQ(error([](LayerConfig& l) { l.norm_places = NormPlaces::kBeforeAndAfter; }),
            "x: norms after a branch are not supported");
  EXPECT_EQ(error([](LayerConfig& l) { l.activation = Activation::kGeluTanh; }),
            "x: gates by another function than silu are not supported");
  EXPECT_EQ(error([](LayerConfig& l) { l.attention_scale = 0.0625f; }),
            "x: attention scaled by a number of its own is not supported");
  EXPECT_EQ(error([](LayerConfig& l) { l.score_cap = 50; }),
            "x: soft caps of attention scores are not supported");
}

}  // namespace
}  // namespace mores::model
