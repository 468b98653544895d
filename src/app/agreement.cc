#include "app/agreement.h"

#include <set>
#include <utility>
#include <vector>

#include "app/run.h"
#include "base/files.h"
#include "job/document.h"
#include "job/job.h"
#include "meta/evaluation.h"
#include "meta/summary.h"

namespace mores::app {
namespace {

struct Measurements {
  std::string path;
  std::vector<meta::Evaluation> evaluations;
  size_t failed = 0;
};

Expected<Measurements> ReadMeasurements(const std::string& path) {
  Measurements read{.path = path};
  MORES_ASSIGN_OR_RETURN(read.evaluations, meta::ReadEvaluations(path, &read.failed));
  return read;
}

Expected<Json> DescribeMeasurements(const Measurements& side) {
  std::set<std::string> judges;
  for (const meta::Evaluation& evaluation : side.evaluations) judges.insert(evaluation.judge);
  MORES_ASSIGN_OR_RETURN(Json source, job::DescribeInput(side.path));
  source["judges"] = judges;
  source["critiques"] = side.evaluations.size();
  source["failed"] = side.failed;
  return source;
}

}  // namespace

Expected<AgreementResult> MeasureAgreement(const AgreementJob& options) {
  MORES_RETURN_IF_ERROR(
      CheckWritten(std::vector{options.humans, options.rulings}, WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.output, "mores-agreement"));
  MORES_ASSIGN_OR_RETURN(const Measurements measured, ReadMeasurements(options.rulings));
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::HumanRater> raters,
                         meta::ReadHumanRulings(options.humans, measured.evaluations));
  AgreementResult result{
      .report = meta::AssessAgreement(measured.evaluations, raters, {.seed = options.seed}),
      .failed = measured.failed};
  if (!options.output.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.output, DumpJson(meta::ToJson(result.report)) + "\n"));
  }
  return result;
}

Expected<Json> CompareMeasurements(const MeasurementsJob& options) {
  MORES_RETURN_IF_ERROR(
      CheckWritten(std::vector{options.first, options.second}, WrittenFile{options.output}));
  MORES_RETURN_IF_ERROR(job::CheckDocument(options.output, "mores-meta-comparison"));
  MORES_ASSIGN_OR_RETURN(const Measurements first, ReadMeasurements(options.first));
  MORES_ASSIGN_OR_RETURN(const Measurements second, ReadMeasurements(options.second));
  const auto pairs = meta::PairEvaluations(first.evaluations, second.evaluations);
  if (!pairs) {
    return MakeError(pairs.error().kind, "{} and {}: {}", options.first, options.second,
                     pairs.error().message);
  }
  Json comparison = meta::Compare(*pairs, {.seed = options.seed});
  MORES_ASSIGN_OR_RETURN(comparison["sources"]["first"], DescribeMeasurements(first));
  MORES_ASSIGN_OR_RETURN(comparison["sources"]["second"], DescribeMeasurements(second));
  if (!options.output.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(options.output, DumpJson(comparison) + "\n"));
  }
  return comparison;
}

}  // namespace mores::app
