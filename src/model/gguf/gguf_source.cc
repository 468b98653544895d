#include "model/gguf/gguf_source.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/indented_json.h"
#include "base/known_sums.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_tokenizer_keys.h"

namespace mores::model {
namespace {

namespace fs = std::filesystem;
using tensor::DType;
using tensor::GgufFile;
using tensor::TensorView;

std::string GgufShape(const std::vector<int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

// "x-00002-of-00003" without what is behind the x; others whole.
std::string_view WithoutPart(std::string_view stem) {
  constexpr std::string_view kPart = "-00000-of-00000";
  if (stem.size() <= kPart.size()) return stem;
  const std::string_view end = stem.substr(stem.size() - kPart.size());
  const bool part = std::equal(end.begin(), end.end(), kPart.begin(), [](char a, char b) {
    return b == '0' ? a >= '0' && a <= '9' : a == b;
  });
  return part ? stem.substr(0, stem.size() - kPart.size()) : stem;
}

int64_t Columns(const TensorView& view) { return view.shape.size() > 1 ? view.shape[1] : 1; }

// The rows of the parts where the checkpoint has them.
TensorView JoinRows(const std::vector<std::pair<const GgufTensor*, TensorView>>& parts,
                    const ModelConfig& config) {
  DType dtype = parts.front().second.dtype;
  int64_t rows = 0;
  for (const auto& [tensor, view] : parts) {
    rows += view.shape.front();
    if (view.dtype != dtype) dtype = DType::kF32;
  }
  const int64_t columns = Columns(parts.front().second);
  // A vector may be stored in blocks, each of several rows.
  if (columns % tensor::BlockElements(dtype) != 0) dtype = DType::kF32;
  const int64_t row_bytes = tensor::BytesOf(dtype, columns);
  const auto moved = std::make_shared<std::vector<char>>(static_cast<size_t>(rows * row_bytes));
  std::vector<float> row(static_cast<size_t>(columns));
  for (const auto& [tensor, view] : parts) {
    const std::vector<int64_t> to = CheckpointRows(*tensor, config);
    for (size_t i = 0; i < to.size(); ++i) {
      const char* from = view.bytes.data() + static_cast<int64_t>(i) * row_bytes;
      if (view.dtype != dtype) {
        view.Copy(static_cast<int64_t>(i) * columns, columns, row.data());
        from = reinterpret_cast<const char*>(row.data());
      }
      std::memcpy(moved->data() + to[i] * row_bytes, from, static_cast<size_t>(row_bytes));
    }
  }
  TensorView joined = parts.front().second;
  joined.dtype = dtype;
  joined.shape[0] = rows;
  joined.bytes = {moved->data(), moved->size()};
  joined.owner = moved;
  return joined;
}

bool HasTokenizer(const text::GgufTokenizer& keys) {
  return !keys.tokens.empty() || !keys.huggingface_json.empty() || !keys.sentencepiece.empty();
}

}  // namespace

std::string GgufStem(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  if (name.ends_with(".gguf")) name.resize(name.size() - std::strlen(".gguf"));
  return std::string(WithoutPart(name));
}

GgufSource::GgufSource(const std::string& path, ModelConfig config, std::unique_ptr<GgufFile> file)
    : ModelSource(path, std::move(config)), file_(std::move(file)) {
  for (GgufTensor& tensor : GgufTensors(this->config())) {
    parts_[tensor.checkpoint].push_back(std::move(tensor));
  }
}

Expected<std::unique_ptr<const GgufSource>> GgufSource::Open(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(std::unique_ptr<GgufFile> file, GgufFile::Open(path));
  MORES_ASSIGN_OR_RETURN(const text::GgufTokenizer tokenizer, TokenizerKeys(file->keys()));
  MORES_ASSIGN_OR_RETURN(ModelConfig config,
                         ReadGgufConfig(file->keys(), file->tensors(), tokenizer));
  std::unique_ptr<const GgufSource> source(
      new GgufSource(path, std::move(config), std::move(file)));
  MORES_RETURN_IF_ERROR(source->CheckTensors());
  return source;
}

Status GgufSource::CheckTensors() const {
  const auto& stored = file_->tensors();
  size_t known = stored.contains(std::string(kRopeDivisors)) ? 1 : 0;
  std::set<std::string_view> names = {kRopeDivisors};
  for (const auto& [checkpoint, parts] : parts_) {
    for (const GgufTensor& part : parts) {
      const auto at = stored.find(part.name);
      if (at == stored.end()) {
        return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", path(), part.name);
      }
      if (at->second.shape != part.shape) {
        return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is {}, not {}", path(), part.name,
                         GgufShape(at->second.shape), GgufShape(part.shape));
      }
      names.insert(part.name);
      ++known;
    }
  }
  if (known == stored.size()) return {};
  for (const auto& [name, view] : stored) {
    if (names.contains(name)) continue;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tensor '{}' has no place in a model of this architecture", path(), name);
  }
  return {};
}

Expected<TensorView> GgufSource::Find(const WeightShape& weight) const {
  MORES_ASSIGN_OR_RETURN(TensorView view, FindAny(weight.name));
  if (view.shape == weight.shape) return view;
  return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is {}, not {}", path(), weight.name,
                   GgufShape(view.shape), GgufShape(weight.shape));
}

