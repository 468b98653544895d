#include "net/proxy.h"

#include <gtest/gtest.h>

namespace mores::net {
namespace {

TEST(ProxyTest, ShownAddressesHaveNoSecrets) {
  EXPECT_EQ(ShownUrl("https://h.example/a/b.gguf"), "https://h.example/a/b.gguf");
  EXPECT_EQ(ShownUrl("https://me:p@ss@h.example:81/a@b"), "https://h.example:81/a@b");
  EXPECT_EQ(ShownUrl("https://h.example/a?token=x#y"), "https://h.example/a");
  EXPECT_EQ(ShownUrl("https://h.example?token=a@b/c"), "https://h.example");
  EXPECT_EQ(ShownUrl("nothing?x"), "nothing");
}

}  // namespace
}  // namespace mores::net
