// An adapter packed once for the products of a decoder, and immutable afterwards: several over one
// base, chosen by sequence (model/kv_cache.h).
#ifndef MORES_MODEL_ADAPTER_PACKED_ADAPTER_H_
#define MORES_MODEL_ADAPTER_PACKED_ADAPTER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "model/adapter/adapter.h"
#include "model/adapter/linear_change.h"
#include "tensor/dtype.h"

namespace mores::model {

class PackedAdapter {
 public:
  // `base`: the model that the adapter was opened for, of which DoRA's factors are made.
  // `precision`: the decoder's. kUnsupported for a part that is none of the decoder's products;
  // what the base's file says of itself.
  static Expected<std::unique_ptr<const PackedAdapter>> Pack(const Adapter& adapter,
                                                             const ModelSource& base,
                                                             tensor::DType precision,
                                                             ThreadPool& pool);

  const LayerChange& layer(int64_t layer) const { return layers_[static_cast<size_t>(layer)]; }
  const LinearChange& head() const { return head_; }
  int64_t bytes() const;

 private:
  std::vector<LayerChange> layers_;
  LinearChange head_;
};

// Rows [begin, end) of a batch that are computed with one adapter.
struct AdapterRows {
  int64_t begin, end;
  const PackedAdapter* adapter;
};
// Appends `count` rows that follow the last of `rows`, which has none that are computed without.
void AppendRows(const PackedAdapter* adapter, int64_t begin, int64_t count,
                std::vector<AdapterRows>& rows);
// Those of a layer among rows [begin, end) of a batch, counted from `begin`.
void ChangedRowsIn(std::span<const AdapterRows> rows, int64_t layer, int64_t begin, int64_t end,
                   std::vector<ChangedRows>& out);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_PACKED_ADAPTER_H_