Expected<TensorView> GgufSource::FindAny(const std::string& name) const {
  const auto at = parts_.find(name);
  if (at == parts_.end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}'", path(), name);
  }
  std::vector<std::pair<const GgufTensor*, TensorView>> parts;
  for (const GgufTensor& part : at->second) {
    parts.emplace_back(&part, file_->tensors().at(part.name));
  }
  if (parts.size() == 1 && parts[0].first->rows == GgufRows::kAll) return parts[0].second;
  return JoinRows(parts, config());
}

std::vector<std::string> GgufSource::TensorNames() const {
  std::vector<std::string> names;
  for (const auto& entry : parts_) names.push_back(entry.first);
  return names;
}

void GgufSource::Release(const std::string& name) const {
  const auto at = parts_.find(name);
  if (at == parts_.end()) return;
  for (const GgufTensor& part : at->second) file_->Release(file_->tensors().at(part.name));
}

Expected<std::unique_ptr<text::Tokenizer>> GgufSource::LoadTokenizer() const {
  MORES_ASSIGN_OR_RETURN(const text::GgufTokenizer keys, TokenizerKeys(file_->keys()));
  if (!HasTokenizer(keys)) {
    return MakeError(ErrorKind::kMissing, "{}: has no tokenizer", path());
  }
  return text::MakeTokenizer(keys, path());
}

Expected<std::optional<int32_t>> GgufSource::TokenCount() const {
  MORES_ASSIGN_OR_RETURN(const text::GgufTokenizer keys, TokenizerKeys(file_->keys()));
  if (keys.tokens.empty()) return ModelSource::TokenCount();
  return text::TokenCount(keys);
}

std::optional<std::string> GgufSource::OwnNeighbour(const std::string& name) const {
  return Neighbour(GgufStem(path()) + "." + name);
}

std::optional<std::string> GgufSource::Neighbour(const std::string& name) const {
  std::string file = (fs::path(Folder()) / name).string();
  if (!FileExists(file)) return std::nullopt;
  return file;
}

Expected<std::optional<text::ChatTemplateText>> GgufSource::ChatTemplate() const {
  constexpr const char* kFile = "chat_template.jinja";
  if (const auto own = OwnNeighbour(kFile)) return text::ReadChatTemplate(*own);
  for (const std::string& key :
       {std::string(kTemplateKey), std::string(kTemplateKey) + ".default"}) {
    MORES_ASSIGN_OR_RETURN(const auto source, file_->keys().String(key));
    if (!source) continue;
    const std::string where = fmt::format("{}: {}", path(), key);
    MORES_RETURN_IF_ERROR(text::CheckChatTemplateSize(source->size(), where));
    MORES_ASSIGN_OR_RETURN(KeptConfig config, TokenizerConfig());
    const bool of_config = config.chat_template == *source;
    return text::ChatTemplateText{
        .source = std::string(*source),
        .where = where,
        .file = of_config ? std::move(config.bytes) : std::string(*source)};
  }
  if (const auto beside = Neighbour(kFile)) return text::ReadChatTemplate(*beside);
  return std::nullopt;
}

