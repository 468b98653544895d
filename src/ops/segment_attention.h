// Causal attention in training, of all heads of a layer, forward and backward, over segments of
// rows: a segment may go on from an earlier one, whose keys and values it sees as its own, so that
// what several sequences begin with is computed once.
//
// Sums over keys are in order of the keys' absolute positions: a query's result is bit for bit the
// same whether its sequence is one segment or several. Gradients of keys and values are added in a
// fixed order (by segments, by parts of their queries, by heads); nothing depends on the number of
// threads. In bf16, what enters a product is rounded, sums and the softmax are float32.
#ifndef MORES_OPS_SEGMENT_ATTENTION_H_
#define MORES_OPS_SEGMENT_ATTENTION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/threads.h"
#include "ops/matmul.h"
#include "tensor/buffer.h"

namespace mores::ops {

// Rows of queries, keys and values, [rows][width], and where in a row each head's begin.
struct HeadLayout {
  int64_t head_dim;
  int64_t width;
  std::vector<int64_t> queries, keys, values;  // [query heads], [kv heads], [kv heads]

  int64_t query_heads() const { return static_cast<int64_t>(queries.size()); }
  int64_t kv_heads() const { return static_cast<int64_t>(keys.size()); }
  int64_t group() const { return query_heads() / kv_heads(); }
};

struct SegmentLayout {
  std::span<const int32_t> offsets;  // [segments + 1], bounds in the rows
  std::span<const int32_t> parents;  // [segments], -1: none; or empty: none has one
};

struct AttentionNumbers {
  DType precision;  // of products; kF32 or kBf16
  Bf16Sums sums;
};

struct QueryPart;  // ops/segment_parts.h

// Not thread-safe. Holds what a pass needs, for the next one.
class SegmentAttention {
 public:
  // Gradients of keys and values take about `partial_bytes` on their way, or what some queries of
  // one head need; no number depends on it.
  explicit SegmentAttention(int64_t partial_bytes = int64_t{256} << 20)
      : partial_bytes_(partial_bytes) {}

  struct Pass {
    const HeadLayout& heads;
    SegmentLayout segments;
    AttentionNumbers numbers;
    const float* rows;  // queries and keys rotated
    float* out;         // [rows][query heads][head_dim]
    float* log_sums;    // [rows][query heads], of the sums of exponentials of scaled scores
  };
  // Writes `out` and `log_sums`.
  void Forward(const Pass& pass, ThreadPool& pool);
  // What Forward was given and what it wrote.
  struct Past {
    const HeadLayout& heads;
    SegmentLayout segments;
    AttentionNumbers numbers;
    const float *rows, *out, *log_sums;
  };
  // The gradient by Forward's `out`, and where that by its `rows` is written, [rows][width]; of it
  // only the heads' places are.
  struct Gradients {
    const float* out;
    float* rows;
  };
  void Backward(const Past& past, const Gradients& gradients, ThreadPool& pool);

  // One head's keys and values of all that a segment sees, packed.
  struct Operands {
    int64_t positions = 0;
    // What a direction and its numbers need; the others are null. In float32 panels as
    // ops/attention.h has them, and plain [positions][head_dim].
    float *key_panels = nullptr, *value_panels = nullptr, *keys = nullptr, *values = nullptr;
    // Tiles: as the right operand of products over the head's dimensions, and over positions.
    uint16_t *key_columns = nullptr, *value_columns = nullptr;
    uint16_t *key_rows = nullptr, *value_rows = nullptr;
  };

 private:
  enum class Direction { kForward, kBackward };
  // Some queries of a segment, of one head.
  struct Part {
    int64_t segment, head, begin, end;
  };
  // Parts whose gradients are found together, and where in partials_ each one's are, of keys, then
  // of values.
  struct Batch {
    size_t begin, end;
    std::vector<int64_t> partials;
    int64_t floats = 0;
  };
  // Where its first query's numbers begin among the rows, the results and the log sums.
  struct Places {
    int64_t query, out, log_sums;
  };
  static Places PlacesOf(const HeadLayout& heads, const SegmentLayout& segments, const Part& part);
  void FindPaths(const SegmentLayout& segments);
  // Positions that a segment's last row sees.
  int64_t SeenBy(const SegmentLayout& segments, int64_t segment) const {
    const size_t i = static_cast<size_t>(segment);
    return starts_[i] + segments.offsets[i + 1] - segments.offsets[i];
  }
  void PlaceOperands(const Past& pass, Direction direction);
  void PackOperands(const Past& pass, ThreadPool& pool);
  void ListParts(const Past& pass);
  // Of parts [begin, end).
  std::vector<size_t> LargestFirst(size_t begin, size_t end) const;
  // Elements of the keys that a part sees.
  int64_t SeenElements(const HeadLayout& heads, const Part& part) const {
    return (starts_[static_cast<size_t>(part.segment)] + part.end) * heads.head_dim;
  }
  // As many parts from `begin` on as the bound allows, at least one.
  Batch BatchFrom(const HeadLayout& heads, size_t begin) const;
  void BackwardBatch(const Past& past, const Gradients& gradients, const Batch& batch,
                     ThreadPool& pool);
  QueryPart QueriesOf(const Past& pass, const Part& part) const;
  // Adds what a batch's parts found to the gradients of the keys and values in a segment's own
  // rows, which the first batch clears.
  void AddUp(const Past& pass, const Batch& batch, int64_t segment, int64_t kv_head,
             float* gradient) const;

  int64_t partial_bytes_;
  std::vector<int64_t> starts_;                // [segments]: positions before the segment
  std::vector<std::vector<int64_t>> paths_;    // [segments]: from the first ancestor to itself
  std::vector<Operands> operands_;             // [segments][kv heads]
  std::vector<Part> parts_;                    // by segments, by queries, by heads
  std::vector<std::vector<size_t>> parts_of_;  // [segments]: which of parts_
  tensor::AlignedBuffer<float> panels_, partials_;
  tensor::AlignedBuffer<uint16_t> tiles_;
};

}  // namespace mores::ops

#endif  // MORES_OPS_SEGMENT_ATTENTION_H_
