#include "model/adapter/adapter_name.h"

#include <vector>

namespace mores::model {

Expected<std::string> NameWith(const ModelSource& base, const Adapter& adapter) {
  MORES_ASSIGN_OR_RETURN(const std::vector<ModelSource::HashedFile> files,
                         HashFilesOf(base, adapter));
  return ModelSource::NameOf(fmt::format("{}+{}", base.Stem(), ModelSource::StemOf(adapter.path)),
                             files);
}

std::string NameOf(const Adapter& adapter) {
  return ModelSource::NameOf(ModelSource::StemOf(adapter.path), adapter.files);
}

}  // namespace mores::model