Expected<GgufSource::KeptConfig> GgufSource::TokenizerConfig() const {
  MORES_ASSIGN_OR_RETURN(const auto config, file_->keys().String(kTokenizerConfigKey));
  KeptConfig kept;
  if (!config) return kept;
  kept.bytes = *config;
  MORES_ASSIGN_OR_RETURN(const auto text,
                         text::ParseChatTemplateConfig(
                             kept.bytes, fmt::format("{}: {}", path(), kTokenizerConfigKey)));
  if (text) kept.chat_template = text->source;
  return kept;
}

Expected<std::map<std::string, std::string>> GgufSource::SpecialTokens() const {
  MORES_ASSIGN_OR_RETURN(const text::GgufTokenizer keys, TokenizerKeys(file_->keys()));
  return text::SpecialTokensOf(keys);
}

Expected<std::optional<text::NamedText>> GgufSource::TextOf(const std::string& name,
                                                            std::string_view key) const {
  const std::string own = GgufStem(path()) + "." + name;
  if (OwnNeighbour(name)) return text::ReadTextIn(Folder(), own);
  MORES_ASSIGN_OR_RETURN(const auto inside, file_->keys().String(key));
  if (!inside) return text::ReadTextIn(Folder(), name);
  return text::NamedText{std::string(*inside), fmt::format("{}: {}", path(), key)};
}

Expected<std::optional<text::NamedText>> GgufSource::JudgeJson() const {
  return TextOf(text::kJudgeFile, kJudgeKey);
}

Expected<std::optional<text::NamedText>> GgufSource::AboutJson() const {
  return TextOf(text::kAboutFile, kAboutKey);
}

Expected<std::optional<DType>> GgufSource::CheckpointDType() const {
  MORES_ASSIGN_OR_RETURN(const auto name, file_->keys().String(kCheckpointDTypeKey));
  if (!name) return std::nullopt;
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBf16}) {
    if (tensor::Name(dtype) == *name) return dtype;
  }
  return MakeError(ErrorKind::kCorrupt, "{}: {}: f32, f16 or bf16 is wanted", path(),
                   kCheckpointDTypeKey);
}

std::string GgufSource::Folder() const {
  const std::string folder = fs::path(path()).parent_path().string();
  return folder.empty() ? "." : folder;
}

Expected<Json> GgufSource::ConfigJson() const {
  MORES_RETURN_IF_ERROR(RequireWritable(config(), path()));
  const DType dtype = file_->tensors().at("token_embd.weight").dtype;
  return ToJson(config(), TorchName(dtype));
}

Status GgufSource::PutTemplate(std::map<std::string, std::string>& files) const {
  MORES_ASSIGN_OR_RETURN(const auto chat_template, ChatTemplate());
  constexpr const char* kConfigFile = "tokenizer_config.json";
  constexpr const char* kTemplateFile = "chat_template.jinja";
  MORES_ASSIGN_OR_RETURN(KeptConfig kept, TokenizerConfig());
  const bool same = kept.chat_template.has_value() == chat_template.has_value() &&
                    (!chat_template || chat_template->source == *kept.chat_template);
  if (!kept.bytes.empty() && (same || !kept.chat_template)) {
    files[kConfigFile] = std::move(kept.bytes);
    if (!same) files[kTemplateFile] = chat_template->source;
    return {};
  }
  if (!chat_template) return {};
  Json list = Json::array({{{"name", "default"}, {"template", chat_template->source}}});
  const std::string prefix = std::string(kTemplateKey) + ".";
  const auto& all = file_->keys().values();
  for (auto at = all.lower_bound(prefix); at != all.end() && at->first.starts_with(prefix); ++at) {
    const std::string name = at->first.substr(prefix.size());
    const auto* source = std::get_if<std::string_view>(&at->second);
    if (name == "default" || source == nullptr) continue;
    MORES_RETURN_IF_ERROR(
        text::CheckChatTemplateSize(source->size(), fmt::format("{}: {}", path(), at->first)));
    list.push_back({{"name", name}, {"template", std::string(*source)}});
  }
  if (list.size() == 1) {
    files[kTemplateFile] = chat_template->source;
    return {};
  }
  Json config = Json::object();
  if (files.contains(kConfigFile)) {
    MORES_ASSIGN_OR_RETURN(config, ParseJson(files[kConfigFile], path() + ": " + kConfigFile));
  }
  config["chat_template"] = std::move(list);
  files[kConfigFile] = IndentedJson(config);
  return {};
}

