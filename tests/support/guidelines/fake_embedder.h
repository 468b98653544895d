// For tests: vectors from a table of words, without a model.
#ifndef MORES_SUPPORT_GUIDELINES_FAKE_EMBEDDER_H_
#define MORES_SUPPORT_GUIDELINES_FAKE_EMBEDDER_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "text/embedder.h"

namespace mores::guidelines {

// A dimension a concept, by the words that speak of it, and a last one that every text has a little
// of.
class FakeEmbedder : public text::Embedder {
 public:
  explicit FakeEmbedder(std::vector<std::vector<std::string>> concepts, std::string name = "fake")
      : concepts_(std::move(concepts)), name_(std::move(name)) {}

  std::string name() const override { return name_; }

  size_t calls = 0, queries = 0, documents = 0;
  std::vector<std::string> last;  // texts that were asked for
  // What is said in place of the vectors, where it is set.
  std::function<Expected<std::vector<text::Vector>>(std::vector<text::Vector>)> twist;

 private:
  Expected<std::vector<text::Vector>> Ask(std::span<const std::string> texts,
                                          text::TextRole role) override {
    ++calls;
    (role == text::TextRole::kQuery ? queries : documents) += texts.size();
    last.assign(texts.begin(), texts.end());
    std::vector<text::Vector> vectors;
    for (const std::string& text : texts) {
      text::Vector vector(concepts_.size() + 1, 0);
      vector.back() = 0.5;
      for (size_t i = 0; i < concepts_.size(); ++i) {
        for (const std::string& word : concepts_[i]) {
          if (text.find(word) != std::string::npos) vector[i] += 3;
        }
      }
      vectors.push_back(std::move(vector));
    }
    return twist ? twist(std::move(vectors)) : vectors;
  }

  std::vector<std::vector<std::string>> concepts_;
  std::string name_;
};

}  // namespace mores::guidelines

#endif  // MORES_SUPPORT_GUIDELINES_FAKE_EMBEDDER_H_
