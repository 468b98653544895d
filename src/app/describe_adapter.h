// What an adapter is, from its files alone.
#ifndef MORES_APP_DESCRIBE_ADAPTER_H_
#define MORES_APP_DESCRIBE_ADAPTER_H_

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::app {

// {"adapter": true, "directory", "kind", "ranks", "alpha", "places", "modules", "parameters",
// "weight_bytes", "dtypes", "base", "base_directory", "judge_profile"} of an adapter's folder or
// GGUF file. `ranks` are those that there are; `modules` the last parts of the names of what is
// changed; `base` and `alpha` as the files say them, or null; `base_directory` where that base
// lies, which the adapter is then checked against, or null.
Expected<Json> DescribeAdapter(const std::string& path);

}  // namespace mores::app

#endif  // MORES_APP_DESCRIBE_ADAPTER_H_
