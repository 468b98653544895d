// What a model goes by that is computed with an adapter.
#ifndef MORES_MODEL_ADAPTER_ADAPTER_NAME_H_
#define MORES_MODEL_ADAPTER_ADAPTER_NAME_H_

#include <string>

#include "base/error.h"
#include "model/adapter/adapter.h"
#include "model/model_source.h"

namespace mores::model {

// "BASE+ADAPTER@HASH12", with the files of both in the hash.
Expected<std::string> NameWith(const ModelSource& base, const Adapter& adapter);
// "ADAPTER@HASH12" of the adapter's own files.
std::string NameOf(const Adapter& adapter);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_ADAPTER_NAME_H_
