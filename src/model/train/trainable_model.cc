#include "model/train/trainable_model.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/random.h"
#include "model/train/trainable_impl.h"
#include "model/weights.h"

namespace mores::model {

using tensor::DType;

namespace {

// The one table of rotary positions serves all layers.
Status RequireOneRotation(const ModelConfig& config, std::string_view where) {
  for (int layer = 1; layer < config.layers; ++layer) {
    if (config.layer(layer).rope == config.layer(0).rope) continue;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: training with rotations that differ by layer is not supported", where);
  }
  return {};
}

// Whether a residual branch ends with this tensor.
bool EndsBranch(const std::string& name, const ModelConfig& config) {
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    if (name == names.output + ".weight" || name == names.down + ".weight") return true;
  }
  return false;
}

}  // namespace

LongestSequence LongestTrainable(const ModelConfig& config) {
  LongestSequence longest{.positions = config.context_length};
  for (int layer = 0; layer < config.layers; ++layer) {
    const RopeConfig& rope = config.layer(layer).rope;
    if (rope.Bound(longest.positions) > 0) {
      longest = {.positions = static_cast<int>(rope.scaling.trained_context),
                 .limit = "dynamic rotary scaling"};
    }
    const int window = config.layer(layer).window;
    if (window > 0 && window < longest.positions) {
      longest = {.positions = window, .limit = "sliding windows"};
    }
  }
  return longest;
}

TrainableModel::TrainableModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrainableModel::~TrainableModel() = default;

std::unique_ptr<TrainableModel> TrainableModel::Random(const ModelConfig& config, uint64_t seed,
                                                       ThreadPool& pool) {
  MORES_CHECK(RequireComputable(config, "the model"));
  MORES_CHECK(RequireOneRotation(config, "the model"));
  auto impl = std::make_unique<Impl>(config, pool);
  impl->MakeFull();
  uint64_t stream = 0;
  for (Parameter& parameter : impl->parameters) {
    ++stream;
    if (parameter.shape.size() == 1) {
      const bool norm = parameter.name.ends_with("norm.weight");
      std::fill(parameter.value.begin(), parameter.value.end(), norm ? 1.0f : 0.0f);
      continue;
    }
    const bool residual = EndsBranch(parameter.name, config);
    const double deviation = residual ? 0.02 / std::sqrt(2.0 * config.layers) : 0.02;
    mores::Random random(seed, stream);
    for (float& value : parameter.value) value = static_cast<float>(random.Normal() * deviation);
  }
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Load(const ModelSource& source,
                                                               ThreadPool& pool) {
  const ModelConfig& config = source.config();
  MORES_RETURN_IF_ERROR(RequireComputable(config, source.path()));
  MORES_RETURN_IF_ERROR(RequireOneRotation(config, source.path()));
  auto impl = std::make_unique<Impl>(config, pool);
  impl->MakeFull();
  for (Parameter& parameter : impl->parameters) {
    MORES_ASSIGN_OR_RETURN(parameter.value, source.Read({parameter.name, parameter.shape}));
  }
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Load(const std::string& path,
                                                               ThreadPool& pool) {
  MORES_ASSIGN_OR_RETURN(const auto source, OpenModel(path));
  return Load(*source, pool);
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Adapt(
    std::shared_ptr<const ModelSource> base, const Adapter& adapter, ThreadPool& pool) {
  const ModelConfig& config = base->config();
  MORES_RETURN_IF_ERROR(RequireComputable(config, base->path()));
  MORES_RETURN_IF_ERROR(RequireOneRotation(config, base->path()));
  auto impl = std::make_unique<Impl>(config, pool);
  MORES_RETURN_IF_ERROR(impl->MakeAdapted(std::move(base), adapter));
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

const ModelConfig& TrainableModel::config() const { return impl_->config; }
const LongestSequence& TrainableModel::longest_sequence() const { return impl_->longest; }
std::vector<Parameter>& TrainableModel::parameters() { return impl_->parameters; }
void TrainableModel::ParametersChanged() { impl_->prepared = false; }

void TrainableModel::ZeroGradients() {
  impl_->pool.ParallelFor(static_cast<int64_t>(impl_->parameters.size()), [&](int64_t i) {
    std::vector<float>& gradient = impl_->parameters[static_cast<size_t>(i)].gradient;
    std::fill(gradient.begin(), gradient.end(), 0.0f);
  });
}

Adapter TrainableModel::CurrentAdapter() const {
  Adapter adapter = impl_->adapter;
  const auto value = [&](const std::string& name) {
    return impl_->parameters[impl_->parameter_of.at(name)].value;
  };
  for (auto& [module, part] : adapter.parts) {
    part.a = value(module + ".lora_A.weight");
    part.b = value(module + ".lora_B.weight");
    if (!part.magnitude.empty()) part.magnitude = value(module + ".lora_magnitude_vector");
  }
  return adapter;
}

Status TrainableModel::Save(const std::string& directory, DType dtype) const {
  MORES_CHECK(dtype == DType::kF32 || dtype == DType::kBf16);
  MORES_RETURN_IF_ERROR(MakeDirectories(directory));
  MORES_RETURN_IF_ERROR(RequireWritable(impl_->config, directory));
  const Json config = ToJson(impl_->config, TorchName(dtype));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/config.json", config.dump(2) + "\n"));
  std::vector<tensor::TensorToWrite> tensors;
  for (const Parameter& parameter : impl_->parameters) {
    tensors.push_back({parameter.name, parameter.shape, parameter.value.data(), dtype});
  }
  return tensor::WriteSafetensors(directory + "/model.safetensors", tensors);
}

}  // namespace mores::model
