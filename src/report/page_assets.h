// The files of src/report/page, put into the program by cmake/EmbedFiles.cmake.
#ifndef MORES_REPORT_PAGE_ASSETS_H_
#define MORES_REPORT_PAGE_ASSETS_H_

#include <string_view>

namespace mores::report {

extern const std::string_view kPageTemplate;         // page.html
extern const std::string_view kPageStyle;            // page.css
extern const std::string_view kStringsScript;        // strings.js
extern const std::string_view kFigureStringsScript;  // strings_figures.js
extern const std::string_view kCommonScript;         // common.js
extern const std::string_view kItemsScript;          // items.js
extern const std::string_view kFiguresScript;        // figures.js
extern const std::string_view kReportScript;         // report.js
extern const std::string_view kCompareScript;        // compare.js
extern const std::string_view kMetaScript;           // meta.js

}  // namespace mores::report

#endif  // MORES_REPORT_PAGE_ASSETS_H_
