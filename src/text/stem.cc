#include "text/stem.h"

#include <libstemmer.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace mores::text {
namespace {

struct DeleteStemmer {
  void operator()(sb_stemmer* stemmer) const { sb_stemmer_delete(stemmer); }
};

// One a thread, since it holds the word that it works on.
sb_stemmer* ThreadStemmer() {
  // A null encoding is UTF-8.
  thread_local const std::unique_ptr<sb_stemmer, DeleteStemmer> stemmer(
      sb_stemmer_new("porter", /*charenc=*/nullptr));
  MORES_CHECK(stemmer != nullptr);
  return stemmer.get();
}

}  // namespace

std::string Stem(std::string_view word) {
  const bool english =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  // Short words have no endings, as the paper's own program has it; what is longer is no word.
  if (word.size() <= 2 || word.size() > 40 || !english) return std::string(word);
  sb_stemmer* stemmer = ThreadStemmer();
  const auto* stem = sb_stemmer_stem(stemmer, reinterpret_cast<const sb_symbol*>(word.data()),
                                     static_cast<int>(word.size()));
  MORES_CHECK(stem != nullptr);  // out of memory
  return {reinterpret_cast<const char*>(stem), static_cast<size_t>(sb_stemmer_length(stemmer))};
}

}  // namespace mores::text
