// Stored verdicts measured, without judging again.
#ifndef MORES_APP_REPORT_H_
#define MORES_APP_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "app/run.h"
#include "base/error.h"
#include "report/page.h"
#include "report/report.h"

namespace mores::app {

// Files; each may be empty. Baselines are trained, and then may be saved, or they are loaded.
struct BaselineFiles {
  std::string train, save, load;
};

// Where the figures of stored verdicts go; each may be empty.
struct FigureFiles {
  std::string page, summary;
  std::string csv, verdicts_csv;  // the table, and the verdicts, for spreadsheets
  report::PageContent content = report::PageContent::kWithText;  // of the page and of verdicts_csv
};

struct ReportJob {
  std::vector<std::string> verdicts, labels;  // as report::CollectOptions'
  report::Thresholds thresholds;              // in place of the verdicts' own
  BaselineFiles baselines;
  // Whose guidelines' texts are told beside their ids. "": what MORES_GUIDELINES names, if it does.
  std::string database;
  std::string pairs;  // the field that names the content of a verdict; empty: no pairs
  FigureFiles files;
  uint64_t seed = 1;  // of the resampling
};

// kUsage where the files of baselines don't go together.
Expected<report::Report> ReportVerdicts(const ReportJob& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_REPORT_H_
