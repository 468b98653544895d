#include "train/held_out.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace mores::train {
namespace {

TEST(HeldOut, TakesAboutTheShareAndKeepsGroupsTogether) {
  std::vector<std::string> groups;
  for (int i = 0; i < 200; ++i) groups.push_back(std::to_string(i / 2));
  const std::vector<char> held = ChooseHeldOut(groups, 0.1, 3);
  const auto count = std::count(held.begin(), held.end(), 1);
  EXPECT_EQ(count, 20);
  for (size_t i = 0; i < 200; i += 2) EXPECT_EQ(held[i], held[i + 1]);
  EXPECT_EQ(held, ChooseHeldOut(groups, 0.1, 3));
  EXPECT_NE(held, ChooseHeldOut(groups, 0.1, 4));
}

TEST(HeldOut, TakesNothingForAShareOfZeroAndNeverAll) {
  const std::vector<std::string> groups = {"a", "b", "c"};
  const auto count = [&](double share) {
    const std::vector<char> held = ChooseHeldOut(groups, share, 1);
    return std::count(held.begin(), held.end(), 1);
  };
  EXPECT_EQ(count(0), 0);
  EXPECT_EQ(count(0.01), 1);
  EXPECT_EQ(count(0.9), 2);
  EXPECT_EQ(ChooseHeldOut(std::vector<std::string>{"a"}, 0.5, 1), std::vector<char>({0}));
}

}  // namespace
}  // namespace mores::train
