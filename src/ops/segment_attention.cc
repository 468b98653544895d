#include "ops/segment_attention.h"

#include <algorithm>

#include "base/check.h"
#include "ops/attention.h"
#include "ops/kernels.h"
#include "ops/segment_parts.h"
#include "ops/tiles.h"

namespace mores::ops {
namespace {

// Queries of a part: enough parts for many threads, few enough sums of gradients to add up.
constexpr int64_t kPartQueries = 192;

int64_t LengthOf(const SegmentLayout& segments, int64_t segment) {
  const size_t i = static_cast<size_t>(segment);
  return segments.offsets[i + 1] - segments.offsets[i];
}

int64_t CountOf(const SegmentLayout& segments) {
  return static_cast<int64_t>(segments.offsets.size()) - 1;
}

}  // namespace

void SegmentAttention::FindPaths(const SegmentLayout& segments) {
  const size_t count = static_cast<size_t>(CountOf(segments));
  starts_.assign(count, 0);
  paths_.assign(count, {});
  for (size_t segment = 0; segment < count; ++segment) {
    const int32_t parent = segments.parents.empty() ? -1 : segments.parents[segment];
    if (parent >= 0) {
      MORES_CHECK(static_cast<size_t>(parent) < segment);
      paths_[segment] = paths_[static_cast<size_t>(parent)];
      starts_[segment] = starts_[static_cast<size_t>(parent)] + LengthOf(segments, parent);
    }
    paths_[segment].push_back(static_cast<int64_t>(segment));
  }
}

void SegmentAttention::PlaceOperands(const Past& pass, Direction direction) {
  const int64_t segments = CountOf(pass.segments), dim = pass.heads.head_dim;
  const int64_t kv_heads = pass.heads.kv_heads();
  const bool backward = direction == Direction::kBackward;
  const bool tiles = UseTiles(pass.numbers.precision, pass.numbers.sums);
  int64_t floats = 0, halves = 0;
  for (int64_t segment = 0; segment < segments; ++segment) {
    const int64_t positions = SeenBy(pass.segments, segment);
    floats += kv_heads * (backward ? 4 : 2) * KeyPanelElements(positions, dim);
    halves += kv_heads * ((backward ? 2 : 1) * ColumnTileElements(positions, dim) +
                          RowTileElements(positions, dim));
  }
  float* panel = tiles ? nullptr : panels_.Resize(floats);
  uint16_t* tile = tiles ? tiles_.Resize(halves) : nullptr;
  const auto take = [](auto*& next, int64_t count) {
    auto* taken = next;
    next += count;
    return taken;
  };
  operands_.clear();
  for (int64_t i = 0; i < segments * kv_heads; ++i) {
    Operands to{.positions = SeenBy(pass.segments, i / kv_heads)};
    const int64_t panels = KeyPanelElements(to.positions, dim);
    const int64_t columns = ColumnTileElements(to.positions, dim);
    const int64_t rows = RowTileElements(to.positions, dim);
    if (tiles) {
      to.key_columns = take(tile, columns);
      if (backward) to.value_columns = take(tile, columns);
      (backward ? to.key_rows : to.value_rows) = take(tile, rows);
    } else {
      to.key_panels = take(panel, panels);
      if (backward) to.value_panels = take(panel, panels);
      if (backward) to.keys = take(panel, panels);
      to.values = take(panel, panels);
    }
    operands_.push_back(to);
  }
}

void SegmentAttention::PackOperands(const Past& pass, ThreadPool& pool) {
  const int64_t dim = pass.heads.head_dim, kv_heads = pass.heads.kv_heads();
  pool.ParallelFor(static_cast<int64_t>(operands_.size()), [&](int64_t task) {
    thread_local tensor::AlignedBuffer<float> gathered_keys, gathered_values;
    const Operands& to = operands_[static_cast<size_t>(task)];
    float* keys = to.keys != nullptr ? to.keys : gathered_keys.Resize(to.positions * dim);
    float* values = to.values != nullptr ? to.values : gathered_values.Resize(to.positions * dim);
    const size_t kv_head = static_cast<size_t>(task % kv_heads);
    int64_t position = 0;
    for (const int64_t segment : paths_[static_cast<size_t>(task / kv_heads)]) {
      const int64_t first = pass.segments.offsets[static_cast<size_t>(segment)];
      for (int64_t row = 0; row < LengthOf(pass.segments, segment); ++row, ++position) {
        const float* from = pass.rows + (first + row) * pass.heads.width;
        std::copy_n(from + pass.heads.keys[kv_head], dim, keys + position * dim);
        std::copy_n(from + pass.heads.values[kv_head], dim, values + position * dim);
      }
    }
    if (to.key_panels != nullptr) PackKeys(keys, dim, to.positions, dim, to.key_panels);
    if (to.value_panels != nullptr) PackKeys(values, dim, to.positions, dim, to.value_panels);
    if (to.key_columns != nullptr) PackTileOperands(keys, values, dim, to);
  });
}

void SegmentAttention::ListParts(const Past& pass) {
  const int64_t segments = CountOf(pass.segments);
  parts_.clear();
  parts_of_.assign(static_cast<size_t>(segments), {});
  for (int64_t segment = 0; segment < segments; ++segment) {
    const int64_t length = LengthOf(pass.segments, segment);
    for (int64_t begin = 0; begin < length; begin += kPartQueries) {
      const int64_t end = std::min(length, begin + kPartQueries);
      for (int64_t head = 0; head < pass.heads.query_heads(); ++head) {
        parts_of_[static_cast<size_t>(segment)].push_back(parts_.size());
        parts_.push_back({segment, head, begin, end});
      }
    }
  }
}

// The parts' indexes, those with most work first, so that threads end together.
std::vector<size_t> SegmentAttention::LargestFirst(size_t begin, size_t end) const {
  std::vector<size_t> order(end - begin);
  for (size_t i = 0; i < order.size(); ++i) order[i] = begin + i;
  const auto work = [&](size_t i) {
    const Part& part = parts_[i];
    const int64_t middle = starts_[static_cast<size_t>(part.segment)] + (part.begin + part.end) / 2;
    return (part.end - part.begin) * middle;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t x, size_t y) { return work(x) > work(y); });
  return order;
}

