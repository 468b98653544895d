#include "guidelines/search/vectors.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace mores::guidelines {
namespace {

static_assert(std::endian::native == std::endian::little, "vectors are stored little-endian");

constexpr size_t kBatch = 256;  // documents of one transaction

// What search may find, with its vector by a model (parameter 1) where it has one.
constexpr std::string_view kVectorDocuments =
    "SELECT d.key, d.place, ifnull(v.topic, p.topic || ' ' || p.heading), ifnull(v.text, p.text), "
    "e.text_hash, e.value FROM document d LEFT JOIN guideline g ON g.key = d.guideline "
    "LEFT JOIN version v ON v.guideline = g.key AND v.version = g.current "
    "LEFT JOIN passage p ON p.key = d.passage "
    "{} JOIN vector e ON e.document = d.key AND e.model = ? "
    "WHERE ifnull(v.status, '') <> 'withdrawn' ORDER BY d.key";

// As an embedder reads it: where it holds, what it is of, and the text.
std::string EmbeddedText(const Statement& row) {
  return fmt::format("{}\n{}\n{}", row.Text(1), row.Text(2), row.Text(3));
}

struct Pending {
  int64_t key = 0;
  std::string text;
};

struct Reading {
  std::vector<Pending> pending;
  int64_t current = 0;
  size_t dimensions = 0;  // of the vectors that are there; 0: there are none
};

Status ReadPending(Connection& connection, const std::string& model, Reading& reading) {
  MORES_ASSIGN_OR_RETURN(Statement read,
                         connection.Prepare(fmt::format(fmt::runtime(kVectorDocuments), "LEFT")));
  read.Bind(model);
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) return {};
    std::string text = EmbeddedText(read);
    if (!read.IsNull(4) && read.Text(4) == Sha256Hex(text)) {
      reading.dimensions = read.Text(5).size() / sizeof(float);
      ++reading.current;
    } else {
      reading.pending.push_back({.key = read.Integer(0), .text = std::move(text)});
    }
  }
}

Status WriteVectors(Connection& connection, const std::string& model,
                    std::span<const Pending> documents, const std::vector<text::Vector>& vectors) {
  return connection.Transact([&]() -> Status {
    MORES_ASSIGN_OR_RETURN(
        Statement write,
        connection.Prepare("INSERT OR REPLACE INTO vector (document, model, text_hash, value) "
                           "VALUES (?, ?, ?, ?)"));
    for (size_t i = 0; i < documents.size(); ++i) {
      write.Bind(documents[i].key).Bind(model).Bind(Sha256Hex(documents[i].text));
      write.BindBlob(
          {reinterpret_cast<const char*>(vectors[i].data()), vectors[i].size() * sizeof(float)});
      MORES_RETURN_IF_ERROR(write.Run());
    }
    return {};
  });
}

// Several sums at once, added in one order on every machine.
float Dot(const float* a, const float* b, size_t count) {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> sums{};
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < count; ++i) sum += a[i] * b[i];
  for (const float lane : sums) sum += lane;
  return sum;
}

// "; there are some by a, b".
Expected<std::string> OtherModels(Connection& connection, const std::string& model) {
  MORES_ASSIGN_OR_RETURN(
      Statement read, connection.Prepare("SELECT group_concat(model, ', ') FROM (SELECT DISTINCT "
                                         "model FROM vector WHERE model <> ? ORDER BY model)"));
  MORES_RETURN_IF_ERROR(read.Bind(model).Step());
  return read.Text(0).empty() ? "" : fmt::format("; there are some by {}", read.Text(0));
}

}  // namespace

Expected<EmbedCounts> EmbedDocuments(Database& database, text::Embedder& embedder,
                                     const std::function<void(int64_t, int64_t)>& progress) {
  Connection& connection = database.connection();
  const std::string model = embedder.name();
  Reading reading;
  MORES_RETURN_IF_ERROR(
      connection.ReadConsistently([&] { return ReadPending(connection, model, reading); }));
  const std::span<const Pending> pending = reading.pending;
  EmbedCounts counts = {.current = reading.current};
  const auto total = reading.current + static_cast<int64_t>(pending.size());
  if (progress) progress(counts.current, total);
  for (size_t begin = 0; begin < pending.size(); begin += kBatch) {
    const auto batch = pending.subspan(begin, std::min(kBatch, pending.size() - begin));
    std::vector<std::string> texts;
    for (const Pending& document : batch) texts.push_back(document.text);
    MORES_ASSIGN_OR_RETURN(const std::vector<text::Vector> vectors,
                           embedder.Embed(texts, text::TextRole::kDocument));
    if (reading.dimensions != 0 && vectors[0].size() != reading.dimensions) {
      return MakeError(ErrorKind::kInput,
                       "{}: gives {} dimensions, and the vectors by that name in {} have {}; "
                       "--document-prefix makes others beside them",
                       model, vectors[0].size(), database.path(), reading.dimensions);
    }
    MORES_RETURN_IF_ERROR(WriteVectors(connection, model, batch, vectors));
    counts.made += static_cast<int64_t>(batch.size());
    if (progress) progress(counts.current + counts.made, total);
  }
  return counts;
}

Status VectorIndex::Read() {
  rows_.clear();
  values_.clear();
  dimensions_ = 0;
  Connection& connection = database_->connection();
  MORES_ASSIGN_OR_RETURN(Statement read,
                         connection.Prepare(fmt::format(fmt::runtime(kVectorDocuments), "")));
  read.Bind(model_);
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool row, read.Step());
    if (!row) break;
    if (read.Text(4) != Sha256Hex(EmbeddedText(read))) continue;
    const std::string_view bytes = read.Text(5);
    if (dimensions_ == 0) dimensions_ = bytes.size() / sizeof(float);
    const size_t begin = values_.size();
    values_.resize(begin + dimensions_);
    bool sound = !bytes.empty() && bytes.size() == dimensions_ * sizeof(float);
    if (sound) {
      std::memcpy(values_.data() + begin, bytes.data(), bytes.size());
      const float length = Dot(values_.data() + begin, values_.data() + begin, dimensions_);
      constexpr float kTolerance = 1e-3F;
      sound = std::abs(length - 1) < kTolerance;  // false for what is no number
    }
    if (!sound) {
      return MakeError(ErrorKind::kCorrupt, "{}: the vector of document {} by {} is no vector",
                       database_->path(), read.Integer(0), model_);
    }
    rows_.emplace(read.Integer(0), rows_.size());
  }
  if (!rows_.empty()) return {};
  MORES_ASSIGN_OR_RETURN(const std::string others, OtherModels(connection, model_));
  return MakeError(ErrorKind::kMissing,
                   "{}: no document has a vector of its text by {}; make them with 'mores "
                   "guidelines embed'{}",
                   database_->path(), model_, others);
}

Status VectorIndex::Refresh() {
  Connection& connection = database_->connection();
  MORES_ASSIGN_OR_RETURN(const int64_t data_version,
                         connection.QueryInteger("PRAGMA data_version"));
  const int64_t own_changes = sqlite3_total_changes64(connection.handle());
  if (data_version == data_version_ && own_changes == own_changes_) return {};
  MORES_RETURN_IF_ERROR(Read());
  data_version_ = data_version;
  own_changes_ = own_changes;
  return {};
}

std::optional<float> VectorIndex::Cosine(int64_t document, const text::Vector& query) const {
  MORES_CHECK(query.size() == dimensions_);
  const auto row = rows_.find(document);
  if (row == rows_.end()) return std::nullopt;
  return Dot(values_.data() + row->second * dimensions_, query.data(), dimensions_);
}

}  // namespace mores::guidelines
