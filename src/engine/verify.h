// Proof on the spot that a model's numbers depend on nothing but its prompt: the same items are
// scored again and again in other company, other order, other pieces and by other numbers of
// threads, and every log-probability is compared bit by bit.
#ifndef MORES_ENGINE_VERIFY_H_
#define MORES_ENGINE_VERIFY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace mores::engine {

// One way of scoring the same items.
struct VerifyWay {
  std::string name;          // "in batches of 7"
  int64_t batch = 1;         // items a call
  bool shuffled = false;     // order of the items
  int64_t chunk_tokens = 0;  // as of EngineOptions
  int threads = 1;
  bool warm = false;  // the engine has scored all of them before, in another order
};
// Alone, in batches of 7 and 64, shuffled, token by token, cold and warm, with 1 and 2 threads. The
// first one is what the others are compared with.
const std::vector<VerifyWay>& VerifyWays();

struct VerifyItem {
  std::vector<int32_t> prompt, continuation;
};
// Random items of a vocabulary: lengths from 2 to `most_tokens` in all, and beginnings that some of
// them share. The same for the same arguments.
std::vector<VerifyItem> MakeVerifyItems(int count, int most_tokens, int32_t vocab_size,
                                        uint64_t seed);

using Scores = std::vector<std::vector<float>>;  // by item, by token
// Scores all items, whose results come in their order, the way asked for.
using ScoreWay = std::function<Expected<Scores>(std::span<const VerifyItem>, const VerifyWay&)>;
// By our engine; a fresh one, and so cold, for each way. `adapter`: as of ScoreItem. Both must
// outlive it.
ScoreWay ScoreByEngine(const model::Decoder& decoder,
                       const model::PackedAdapter* adapter = nullptr);

struct VerifyResult {
  std::string way;
  int64_t numbers = 0;    // compared
  int64_t different = 0;  // of them
  int first_item = -1;    // the first item that differs
  float largest = 0;      // difference
};
struct VerifyReport {
  std::vector<VerifyResult> results;
  bool identical() const;
};
// `seen` is told of each result as it comes.
Expected<VerifyReport> Verify(std::span<const VerifyItem> items, const ScoreWay& score,
                              const std::function<void(const VerifyResult&)>& seen);

}  // namespace mores::engine

#endif  // MORES_ENGINE_VERIFY_H_
