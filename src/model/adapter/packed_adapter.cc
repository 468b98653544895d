#include "model/adapter/packed_adapter.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "model/weights.h"

namespace mores::model {
namespace {

// Values of rows [rows][width] in the order in which a decoder has them: those of a fused tensor
// are queries, keys and values, head by head.
std::vector<float> InDecoderOrder(const std::vector<float>& values, int64_t width,
                                  const std::vector<RowRun>& order) {
  std::vector<float> moved;
  moved.reserve(values.size());
  for (const RowRun& run : order) {
    const auto first = values.begin() + run.first * width;
    moved.insert(moved.end(), first, first + run.count * width);
  }
  return moved;
}

class AdapterPacker {
 public:
  AdapterPacker(const Adapter& adapter, const ModelSource& base, tensor::DType precision,
                ThreadPool& pool)
      : adapter_(adapter), base_(base), precision_(precision), pool_(pool) {
    for (WeightShape& weight : WeightShapes(base.config())) {
      shapes_[weight.name] = std::move(weight);
    }
  }

  // What the adapter changes of the product whose parts are `stems`, side by side.
  Expected<LinearChange> Change(const std::vector<std::string>& stems) {
    std::vector<LinearChange::Part> parts;
    int64_t first = 0, in = 0;
    for (const std::string& stem : stems) {
      const std::vector<int64_t>& shape = shapes_.at(stem + ".weight").shape;
      if (const AdapterPart* part = adapter_.Find(stem)) {
        in = shape[1];
        packed_.insert(stem);
        MORES_ASSIGN_OR_RETURN(LinearChange::Part change, PartOf(*part, stem, shape));
        change.first = first;
        parts.push_back(std::move(change));
      }
      first += shape[0];
    }
    if (parts.empty()) return LinearChange();
    return LinearChange(std::move(parts), in, precision_, pool_);
  }

  // Nothing of the adapter is left out.
  Status CheckAllPacked() const {
    if (packed_.size() == adapter_.parts.size()) return {};
    std::vector<std::string> unknown;
    for (const auto& [module, part] : adapter_.parts) {
      if (!packed_.contains(module)) unknown.push_back(module);
    }
    return MakeError(ErrorKind::kUnsupported, "{}: changes what is no product of {}: {}",
                     adapter_.path, base_.path(), fmt::join(unknown, ", "));
  }

 private:
  Expected<LinearChange::Part> PartOf(const AdapterPart& part, const std::string& stem,
                                      const std::vector<int64_t>& shape) {
    LinearChange::Part change{.rank = part.place.rank, .out = shape[0], .a = part.a.data()};
    MORES_CHECK(static_cast<int64_t>(part.a.size()) == change.rank * shape[1]);
    MORES_CHECK(static_cast<int64_t>(part.b.size()) == change.rank * change.out);
    std::vector<RowRun> order = {{0, change.out}};
    if (stem.ends_with(kFusedQkv)) order = FusedQkvRows(base_.config());
    change.b = InDecoderOrder(part.b, change.rank, order);
    for (float& value : change.b) value *= static_cast<float>(part.place.scale);
    if (part.magnitude.empty()) return change;
    MORES_ASSIGN_OR_RETURN(const std::vector<float> factors, DoraFactors(part, base_));
    change.factor = InDecoderOrder(factors, 1, order);
    if (const auto bias = shapes_.find(stem + ".bias"); bias != shapes_.end()) {
      MORES_ASSIGN_OR_RETURN(const std::vector<float> values, base_.Read(bias->second));
      change.bias = InDecoderOrder(values, 1, order);
    }
    return change;
  }

  const Adapter& adapter_;
  const ModelSource& base_;
  tensor::DType precision_;
  ThreadPool& pool_;
  std::map<std::string, WeightShape> shapes_;
  std::set<std::string> packed_;  // modules
};

}  // namespace

Expected<std::unique_ptr<const PackedAdapter>> PackedAdapter::Pack(const Adapter& adapter,
                                                                   const ModelSource& base,
                                                                   tensor::DType precision,
                                                                   ThreadPool& pool) {
  const ModelConfig& config = base.config();
  AdapterPacker packer(adapter, base, precision, pool);
  auto packed = std::make_unique<PackedAdapter>();
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    LayerChange& change = packed->layers_.emplace_back();
    MORES_ASSIGN_OR_RETURN(change.qkv, packer.Change(names.qkv));
    MORES_ASSIGN_OR_RETURN(change.output, packer.Change({names.output}));
    MORES_ASSIGN_OR_RETURN(change.gate_up, packer.Change({names.gate, names.up}));
    MORES_ASSIGN_OR_RETURN(change.down, packer.Change({names.down}));
  }
  if (!config.tied_head) {
    MORES_ASSIGN_OR_RETURN(packed->head_, packer.Change({NamesOf(config).head}));
  }
  MORES_RETURN_IF_ERROR(packer.CheckAllPacked());
  return packed;
}

int64_t PackedAdapter::bytes() const {
  int64_t bytes = head_.bytes();
  for (const LayerChange& layer : layers_) bytes += layer.bytes();
  return bytes;
}

void AppendRows(const PackedAdapter* adapter, int64_t begin, int64_t count,
                std::vector<AdapterRows>& rows) {
  if (adapter == nullptr || count <= 0) return;
  if (!rows.empty() && rows.back().adapter == adapter && rows.back().end == begin) {
    rows.back().end += count;
  } else {
    rows.push_back({begin, begin + count, adapter});
  }
}

void ChangedRowsIn(std::span<const AdapterRows> rows, int64_t layer, int64_t begin, int64_t end,
                   std::vector<ChangedRows>& out) {
  out.clear();
  for (const AdapterRows& run : rows) {
    const int64_t first = std::max(run.begin, begin), last = std::min(run.end, end);
    if (first < last) out.push_back({first - begin, last - begin, &run.adapter->layer(layer)});
  }
}

}  // namespace mores::model
