#include <algorithm>
#include <cmath>
#include <filesystem>
#include <mutex>

#include "base/files.h"
#include "base/threads.h"
#include "model/adapter/adapter.h"
#include "model/adapter/merge_rows.h"
#include "model/gguf/gguf_source.h"

namespace mores::model {

using tensor::TensorView;

Expected<TensorView> StoredWeightOf(const AdapterPart& part, const ModelSource& base) {
  const AdapterPlace& place = part.place;
  return base.Find({.name = place.module + ".weight", .shape = {place.out, place.in}});
}

void AddChange(const LowRankChange& change, int64_t out, std::span<float> row,
               std::span<float> scratch) {
  const size_t columns = row.size();
  float* const sum = scratch.data();
  std::fill(scratch.begin(), scratch.end(), 0.0f);
  for (int64_t r = 0; r < change.rank; ++r) {
    const float factor = change.b[out * change.rank + r];
    const float* const from = change.a + r * static_cast<int64_t>(columns);
    for (size_t column = 0; column < columns; ++column) sum[column] += factor * from[column];
  }
  float* const to = row.data();
  for (size_t column = 0; column < columns; ++column) to[column] += change.scale * sum[column];
}

float RowNorm(std::span<const float> row) {
  // Lanes of their own, so that the additions run side by side; added in order.
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {};
  const size_t whole = row.size() / kLanes * kLanes;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const double x = row[i + lane];
      lanes[lane] += x * x;
    }
  }
  for (size_t i = whole; i < row.size(); ++i) {
    const double x = row[i];
    lanes[i - whole] += x * x;
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return static_cast<float>(std::sqrt(sum));
}

float DoraFactor(float magnitude, float norm) { return norm == 0 ? 0 : magnitude / norm; }

namespace {

class AdapterMergedSource : public ModelSource {
 public:
  AdapterMergedSource(std::unique_ptr<const ModelSource> base,
                      std::unique_ptr<const Adapter> adapter)
      : ModelSource(base->path(), base->config()),
        base_(std::move(base)),
        adapter_(std::move(adapter)),
        texts_(AdaptedTexts(*base_, *adapter_)) {}

  Expected<TensorView> Find(const WeightShape& weight) const override {
    if (!Changes(weight.name)) return base_->Find(weight);
    MORES_RETURN_IF_ERROR(base_->Find(weight));
    return FindAny(weight.name);
  }
  Expected<TensorView> FindAny(const std::string& name) const override;
  std::vector<std::string> TensorNames() const override { return base_->TensorNames(); }
  void Release(const std::string& name) const override { base_->Release(name); }
  Expected<TensorView> FindStored(const std::string& name) const override {
    return base_->FindStored(name);
  }
  bool Changes(const std::string& name) const override { return PartOf(name) != nullptr; }
  const ModelSource& Container() const override { return base_->Container(); }

  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override {
    return base_->LoadTokenizer();
  }
  Expected<std::optional<int32_t>> TokenCount() const override { return base_->TokenCount(); }
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override {
    return texts_.chat_template;
  }
  Expected<std::map<std::string, std::string>> SpecialTokens() const override {
    return base_->SpecialTokens();
  }
  Expected<std::optional<tensor::DType>> CheckpointDType() const override {
    return base_->CheckpointDType();
  }
  Expected<std::optional<text::NamedText>> JudgeJson() const override { return texts_.judge; }
  Expected<std::optional<text::NamedText>> AboutJson() const override { return texts_.about; }
  std::string Folder() const override { return texts_.folder; }
  text::ModelTexts Texts() const override { return texts_; }
  Expected<Json> ConfigJson() const override { return base_->ConfigJson(); }
  Expected<std::map<std::string, std::string>> OtherFiles() const override;
  Expected<std::vector<HashedFile>> HashFiles() const override {
    return HashFilesOf(*base_, *adapter_);
  }
  std::string Stem() const override;

