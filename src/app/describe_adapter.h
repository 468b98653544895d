// What an adapter is, from its files alone.
#ifndef MORES_APP_DESCRIBE_ADAPTER_H_
#define MORES_APP_DESCRIBE_ADAPTER_H_

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::app {

// {"path", "kind", "ranks", "alpha", "products", "modules", "parameters", "bytes", "dtypes",
// "base"} of an adapter's folder or GGUF file. `ranks` are those that there are, `products` how
// many are changed, `modules` the last parts of their names; `base` and `alpha` are null where none
// is said.
Expected<Json> DescribeAdapter(const std::string& path);

}  // namespace mores::app

#endif  // MORES_APP_DESCRIBE_ADAPTER_H_
