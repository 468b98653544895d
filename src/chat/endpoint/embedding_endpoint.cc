#include "chat/endpoint/embedding_endpoint.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"
#include "chat/endpoint/endpoint_address.h"
#include "chat/endpoint/endpoint_errors.h"
#include "chat/endpoint/endpoint_http.h"
#include "chat/endpoint/endpoint_service.h"
#include "chat/endpoint/redactor.h"

namespace mores::chat {
namespace {

using text::TextRole;
using text::Vector;

constexpr double kEmbedStopSeconds = 0.2;  // a stop is looked for at least this often
constexpr int kBrokenAttempts = 5;         // broken JSON after so many isn't a matter of transport

std::string EmbeddingBody(const std::string& model, const std::string& prefix,
                          std::span<const std::string> texts) {
  Json input = Json::array();
  for (const std::string& text : texts) input.push_back(prefix + text);
  return DumpJson({{"model", model}, {"input", std::move(input)}});
}

// What is wrong with it; nullopt: nothing.
std::optional<std::string> ReadEmbedding(const Json& one, std::vector<Vector>& vectors,
                                         size_t position) {
  if (!one.is_object()) return "an entry is no object";
  size_t index = position;
  if (const auto at = one.find("index"); at != one.end()) {
    if (!at->is_number_unsigned() || *at >= vectors.size()) return "an index is out of range";
    index = at->get<size_t>();
  }
  if (!vectors[index].empty()) return fmt::format("index {} stands there twice", index);
  const auto values = one.find("embedding");
  if (values == one.end() || !values->is_array() || values->empty()) {
    return "an embedding is no list of numbers";
  }
  vectors[index].reserve(values->size());
  for (const Json& value : *values) {
    if (!value.is_number()) return "an embedding is no list of numbers";
    const auto number = value.get<double>();
    if (!(std::abs(number) <= std::numeric_limits<float>::max())) return "a number is too large";
    vectors[index].push_back(static_cast<float>(number));
  }
  return std::nullopt;
}

// The body of an answer: a vector for each of `count` texts. kIo for what is no JSON, which may be
// a matter of transport; kInput for what is no such list.
Expected<std::vector<Vector>> ParseEmbeddings(std::string_view body, size_t count) {
  const Expected<Json> parsed = ParseJson(body, "the answer");
  if (!parsed) return MakeError(ErrorKind::kIo, "the answer is broken JSON");
  const auto wrong = [](std::string_view problem) {
    return MakeError(ErrorKind::kInput, "the answer is no list of embeddings: {}", problem);
  };
  if (!parsed->is_object()) return wrong("no object");
  const auto data = parsed->find("data");
  if (data == parsed->end() || !data->is_array()) return wrong("no data");
  if (data->size() != count) {
    return wrong(fmt::format("{} for {} texts", data->size(), count));
  }
  std::vector<Vector> vectors(count);
  for (size_t i = 0; i < count; ++i) {
    if (const auto problem = ReadEmbedding((*data)[i], vectors, i)) return wrong(*problem);
  }
  return vectors;
}

// One request of a call.
struct PartOf {
  std::span<const std::string> texts;
  enum class State { kWaiting, kRunning, kDone } state = State::kWaiting;
  double first = -1;  // when its first attempt began
  double due = 0;     // the next one
  int attempts = 0;
  std::string reason;  // why the last attempt failed
  std::vector<Vector> vectors;
};

class EmbeddingEndpoint : public text::Embedder {
 public:
  explicit EmbeddingEndpoint(const EmbeddingOptions& options)
      : options_(options),
        server_(EndpointName(options.address)),
        jitter_(options.jitter_seed != 0 ? options.jitter_seed : FreshSeed()) {}

  Status Open() {
    MORES_ASSIGN_OR_RETURN(ApiKey key, ReadApiKey(HostOf(options_.address).host));
    key_source_ = std::move(key.source);
    redactor_ = Redactor(key.value);
    MORES_ASSIGN_OR_RETURN(http_, OpenHttpPool({.url = UrlOf(options_.address, "/embeddings"),
                                                .key = std::move(key.value),
                                                .in_flight = options_.in_flight}));
    return {};
  }

  std::string name() const override {
    const std::string& prefix = options_.document_prefix;
    return prefix.empty() ? options_.address.model
                          : fmt::format("{}|{}", options_.address.model, prefix);
  }

 private:
  static double Now() { return SystemClock().MonotonicSeconds(); }

  Expected<std::vector<Vector>> Ask(std::span<const std::string> texts, TextRole role) override {
    std::vector<PartOf> parts;
    for (size_t begin = 0; begin < texts.size(); begin += kTextsOfRequest) {
      const size_t count = std::min(kTextsOfRequest, texts.size() - begin);
      parts.push_back({.texts = texts.subspan(begin, count)});
    }
    const Status asked = AskParts(parts, role);
    http_->Abort();
    MORES_RETURN_IF_ERROR(asked);
    std::vector<Vector> vectors;
    for (PartOf& part : parts) {
      std::move(part.vectors.begin(), part.vectors.end(), std::back_inserter(vectors));
    }
    return vectors;
  }

