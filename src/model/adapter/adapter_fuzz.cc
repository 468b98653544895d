// Any bytes as the two files of an adapter's folder: a config that is read is written and read
// again as the same, and tensors are refused or fit the model.
#include <filesystem>

#include "base/check.h"
#include "base/files.h"
#include "model/adapter/adapter.h"
#include "support/base/fuzz_input.h"
#include "support/base/test_directory.h"

namespace {

mores::model::ModelConfig SmallModel() {
  mores::model::ModelConfig config;
  config.vocab_size = 8;
  config.hidden_dim = 4;
  config.ffn_dim = 6;
  config.layers = 2;
  config.query_heads = 2;
  config.kv_heads = 1;
  config.head_dim = 2;
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mores::model;
  static const mores::TestDirectory directory;
  const std::string_view bytes = mores::FuzzBytes(data, size);
  // The config ends with the first NUL byte.
  const size_t end = bytes.find('\0');
  const std::string_view text = bytes.substr(0, end);
  const auto json = mores::ParseJson(text, "fuzz");
  if (!json) return 0;
  const auto config = ParseAdapterConfig(*json, "fuzz");
  if (!config) return 0;
  const auto again = ParseAdapterConfig(ToJson(*config), "fuzz");
  MORES_CHECK(again && ToJson(*again) == ToJson(*config));
  const auto places = PlacesOf(*config, SmallModel(), "fuzz", UnusedTargets::kAllowed);
  if (!places || end == std::string_view::npos) return 0;
  MORES_CHECK(!places->empty());
  const std::string& folder = directory.path();
  MORES_CHECK(mores::WriteFileAtomically(folder + "/adapter_config.json", text));
  MORES_CHECK(
      mores::WriteFileAtomically(folder + "/adapter_model.safetensors", bytes.substr(end + 1)));
  const auto adapter = OpenAdapter(folder, SmallModel());
  if (!adapter) return 0;
  for (const AdapterPlace& place : *places) {
    const AdapterPart* const part = (*adapter)->Find(place.module);
    MORES_CHECK(part != nullptr);
    MORES_CHECK(static_cast<int64_t>(part->a.size()) == place.rank * place.in);
    MORES_CHECK(static_cast<int64_t>(part->b.size()) == place.out * place.rank);
  }
  return 0;
}