SegmentAttention::Places SegmentAttention::PlacesOf(const HeadLayout& heads,
                                                    const SegmentLayout& segments,
                                                    const Part& part) {
  const int64_t row = segments.offsets[static_cast<size_t>(part.segment)] + part.begin;
  return {.query = row * heads.width + heads.queries[static_cast<size_t>(part.head)],
          .out = (row * heads.query_heads() + part.head) * heads.head_dim,
          .log_sums = row * heads.query_heads() + part.head};
}

QueryPart SegmentAttention::QueriesOf(const Past& pass, const Part& part) const {
  const HeadLayout& heads = pass.heads;
  const size_t operands =
      static_cast<size_t>(part.segment * heads.kv_heads() + part.head / heads.group());
  return {.operands = operands_[operands],
          .head_dim = heads.head_dim,
          .queries = part.end - part.begin,
          .first_position = starts_[static_cast<size_t>(part.segment)] + part.begin,
          .query = pass.rows + PlacesOf(heads, pass.segments, part).query,
          .row = heads.width,
          .out_row = heads.query_heads() * heads.head_dim,
          .log_sum_step = heads.query_heads()};
}

void SegmentAttention::Forward(const Pass& pass, ThreadPool& pool) {
  const Past inputs{pass.heads, pass.segments, pass.numbers, pass.rows, pass.out, pass.log_sums};
  FindPaths(pass.segments);
  PlaceOperands(inputs, Direction::kForward);
  PackOperands(inputs, pool);
  ListParts(inputs);
  const std::vector<size_t> order = LargestFirst(0, parts_.size());
  const bool tiles = UseTiles(pass.numbers.precision, pass.numbers.sums);
  pool.ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t task) {
    const Part& part = parts_[order[static_cast<size_t>(task)]];
    const QueryPart queries = QueriesOf(inputs, part);
    const Places at = PlacesOf(pass.heads, pass.segments, part);
    const QueryResults results{.out = pass.out + at.out, .log_sums = pass.log_sums + at.log_sums};
    if (tiles) {
      AttendTiles(queries, results);
    } else {
      AttendPanels(queries, results);
    }
  });
}

