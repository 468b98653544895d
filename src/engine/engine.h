// Many requests at once over one decoder: scoring of given continuations, features of them,
// sampling, and label-first decoding (score the labels, decide, write on after the decided one).
//
// Results of a request do not depend on the other requests of the call (model/decoder.h). Each
// names the adapter that it is computed with, null for the model as it is: several go side by side,
// and what requests share at their beginning is shared among those of one adapter alone. Long
// beginnings are kept from call to call, so an adapter must outlive the engine.
#ifndef MORES_ENGINE_ENGINE_H_
#define MORES_ENGINE_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "engine/sampler.h"
#include "model/adapter/packed_adapter.h"
#include "model/decoder.h"

namespace mores::engine {

struct EngineOptions {
  // Tokens computed in one pass, over all sequences: bounds scratch memory. Caches of sequences
  // side by side hold up to eight times as many prompt positions, since they share what they begin
  // with.
  int64_t batch_tokens = 1024;
  // Tokens of one sequence computed in one pass; 0: as many as fit. 1 is token by token. Results
  // do not depend on it.
  int64_t chunk_tokens = 0;
  // Sequences decoded side by side.
  int64_t max_sequences = 64;
};

struct ScoreItem {
  std::span<const int32_t> prompt;        // at least one token
  std::span<const int32_t> continuation;  // at least one token
  const model::PackedAdapter* adapter = nullptr;
};

// What a model makes of a continuation after a prompt: hidden states after its last block, normed.
struct Features {
  std::vector<float> last;  // of the last token, [hidden_dim]
  std::vector<float> mean;  // over the continuation's tokens, [hidden_dim]
};

struct Generated {
  std::vector<int32_t> ids;  // without the end token
  bool stopped = false;      // at the end token; else at the bound
  bool broken = false;       // inside of the engine: ended by logits that are no numbers
};

struct GenerateItem {
  std::string_view id;  // with seed and step, the key of the random draws
  std::span<const int32_t> prompt;
  Sampling sampling;
  const model::PackedAdapter* adapter = nullptr;
};

struct DecideItem {
  std::string_view id;
  std::span<const int32_t> prompt;
  std::span<const std::vector<int32_t>> choices;  // each at least one token
  // Index of a choice by their log-probabilities, or -1 for no text.
  std::function<int(std::span<const double>)> decide;
  std::span<const int32_t> separator;  // put after the choice, before the generated text
  // Tokens that a reply may have, where that is more than is asked for here: positions may depend
  // on it (ModelConfig::RopeBound), and a label alone and one with text then have the same numbers.
  int64_t reply_bound = 0;
  Sampling sampling;  // max_new_tokens 0: decide only
  const model::PackedAdapter* adapter = nullptr;
  // What may stand behind one of the choices: scored whatever is decided, in the pass over the
  // prompt. Behind that choice, where it is the one, the likeliest stands before the separator.
  struct Next {
    int after = -1;                                 // the place of the choice; -1: nothing of this
    std::span<const int32_t> lead;                  // given after it, before each of:
    std::span<const std::vector<int32_t>> choices;  // each at least one token
  } next = {};
};

struct Decided {
  std::vector<double> choice_logprobs;  // of the whole choice, all its tokens
  int chosen = -1;
  std::vector<double> next_logprobs;  // likewise, of DecideItem::next
  int next_chosen = -1;               // the likeliest of them
  Generated text;
};

// Every call returns one result an item, in order; an item that is too long for the context, empty,
// or names ids outside of the vocabulary is a kInput error of its own, and one whose numbers are no
// numbers, as of a model with broken weights, a kCorrupt one. Not thread-safe.
class Engine {
 public:
  Engine(const model::Decoder& decoder, const EngineOptions& options, ThreadPool& pool);
  ~Engine();

  // Natural logarithms, one a token of the continuation.
  std::vector<Expected<std::vector<float>>> Score(std::span<const ScoreItem> items);
  // The numbers of an item are those of its tokens in the decoder, whatever else is computed.
  std::vector<Expected<Features>> FindFeatures(std::span<const ScoreItem> items);
  std::vector<Expected<Generated>> Generate(std::span<const GenerateItem> items);
  std::vector<Expected<Decided>> Decide(std::span<const DecideItem> items);

 private:
  class Impl;
  struct Sequence;
  using DecideResults = std::vector<Expected<Decided>>;
  void DecideGroup(std::span<const DecideItem> items, const std::vector<size_t>& group,
                   DecideResults& results);
  // Computes the prompts, and what stands before DecideItem::next; reads the first token of every
  // choice of both.
  void ScoreFirstTokens(std::span<const DecideItem> items, const std::vector<size_t>& group,
                        std::vector<Sequence>& sequences, DecideResults& results);
  // Adds the later tokens of DecideItem::next, each choice on a copy of the cache.
  void ScoreNext(std::span<const DecideItem> items, const std::vector<size_t>& group,
                 std::span<const Sequence> prompts, DecideResults& results);
  // Adds the later tokens of choices of several tokens, on the prompts' caches, which it restores.
  void ScoreLongChoices(std::span<const DecideItem> items, const std::vector<size_t>& group,
                        std::span<const Sequence> prompts, DecideResults& results);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mores::engine

#endif  // MORES_ENGINE_ENGINE_H_