Expected<std::map<std::string, std::string>> GgufSource::OtherFiles() const {
  MORES_ASSIGN_OR_RETURN(const text::GgufTokenizer keys, TokenizerKeys(file_->keys()));
  std::map<std::string, std::string> files;
  if (HasTokenizer(keys)) {
    MORES_ASSIGN_OR_RETURN(files, text::TokenizerFilesOf(keys, path()));
  }
  MORES_RETURN_IF_ERROR(PutTemplate(files));
  MORES_ASSIGN_OR_RETURN(const auto judge, JudgeJson());
  if (judge) files[text::kJudgeFile] = judge->text;
  MORES_ASSIGN_OR_RETURN(const auto about, AboutJson());
  if (about) files[text::kAboutFile] = about->text;
  return files;
}

Expected<std::vector<ModelSource::HashedFile>> GgufSource::HashFiles() const {
  std::vector<HashedFile> files;
  // By what they are, not by their names: the same bytes are the same model.
  const auto add = [&](std::string what, const std::string& file) -> Status {
    MORES_ASSIGN_OR_RETURN(std::string sha256, KnownSha256HexOfFile(file));
    files.push_back({std::move(what), std::move(sha256)});
    return {};
  };
  for (size_t i = 0; i < file_->paths().size(); ++i) {
    MORES_RETURN_IF_ERROR(add(fmt::format("gguf {}", i + 1), file_->paths()[i]));
  }
  MORES_ASSIGN_OR_RETURN(const auto judge, JudgeJson());
  if (judge && FileExists(judge->where)) {
    MORES_RETURN_IF_ERROR(add(text::kJudgeFile, judge->where));
  }
  std::sort(files.begin(), files.end(),
            [](const HashedFile& a, const HashedFile& b) { return a.name < b.name; });
  return files;
}

Expected<std::optional<std::string>> FindGgufIn(const std::string& directory) {
  // By stem, the first file of each.
  std::map<std::string, std::string> models;
  std::error_code error, ignored;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.ends_with(".gguf") || !at->is_regular_file(ignored)) continue;
    std::string& first = models[GgufStem(name)];
    if (first.empty() || name < first) first = name;
  }
  if (error) return MakeError(ErrorKind::kIo, "{}: {}", directory, error.message());
  if (models.empty()) return std::nullopt;
  // What goes with a model, such as an adapter, is none.
  for (auto at = models.begin(); models.size() > 1 && at != models.end();) {
    const auto file = GgufFile::Open(directory + "/" + at->second);
    const auto type = file ? (*file)->keys().String("general.type") : std::nullopt;
    const bool model = !file || !type || !*type || **type == "model";
    at = model ? std::next(at) : models.erase(at);
  }
  if (models.size() == 1) return directory + "/" + models.begin()->second;
  std::vector<std::string> names;
  constexpr size_t kMostNames = 5;
  for (const auto& entry : models) {
    if (names.size() == kMostNames) {
      names.push_back(fmt::format("and {} more", models.size() - kMostNames));
      break;
    }
    names.push_back(entry.second);
  }
  return MakeError(ErrorKind::kUsage, "{}: holds several models; name one of: {}", directory,
                   fmt::join(names, ", "));
}

}  // namespace mores::model