void SegmentAttention::Backward(const Past& past, const Gradients& gradients, ThreadPool& pool) {
  FindPaths(past.segments);
  PlaceOperands(past, Direction::kBackward);
  PackOperands(past, pool);
  ListParts(past);
  for (size_t begin = 0; begin < parts_.size();) {
    const Batch batch = BatchFrom(past.heads, begin);
    BackwardBatch(past, gradients, batch, pool);
    begin = batch.end;
  }
}

SegmentAttention::Batch SegmentAttention::BatchFrom(const HeadLayout& heads, size_t begin) const {
  Batch batch{.begin = begin, .end = begin};
  for (; batch.end < parts_.size(); ++batch.end) {
    const int64_t floats = 2 * SeenElements(heads, parts_[batch.end]);
    const int64_t bytes = (batch.floats + floats) * static_cast<int64_t>(sizeof(float));
    if (batch.end > begin && bytes > partial_bytes_) break;
    batch.partials.push_back(batch.floats);
    batch.floats += floats;
  }
  return batch;
}

void SegmentAttention::BackwardBatch(const Past& past, const Gradients& gradients,
                                     const Batch& batch, ThreadPool& pool) {
  partials_.Resize(batch.floats);
  const std::vector<size_t> order = LargestFirst(batch.begin, batch.end);
  const bool tiles = UseTiles(past.numbers.precision, past.numbers.sums);
  pool.ParallelFor(static_cast<int64_t>(order.size()), [&](int64_t task) {
    const size_t index = order[static_cast<size_t>(task)];
    const Part& part = parts_[index];
    const QueryPart queries = QueriesOf(past, part);
    const Places at = PlacesOf(past.heads, past.segments, part);
    const int64_t elements = SeenElements(past.heads, part);
    float* keys = partials_.data() + batch.partials[index - batch.begin];
    std::fill_n(keys, 2 * elements, 0.0f);
    const QueryGradients by_part{.out = past.out + at.out,
                                 .log_sums = past.log_sums + at.log_sums,
                                 .out_gradient = gradients.out + at.out,
                                 .query = gradients.rows + at.query,
                                 .keys = keys,
                                 .values = keys + elements};
    if (tiles) {
      AttendTilesBackward(queries, by_part);
    } else {
      AttendPanelsBackward(queries, by_part);
    }
  });
  const int64_t kv_heads = past.heads.kv_heads();
  pool.ParallelFor(CountOf(past.segments) * kv_heads, [&](int64_t task) {
    AddUp(past, batch, task / kv_heads, task % kv_heads, gradients.rows);
  });
}

void SegmentAttention::AddUp(const Past& pass, const Batch& batch, int64_t segment, int64_t kv_head,
                             float* gradient) const {
  const HeadLayout& heads = pass.heads;
  const int64_t dim = heads.head_dim, length = LengthOf(pass.segments, segment);
  const int64_t start = starts_[static_cast<size_t>(segment)];
  float* first = gradient + pass.segments.offsets[static_cast<size_t>(segment)] * heads.width;
  float* by_key = first + heads.keys[static_cast<size_t>(kv_head)];
  float* by_value = first + heads.values[static_cast<size_t>(kv_head)];
  for (int64_t row = 0; row < length && batch.begin == 0; ++row) {
    std::fill_n(by_key + row * heads.width, dim, 0.0f);
    std::fill_n(by_value + row * heads.width, dim, 0.0f);
  }
  for (size_t other = static_cast<size_t>(segment); other < paths_.size(); ++other) {
    const std::vector<int64_t>& path = paths_[other];
    if (std::find(path.begin(), path.end(), segment) == path.end()) continue;
    for (const size_t i : parts_of_[other]) {
      const Part& part = parts_[i];
      if (i < batch.begin || i >= batch.end || part.head / heads.group() != kv_head) continue;
      const int64_t elements = SeenElements(heads, part);
      const float* keys = partials_.data() + batch.partials[i - batch.begin] + start * dim;
      const float* values = keys + elements;
      for (int64_t row = 0; row < std::min(length, elements / dim - start); ++row) {
        Kernels().add(keys + row * dim, by_key + row * heads.width, dim);
        Kernels().add(values + row * dim, by_value + row * heads.width, dim);
      }
    }
  }
}

}  // namespace mores::ops
