#include "model/train/kept_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace mores::model {
namespace {

using tensor::DType;

std::vector<float> Values(int64_t row) {
  std::vector<float> values;
  for (int i = 0; i < 37; ++i) values.push_back(static_cast<float>(std::sin(row * 40.0 + i)));
  return values;
}

TEST(KeptRows, GiveBackWhatWasPutRoundedInBf16) {
  for (const DType precision : {DType::kF32, DType::kBf16}) {
    KeptRows rows;
    rows.Resize(3, 37, precision);
    for (int64_t row = 0; row < 3; ++row) rows.Put(row, Values(row).data());
    for (int64_t row = 0; row < 3; ++row) {
      std::vector<float> decoded(37);
      const float* found = rows.Row(row, decoded.data());
      const std::vector<float> expected = Values(row);
      for (size_t i = 0; i < expected.size(); ++i) {
        const float rounded = precision == DType::kF32
                                  ? expected[i]
                                  : tensor::ToFloat(tensor::ToBFloat16(expected[i]));
        EXPECT_EQ(found[i], rounded) << i;
      }
    }
  }
}

TEST(KeptRows, NoNumberStaysNone) {
  KeptRows rows;
  rows.Resize(1, 2, DType::kBf16);
  const float values[] = {std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::infinity()};
  rows.Put(0, values);
  float decoded[2];
  EXPECT_TRUE(std::isnan(rows.Row(0, decoded)[0]));
  EXPECT_EQ(rows.Row(0, decoded)[1], -std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace mores::model
