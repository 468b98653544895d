// Models of others: with a dummy prefix, as Llama 2 has it. Ids and text are the library's.
#include <gtest/gtest.h>
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "text/tokenizer/incremental_decoder.h"
#include "text/tokenizer/sentencepiece.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

using Ids = std::vector<int32_t>;

class Lines : public sentencepiece::SentenceIterator {
 public:
  bool done() const override { return at_ == 200; }
  void Next() override { ++at_; }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  int at_ = 0;
  std::string line_ = "the judge reads it and says what it was, naïve or not 安全";
};

const std::string& PrefixedModel() {
  static const std::string model = [] {
    std::string bytes;
    Lines lines;
    const auto status = sentencepiece::SentencePieceTrainer::Train({{"model_type", "bpe"},
                                                                    {"vocab_size", "320"},
                                                                    {"byte_fallback", "true"},
                                                                    {"control_symbols", "<|x|>"},
                                                                    {"num_threads", "1"},
                                                                    {"minloglevel", "9"}},
                                                                   &lines, &bytes);
    EXPECT_TRUE(status.ok()) << status.message();
    return bytes;
  }();
  return model;
}

TEST(SentencePieceStreamTest, APrefixedModelGivesWhatTheLibraryGives) {
  const auto tokenizer = ParseSentencePiece(PrefixedModel(), "m", {.add_bos = true});
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  sentencepiece::SentencePieceProcessor library;
  ASSERT_TRUE(library.LoadFromSerializedProto(PrefixedModel()).ok());
  for (const std::string text : {"the judge", " reads  it", "安全 é", "<|x|>", "", "\n\tx "}) {
    std::vector<int> expected;
    ASSERT_TRUE(library.Encode(text, &expected).ok());
    EXPECT_EQ((*tokenizer)->Encode(text), expected) << text;
    std::string decoded;
    ASSERT_TRUE(library.Decode(expected, &decoded).ok());
    EXPECT_EQ((*tokenizer)->Decode(expected), decoded) << text;
    if (text == "<|x|>") {
      EXPECT_EQ((*tokenizer)->EncodeMarked({.utf8 = text}), Ids({library.PieceToId(text)}));
    } else {
      expected.insert(expected.begin(), library.bos_id());
      EXPECT_EQ((*tokenizer)->EncodeWithSpecialTokens(text), expected) << text;
    }
  }
}

TEST(SentencePieceStreamTest, StreamsGiveWhatDecodeGives) {
  const auto tokenizer = ParseSentencePiece(PrefixedModel(), "m");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  Random random(3);
  for (int round = 0; round < 2000; ++round) {
    Ids ids;
    const uint64_t size = random.Below(10);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t bytes = random.Below(2);
      ids.push_back(static_cast<int32_t>(bytes != 0 ? 4 + random.Below(256) : random.Below(320)));
    }
    IncrementalDecoder decoder(**tokenizer);
    std::string text;
    for (const int32_t id : ids) {
      const std::string part = decoder.Push(id);
      ASSERT_TRUE(IsValidUtf8(part));
      text += part;
    }
    ASSERT_EQ(text + decoder.Finish(), (*tokenizer)->Decode(ids));
  }
}

}  // namespace
}  // namespace mores::text
