// Text of a reply while its ids come one by one.
#ifndef MORES_TEXT_TOKENIZER_INCREMENTAL_DECODER_H_
#define MORES_TEXT_TOKENIZER_INCREMENTAL_DECODER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "text/tokenizer/tokenizer.h"

namespace mores::text {

// What Push and Finish return, put together, is what Decode gives for all the ids. Each of them is
// complete: never half a character, and never what a later id could change. REQUIRES: the tokenizer
// lives as long. One stream serves one thread.
class IncrementalDecoder {
 public:
  explicit IncrementalDecoder(const Tokenizer& tokenizer, const DecodeOptions& options = {})
      : stream_(tokenizer.NewDecodeStream(options)) {}

  std::string Push(int32_t id) {
    std::string text;
    stream_->Push(id, text);
    return text;
  }
  // What waited for more; an unfinished character is U+FFFD. Nothing is pushed after it.
  std::string Finish() {
    std::string text;
    stream_->Finish(text);
    return text;
  }

 private:
  std::unique_ptr<DecodeStream> stream_;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_INCREMENTAL_DECODER_H_
