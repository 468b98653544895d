// Where an adapter begins.
#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "model/adapter/adapter.h"
#include "model/adapter/merge_rows.h"

namespace mores::model {
namespace {

// [rank, in], uniform within 1/sqrt(in).
std::vector<float> FirstA(const AdapterPlace& place, uint64_t seed) {
  const mores::Random random(seed, HashBytes(place.module));
  const double bound = 1.0 / std::sqrt(static_cast<double>(place.in));
  std::vector<float> a(static_cast<size_t>(place.rank * place.in));
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>((2.0 * random.UniformAt(i) - 1.0) * bound);
  }
  return a;
}

}  // namespace

Expected<std::unique_ptr<Adapter>> NewAdapter(const AdapterConfig& config, const ModelSource& base,
                                              uint64_t seed) {
  MORES_ASSIGN_OR_RETURN(const auto places, PlacesOf(config, base.config(), "adapter"));
  auto adapter = std::make_unique<Adapter>();
  adapter->config = config;
  if (!config.base_files.is_object()) {
    MORES_ASSIGN_OR_RETURN(adapter->config.base_files, BaseFilesOf(base));
  }
  for (const AdapterPlace& place : places) {
    AdapterPart part = {.place = place, .a = FirstA(place, seed)};
    part.b.assign(static_cast<size_t>(place.out * place.rank), 0.0f);
    if (config.dora) {
      MORES_ASSIGN_OR_RETURN(const auto weight, StoredWeightOf(part, base));
      part.magnitude.resize(static_cast<size_t>(place.out));
      std::vector<float> row(static_cast<size_t>(place.in));
      for (int64_t out = 0; out < place.out; ++out) {
        weight.Copy(out * place.in, place.in, row.data());
        part.magnitude[static_cast<size_t>(out)] = RowNorm(row);
      }
      base.Release(place.module + ".weight");
    }
    adapter->parts.emplace(place.module, std::move(part));
  }
  return adapter;
}

}  // namespace mores::model
