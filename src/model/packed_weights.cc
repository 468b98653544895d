#include "model/packed_weights.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "model/block_linear.h"
#include "model/dense_linear.h"
#include "model/weights.h"
#include "ops/rows.h"

namespace mores::model {
namespace {

// Rows of a tensor, as a part of a product's weight.
struct RowRange {
  tensor::TensorView view;
  int64_t first, count;
};

// Tensors that share an input, one under the other: [rows][columns].
class StackedRows {
 public:
  void Append(const StackedRows& more) {
    columns_ = more.columns_;
    rows_ += more.rows_;
    ranges_.insert(ranges_.end(), more.ranges_.begin(), more.ranges_.end());
  }
  void Add(const tensor::TensorView& view, int64_t first, int64_t count) {
    columns_ = view.shape.size() > 1 ? view.shape[1] : 1;
    rows_ += count;
    ranges_.push_back({view, first, count});
  }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  const std::vector<RowRange>& ranges() const { return ranges_; }

  struct Part {
    int64_t first, count;
  };
  void Copy(Part rows, Part columns, float* out, int64_t out_row) const {
    for (const RowRange& range : ranges_) {
      const int64_t skipped = std::min(rows.first, range.count);
      const int64_t here = std::min(rows.count, range.count - skipped);
      for (int64_t row = 0; row < here; ++row, out += out_row) {
        range.view.Copy((range.first + skipped + row) * columns_ + columns.first, columns.count,
                        out);
      }
      rows.first -= skipped;
      rows.count -= here;
    }
  }

 private:
  std::vector<RowRange> ranges_;
  int64_t rows_ = 0, columns_ = 1;
};

// Neighbours among the parts of a product that are computed alike.
struct LinearPart {
  // Whose blocks are multiplied as they are; nullopt: elements are decoded.
  std::optional<DType> blocks;
  StackedRows weight;
  std::optional<StackedRows> bias;
};

class Loader {
 public:
  Loader(const ModelSource& source, DType precision, BlockProducts products, ThreadPool& pool)
      : source_(source), precision_(precision), products_(products), pool_(pool) {
    for (WeightShape& weight : WeightShapes(source.config()))
      shapes_[weight.name] = std::move(weight);
  }

  Status Vector(const std::string& name, std::vector<float>& out) {
    MORES_ASSIGN_OR_RETURN(out, source_.Read(shapes_.at(name)));
    return {};
  }

  // `stems` without ".weight", stacked along the output; one alone may be fused.
  Expected<std::unique_ptr<const Linear>> Stacked(const std::vector<std::string>& stems) {
    MORES_ASSIGN_OR_RETURN(const std::vector<LinearPart> parts, Parts(stems));
    std::vector<std::unique_ptr<const Linear>> packed;
    for (const LinearPart& part : parts) {
      packed.push_back(part.blocks ? PackBlocks(part)
                                   : std::make_unique<const DenseLinear>(Pack(part)));
    }
    Release(stems);
    if (packed.size() == 1) return std::move(packed.front());
    return std::make_unique<const StackedLinear>(std::move(packed));
  }

  Expected<std::unique_ptr<const FeedForward>> Gated(const LayerNames& names) {
    const std::vector<std::string> gate_up_stems = {names.gate, names.up};
    MORES_ASSIGN_OR_RETURN(const std::vector<LinearPart> gate_up, Parts(gate_up_stems));
    MORES_ASSIGN_OR_RETURN(const std::vector<LinearPart> down, Parts({names.down}));
    if (gate_up.size() == 1 && !gate_up[0].blocks && !down[0].blocks) {
      DenseLinear packed = Pack(gate_up[0]);
      Release(gate_up_stems);
      auto result = std::make_unique<const DenseFeedForward>(std::move(packed), Pack(down[0]));
      Release({names.down});
      return result;
    }
    MORES_ASSIGN_OR_RETURN(auto first, Stacked(gate_up_stems));
    MORES_ASSIGN_OR_RETURN(auto second, Stacked({names.down}));
    return std::make_unique<const GeneralFeedForward>(std::move(first), std::move(second));
  }

  Status Embedding(const std::string& name, EmbeddingTable& out) {
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source_.Find(shapes_.at(name)));
    out.Copy(view);
    source_.Release(name);
    return {};
  }

