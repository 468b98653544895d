// Any JSON: ParseModelConfig refuses it or gives a config of sound numbers that reads back the
// same.
#include "base/check.h"
#include "model/config.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = mores::ParseJson(mores::FuzzBytes(data, size), "fuzz");
  if (!json) return 0;
  const auto config = mores::model::ParseModelConfig(*json, "fuzz");
  if (!config) {
    MORES_CHECK(config.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(config->vocab_size > 0 && config->hidden_dim > 0 && config->layers > 0);
  MORES_CHECK(config->kv_heads > 0 && config->query_heads % config->kv_heads == 0);
  MORES_CHECK(config->ParameterCount() > 0);
  const mores::Json written = mores::model::ToJson(*config, "float32");
  const auto again = mores::model::ParseModelConfig(written, "fuzz");
  MORES_CHECK(again);
  MORES_CHECK(mores::model::ToJson(*again, "float32") == written);
  return 0;
}