  Status AskParts(std::vector<PartOf>& parts, TextRole role) {
    const auto done = [](const PartOf& part) { return part.state == PartOf::State::kDone; };
    while (!std::all_of(parts.begin(), parts.end(), done)) {
      MORES_RETURN_IF_ERROR(options_.stop.Check());
      double wait = kEmbedStopSeconds;
      for (size_t i = 0; i < parts.size() && http_->idle() > 0; ++i) {
        if (parts[i].state != PartOf::State::kWaiting) continue;
        const double left = parts[i].due - Now();
        if (left <= 0) {
          MORES_RETURN_IF_ERROR(Start(i, role, parts[i]));
        } else {
          wait = std::min(wait, left);
        }
      }
      MORES_ASSIGN_OR_RETURN(const std::vector<HttpResult> results, http_->Wait(wait));
      for (const HttpResult& result : results) {
        MORES_RETURN_IF_ERROR(Handle(result, parts[result.ticket]));
      }
    }
    return {};
  }

  Status Start(size_t ticket, TextRole role, PartOf& part) {
    const double now = Now();
    if (part.first < 0) part.first = now;
    const double left = part.first + options_.deadline_seconds - now;
    if (left <= 0) {
      return MakeError(ErrorKind::kIo, "{}: given up after {} attempts in {:g} s (last: {})",
                       server_, part.attempts, options_.deadline_seconds, part.reason);
    }
    ++part.attempts;
    part.state = PartOf::State::kRunning;
    const std::string& prefix =
        role == TextRole::kQuery ? options_.query_prefix : options_.document_prefix;
    return http_->Post(ticket, EmbeddingBody(options_.address.model, prefix, part.texts),
                       std::min(options_.attempt_seconds, left));
  }

  void TryAgain(std::string reason, double server_seconds, PartOf& part) {
    part.state = PartOf::State::kWaiting;
    part.reason = std::move(reason);
    part.due = std::min(
        Now() + server_seconds + BackoffSeconds(options_.backoff_seconds, part.attempts, jitter_),
        part.first + options_.deadline_seconds);
  }

  Status Handle(const HttpResult& result, PartOf& part) {
    const int64_t status = result.status;
    if (result.too_large) {
      return MakeError(ErrorKind::kIo, "{}: the answer is longer than {} MiB", server_,
                       HttpPool::kMaxBody >> 20);
    }
    if (status == 0) {
      TryAgain(result.problem, 0, part);
      return {};
    }
    if (status >= 200 && status < 300) return Answered(result, part);
    return Refused(result, ReadServerError(result.body, redactor_), part);
  }

  Status Refused(const HttpResult& result, const ServerError& error, PartOf& part) {
    const int64_t status = result.status;
    const bool page = KindOf(result.body, result.content_type) == BodyKind::kHtml;
    const std::string said =
        page ? DescribeBody(result.body, result.content_type, redactor_) : error.Shown();
    const ServiceRefusal refusal = {status, said, key_source_};
    switch (MeaningOf(status, error)) {
      case Meaning::kAgain:
        TryAgain(fmt::format("{}: {}", StatusText(status), said), result.retry_after, part);
        return {};
      case Meaning::kQuota:
        return tl::unexpected<Error>(QuotaError(server_, refusal));
      case Meaning::kKey:
        return tl::unexpected<Error>(KeyError(server_, refusal));
      case Meaning::kService:
        return tl::unexpected<Error>(ServiceError(options_.address, refusal));
      case Meaning::kFilter:
      case Meaning::kItem:
      case Meaning::kRequest:
        break;
    }
    return MakeError(ErrorKind::kInput, "{}: refused with {}: {}", server_, StatusText(status),
                     said);
  }

  Status Answered(const HttpResult& result, PartOf& part) {
    if (const Expected<Json> body = ParseJson(result.body, "the answer")) {
      const auto error = FindServerError(*body, redactor_);
      if (error && !(error->code.empty() && error->type.empty()) && !body->contains("data")) {
        return Refused(result, *error, part);
      }
    }
    Expected<std::vector<Vector>> vectors = ParseEmbeddings(result.body, part.texts.size());
    if (vectors) {
      part.vectors = std::move(*vectors);
      part.state = PartOf::State::kDone;
    } else if (vectors.error().kind == ErrorKind::kIo && part.attempts < kBrokenAttempts) {
      TryAgain(vectors.error().message, 0, part);
    } else if (KindOf(result.body, result.content_type) >= BodyKind::kHtml) {
      return MakeError(ErrorKind::kMissing, "{}: answers with {} where embeddings were asked for",
                       server_, DescribeBody(result.body, result.content_type, redactor_));
    } else {
      return MakeError(vectors.error().kind, "{}: {}", server_, vectors.error().message);
    }
    return {};
  }

  EmbeddingOptions options_;
  std::string server_, key_source_;
  Redactor redactor_{""};
  std::unique_ptr<HttpPool> http_;
  Random jitter_;
};

}  // namespace

Expected<std::unique_ptr<text::Embedder>> OpenEmbeddingEndpoint(const EmbeddingOptions& options) {
  MORES_CHECK(options.in_flight > 0 && options.attempt_seconds > 0 && options.deadline_seconds > 0);
  auto endpoint = std::make_unique<EmbeddingEndpoint>(options);
  MORES_RETURN_IF_ERROR(endpoint->Open());
  return std::unique_ptr<text::Embedder>(std::move(endpoint));
}

}  // namespace mores::chat