 private:
  std::optional<DType> BlocksOf(const tensor::TensorView& view) const {
    const bool whole = products_ == BlockProducts::kInBlocks && tensor::CodeFormatOf(view.dtype);
    return whole ? std::optional(view.dtype) : std::nullopt;
  }

  Expected<std::vector<LinearPart>> Parts(const std::vector<std::string>& stems) const {
    std::vector<LinearPart> parts;
    for (const std::string& stem : stems) {
      MORES_ASSIGN_OR_RETURN(const tensor::TensorView view,
                             source_.Find(shapes_.at(stem + ".weight")));
      LinearPart part{BlocksOf(view), Rows(stem, view), std::nullopt};
      if (const auto bias = shapes_.find(stem + ".bias"); bias != shapes_.end()) {
        MORES_ASSIGN_OR_RETURN(const tensor::TensorView values, source_.Find(bias->second));
        part.bias = Rows(stem, values);
      }
      const bool joins = !parts.empty() && parts.back().blocks == part.blocks &&
                         parts.back().bias.has_value() == part.bias.has_value();
      if (!joins) {
        parts.push_back(std::move(part));
        continue;
      }
      parts.back().weight.Append(part.weight);
      if (part.bias) parts.back().bias->Append(*part.bias);
    }
    return parts;
  }

  StackedRows Rows(const std::string& stem, const tensor::TensorView& view) const {
    StackedRows rows;
    if (stem.ends_with(kFusedQkv)) {
      for (const RowRun& run : FusedQkvRows(source_.config())) {
        rows.Add(view, run.first, run.count);
      }
    } else {
      rows.Add(view, 0, view.shape[0]);
    }
    return rows;
  }

  DenseLinear Pack(const LinearPart& part) const {
    const StackedRows& weight = part.weight;
    ops::RightOperand packed;
    packed.Resize(weight.columns(), weight.rows(), precision_);
    // Pieces that stay in a processor's own caches from decoding to packing, yet are read from
    // memory in long runs; whole blocks of all element types.
    constexpr int64_t kRows = ops::RightOperand::kColumnGroup, kColumns = 1024;
    static_assert(kColumns % ops::RightOperand::kDepthGroup == 0);
    const int64_t piece_row = ops::UnalignedRow(kColumns);
    pool_.ParallelFor(ops::CeilDiv(weight.rows(), kRows), [&](int64_t task) {
      thread_local tensor::AlignedBuffer<float> piece;
      piece.Resize(kRows * piece_row);
      const int64_t first = task * kRows, rows = std::min(kRows, weight.rows() - first);
      for (int64_t column = 0; column < weight.columns(); column += kColumns) {
        const int64_t columns = std::min(kColumns, weight.columns() - column);
        weight.Copy({first, rows}, {column, columns}, piece.data(), piece_row);
        packed.PackPart(first, column, {piece.data(), rows, columns, piece_row});
      }
    });
    return DenseLinear(std::move(packed), BiasOf(part));
  }

  std::unique_ptr<const Linear> PackBlocks(const LinearPart& part) const {
    const StackedRows& weight = part.weight;
    const DType dtype = *part.blocks;
    const int64_t row_bytes =
        weight.columns() / tensor::BlockElements(dtype) * tensor::BlockBytes(dtype);
    ops::int8::RightColumns packed;
    packed.Resize(weight.columns(), weight.rows(), *tensor::CodeFormatOf(dtype));
    int64_t first = 0;
    for (const RowRange& range : weight.ranges()) {
      const char* from = range.view.bytes.data() + range.first * row_bytes;
      // Whole panels of columns to a thread.
      constexpr int64_t kRows = 64;
      pool_.ParallelFor(ops::CeilDiv(range.count, kRows), [&](int64_t task) {
        const int64_t end = std::min(range.count, (task + 1) * kRows);
        for (int64_t row = task * kRows; row < end; ++row) {
          packed.SetColumn(first + row, dtype, from + row * row_bytes);
        }
      });
      first += range.count;
    }
    return std::make_unique<const BlockLinear>(std::move(packed), BiasOf(part));
  }

  static std::vector<float> BiasOf(const LinearPart& part) {
    std::vector<float> bias(static_cast<size_t>(part.bias ? part.bias->rows() : 0));
    if (part.bias) part.bias->Copy({0, part.bias->rows()}, {0, 1}, bias.data(), 1);
    return bias;
  }

