// Vectors of documents in the database (table `vector`), made and read.
#ifndef MORES_GUIDELINES_SEARCH_VECTORS_H_
#define MORES_GUIDELINES_SEARCH_VECTORS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "guidelines/store/database.h"
#include "text/embedder.h"

namespace mores::guidelines {

struct EmbedCounts {
  int64_t made = 0;     // vectors of texts that had none, or one of an older text
  int64_t current = 0;  // that were there already
};

// Vectors of all passages, and of all guidelines but withdrawn ones. Each batch is a transaction of
// its own, so that what is broken off goes on where it was. `progress` is told of each batch how
// many of how many have their vector. kInput where the database has vectors of another dimension by
// the same name.
Expected<EmbedCounts> EmbedDocuments(Database& database, text::Embedder& embedder,
                                     const std::function<void(int64_t, int64_t)>& progress = {});

// The vectors of one model in memory. One caller at a time.
class VectorIndex {
 public:
  VectorIndex(Database& database, std::string model)
      : database_(&database), model_(std::move(model)) {}

  // Reads them anew where anything in the database changed. Vectors of texts that are no more are
  // left out. kMissing where none is left.
  Status Refresh();

  size_t dimensions() const { return dimensions_; }
  bool Has(int64_t document) const { return rows_.contains(document); }  // its key
  // The cosine with `query`; nullopt for a document without a vector.
  // REQUIRES: query.size() == dimensions(), and its length 1.
  std::optional<float> Cosine(int64_t document, const text::Vector& query) const;

 private:
  Status Read();

  Database* database_;
  std::string model_;
  int64_t data_version_ = -1, own_changes_ = -1;
  size_t dimensions_ = 0;
  std::unordered_map<int64_t, size_t> rows_;  // of documents
  std::vector<float> values_;                 // [row, dimension]
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_SEARCH_VECTORS_H_