 private:
  const AdapterPart* PartOf(const std::string& name) const {
    constexpr std::string_view kWeight = ".weight";
    if (!name.ends_with(kWeight)) return nullptr;
    return adapter_->Find(name.substr(0, name.size() - kWeight.size()));
  }

  std::unique_ptr<const ModelSource> base_;
  std::unique_ptr<const Adapter> adapter_;
  text::ModelTexts texts_;
  // One tensor is merged at a time, by all processors.
  mutable std::mutex merging_;
  mutable std::unique_ptr<ThreadPool> pool_;
};

Expected<TensorView> AdapterMergedSource::FindAny(const std::string& name) const {
  MORES_ASSIGN_OR_RETURN(const TensorView view, base_->FindAny(name));
  const AdapterPart* const part = PartOf(name);
  if (part == nullptr) return view;
  const int64_t rows = part->place.out, columns = part->place.in;
  const auto values = std::make_shared<std::vector<float>>(static_cast<size_t>(rows * columns));
  constexpr int64_t kElementsATask = int64_t{1} << 15;
  const int64_t rows_a_task = std::max<int64_t>(kElementsATask / columns, 1);
  const std::lock_guard lock(merging_);
  if (!pool_) pool_ = std::make_unique<ThreadPool>(0);
  pool_->ParallelFor((rows + rows_a_task - 1) / rows_a_task, [&](int64_t task) {
    std::vector<float> scratch(static_cast<size_t>(columns));
    const int64_t first = task * rows_a_task, end = std::min(first + rows_a_task, rows);
    for (int64_t out = first; out < end; ++out) {
      const std::span<float> row(values->data() + out * columns, static_cast<size_t>(columns));
      view.Copy(out * columns, columns, row.data());
      AddChange(LowRankChange::Of(*part), out, row, scratch);
      if (part->magnitude.empty()) continue;
      const float factor = DoraFactor(part->magnitude[static_cast<size_t>(out)], RowNorm(row));
      for (float& value : row) value *= factor;
    }
  });
  return TensorView{.dtype = tensor::DType::kF32,
                    .shape = view.shape,
                    .bytes = {reinterpret_cast<const char*>(values->data()), values->size() * 4},
                    .owner = values};
}

Expected<std::map<std::string, std::string>> AdapterMergedSource::OtherFiles() const {
  MORES_ASSIGN_OR_RETURN(auto files, base_->OtherFiles());
  MORES_ASSIGN_OR_RETURN(auto own, AskingFiles(*base_, *adapter_));
  for (auto& [name, text] : own) files[name] = std::move(text);
  return files;
}

std::string AdapterMergedSource::Stem() const {
  const std::string& path = adapter_->path;
  if (!DirectoryExists(path)) return fmt::format("{}+{}", base_->Stem(), GgufStem(path));
  const std::filesystem::path folder = std::filesystem::path(path + "/").lexically_normal();
  return fmt::format("{}+{}", base_->Stem(), folder.parent_path().filename().string());
}

}  // namespace

Expected<std::vector<float>> DoraFactors(const AdapterPart& part, const ModelSource& base) {
  MORES_ASSIGN_OR_RETURN(const TensorView weight, StoredWeightOf(part, base));
  const int64_t columns = part.place.in;
  std::vector<float> factors(static_cast<size_t>(part.place.out));
  std::vector<float> row(static_cast<size_t>(columns)), scratch(row.size());
  for (int64_t out = 0; out < part.place.out; ++out) {
    const auto at = static_cast<size_t>(out);
    weight.Copy(out * columns, columns, row.data());
    AddChange(LowRankChange::Of(part), out, row, scratch);
    factors[at] = DoraFactor(part.magnitude[at], RowNorm(row));
  }
  return factors;
}

Expected<std::unique_ptr<const ModelSource>> MergedSource(std::unique_ptr<const ModelSource> base,
                                                          std::unique_ptr<const Adapter> adapter) {
  return std::make_unique<const AdapterMergedSource>(std::move(base), std::move(adapter));
}

}  // namespace mores::model