  void Release(const std::vector<std::string>& stems) const {
    for (const std::string& stem : stems) source_.Release(stem + ".weight");
  }

  const ModelSource& source_;
  DType precision_;
  BlockProducts products_;
  ThreadPool& pool_;
  std::map<std::string, WeightShape> shapes_;
};

// Others are decoded to float32, so that with few of them in blocks a model would be slower and
// larger than in bf16. Told before anything is loaded; queries, keys and values, which a source may
// have to join, are left out of the count.
Status RequireBlocks(const ModelSource& source) {
  const ModelConfig& config = source.config();
  const ModelNames names = NamesOf(config);
  std::set<std::string> counted = {names.head + ".weight"};
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames part = NamesOfLayer(config, layer);
    for (const std::string& stem : {part.output, part.gate, part.up, part.down}) {
      counted.insert(stem + ".weight");
    }
  }
  int64_t all = 0, in_blocks = 0;
  std::set<std::string_view> others;
  for (const WeightShape& weight : WeightShapes(config)) {
    if (!counted.contains(weight.name)) continue;
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.Find(weight));
    all += view.elements();
    if (tensor::CodeFormatOf(view.dtype)) {
      in_blocks += view.elements();
    } else {
      others.insert(tensor::Name(view.dtype));
    }
  }
  if (2 * in_blocks >= all) return {};
  return MakeError(ErrorKind::kUnsupported,
                   "{}: int8 products are made of weights in blocks ({}), and {} of its weights "
                   "are in {}: another --precision, or mores model convert {} -o MODEL.gguf "
                   "--dtype q8_0",
                   source.path(), tensor::CodeTypeNames(), in_blocks == 0 ? "all" : "most",
                   fmt::join(others, ", "), source.path());
}

}  // namespace

void EmbeddingTable::Copy(const tensor::TensorView& view) {
  bytes_.Resize(static_cast<int64_t>(view.bytes.size()));
  std::memcpy(bytes_.data(), view.bytes.data(), view.bytes.size());
  view_ = view;
  view_.bytes = {bytes_.data(), view.bytes.size()};
  view_.owner = nullptr;
  hidden_ = view.shape[1];
}

int64_t PackedWeights::bytes() const {
  int64_t bytes = embedding.bytes() + lm_head->bytes();
  for (const PackedBlock& block : blocks) bytes += block.bytes();
  return bytes;
}

Expected<PackedWeights> LoadPacked(const ModelSource& source, int blocks, DType precision,
                                   BlockProducts products, ThreadPool& pool) {
  if (products == BlockProducts::kInBlocks) MORES_RETURN_IF_ERROR(RequireBlocks(source));
  const ModelConfig& config = source.config();
  Loader loader(source, precision, products, pool);
  PackedWeights weights;
  const ModelNames names = NamesOf(config);
  // The largest tensors first: while a tensor is read its part of the file is in memory too.
  MORES_RETURN_IF_ERROR(loader.Embedding(names.embedding, weights.embedding));
  MORES_ASSIGN_OR_RETURN(weights.lm_head, loader.Stacked({names.head}));
  weights.blocks.resize(static_cast<size_t>(blocks));
  for (int layer = 0; layer < blocks; ++layer) {
    PackedBlock& block = weights.blocks[static_cast<size_t>(layer)];
    const LayerNames part = NamesOfLayer(config, layer);
    MORES_RETURN_IF_ERROR(loader.Vector(part.attention_norm, block.attention_norm));
    MORES_RETURN_IF_ERROR(loader.Vector(part.ffn_norm, block.ffn_norm));
    if (config.layer(layer).query_key_norm) {
      MORES_RETURN_IF_ERROR(loader.Vector(part.query_norm, block.query_norm));
      MORES_RETURN_IF_ERROR(loader.Vector(part.key_norm, block.key_norm));
    }
    MORES_ASSIGN_OR_RETURN(block.qkv, loader.Stacked(part.qkv));
    MORES_ASSIGN_OR_RETURN(block.output, loader.Stacked({part.output}));
    MORES_ASSIGN_OR_RETURN(block.feed_forward, loader.Gated(part));
  }
  MORES_RETURN_IF_ERROR(loader.Vector(names.final_norm, weights.final_norm));
  return weights;
}

}  // namespace mores::model
