// The tokenizers of whole GGUF files, where MORES_GGUF_TOKENIZER_CASES names a folder of them
// (scripts/check-tokenizers): of each folder in it, model.gguf against the reference's cases.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "model/gguf/gguf_tokenizer_keys.h"
#include "support/text/tokenizer_cases.h"
#include "tensor/gguf.h"
#include "text/tokenizer/gguf_tokenizer.h"

namespace mores::model {
namespace {

TEST(GgufTokenizerCasesTest, GivesTheIdsAndTheTextOfTheLibrary) {
  const char* folder = std::getenv("MORES_GGUF_TOKENIZER_CASES");
  if (folder == nullptr) GTEST_SKIP() << "MORES_GGUF_TOKENIZER_CASES names no folder";
  const std::vector<std::string> names = text::FolderNames(folder);
  ASSERT_FALSE(names.empty()) << "no folder in " << folder << ", so nothing is compared";
  for (const std::string& name : names) {
    SCOPED_TRACE(name);
    const std::string path = std::string(folder) + "/" + name + "/model.gguf";
    const auto file = tensor::GgufFile::Open(path);
    ASSERT_TRUE(file) << file.error().message;
    const auto keys = TokenizerKeys((*file)->keys());
    ASSERT_TRUE(keys) << keys.error().message;
    const auto tokenizer = text::MakeTokenizer(*keys, path);
    ASSERT_TRUE(tokenizer) << tokenizer.error().message;
    const text::TokenizerCases cases(**tokenizer,
                                     std::string(folder) + "/" + name + "/cases.jsonl");
    ASSERT_FALSE(cases.cases().empty());
    cases.ExpectIds();
    cases.ExpectText();
  }
}

}  // namespace
}  // namespace mores::model
