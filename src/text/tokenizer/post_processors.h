// The post-processors of tokenizer.json, as far as they give a text tokens.
#ifndef MORES_TEXT_TOKENIZER_POST_PROCESSORS_H_
#define MORES_TEXT_TOKENIZER_POST_PROCESSORS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores::text {

// Ids that a whole text gets.
struct Frame {
  std::vector<int32_t> before, after;
};

// TemplateProcessing (for a single text), ByteLevel (which moves offsets only), Sequence; an empty
// frame for a JSON null. Others are kUnsupported, by name; broken fields are kCorrupt.
Expected<Frame> MakeFrame(const Json& value, const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_POST_PROCESSORS_H_
