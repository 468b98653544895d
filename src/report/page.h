// One self-contained HTML page: data as an escaped JSON block, drawn by a script that only ever
// sets text, under a policy that forbids the network and every other script.
#ifndef MORES_REPORT_PAGE_H_
#define MORES_REPORT_PAGE_H_

#include <string>
#include <string_view>

#include "base/json.h"
#include "report/compare.h"
#include "report/report.h"

namespace mores::report {

enum class PageContent {
  kWithText,  // dialogues are in the page, hidden until asked for where they may be harmful
  kNoText,    // ids, labels, probabilities and critiques only
};

std::string RenderReportPage(const Report& report, PageContent content);
std::string RenderComparePage(const Comparison& comparison, PageContent content);
// Of `mores meta` (docs/formats/meta.md): its summary, and a list of its output's lines.
std::string RenderMetaPage(const Json& summary, const Json& lines, PageContent content);

// JSON that can't end a script element, start a comment in one, or reorder the page's source: "<",
// ">", "&", U+2028, U+2029, and invisible and direction-changing characters become \uXXXX.
std::string EscapeForScript(std::string_view json);

}  // namespace mores::report

#endif  // MORES_REPORT_PAGE_H_
