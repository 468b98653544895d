#include "model/gguf/gguf_written_keys.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>
#include <variant>

#include "base/files.h"
#include "model/gguf/gguf_tokenizer_keys.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::model {
namespace {

using tensor::GgufWrittenValue;

constexpr std::string_view kFileTypeKey = "general.file_type";
void PutKey(GgufWrittenKeys& keys, std::string_view name, GgufWrittenValue value) {
  const auto at = std::find_if(keys.begin(), keys.end(),
                               [&](const auto& entry) { return entry.first == name; });
  if (at == keys.end()) {
    keys.emplace_back(name, std::move(value));
  } else {
    at->second = std::move(value);
  }
}

GgufWrittenValue Owned(const tensor::GgufValue& value) {
  if (const auto* number = std::get_if<int64_t>(&value)) {
    const bool narrow = *number >= 0 && *number <= std::numeric_limits<uint32_t>::max();
    if (narrow) return static_cast<uint32_t>(*number);
    return tensor::GgufLong{*number};
  }
  if (const auto* number = std::get_if<double>(&value)) return static_cast<float>(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  return std::get<tensor::GgufArray>(value);
}

Status PutTexts(const ModelSource& source, GgufWrittenKeys& keys) {
  MORES_ASSIGN_OR_RETURN(const auto chat_template, source.ChatTemplate());
  if (chat_template) PutKey(keys, kTemplateKey, chat_template->source);
  MORES_ASSIGN_OR_RETURN(const auto judge, source.JudgeJson());
  if (judge) PutKey(keys, kJudgeKey, judge->text);
  MORES_ASSIGN_OR_RETURN(const auto about, source.AboutJson());
  if (about) PutKey(keys, kAboutKey, about->text);
  return {};
}

// What a model card's first lines say: "license: apache-2.0". Empty where nothing does.
std::string LicenseOf(const std::string& directory) {
  const std::string file = directory + "/README.md";
  auto lines = FileExists(file) ? LineReader::Open(file) : MakeError(ErrorKind::kMissing, "none");
  std::string line;
  if (!lines || !(*lines)->Next(line).value_or(false) || line != "---") return "";
  constexpr std::string_view kLicense = "license:";
  constexpr int kMostLines = 200;
  for (int i = 0; i < kMostLines && (*lines)->Next(line).value_or(false) && line != "---"; ++i) {
    if (!line.starts_with(kLicense)) continue;
    const size_t begin = line.find_first_not_of(" \"'", kLicense.size());
    if (begin == std::string::npos) return "";
    return line.substr(begin, line.find_last_not_of(" \"'") + 1 - begin);
  }
  return "";
}

std::string NameOfDirectory(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(path, error);
  return (error ? fs::path(path) : whole).filename().string();
}

class TokenizerWriter {
 public:
  explicit TokenizerWriter(GgufWrittenKeys& keys) : keys_(keys) {}

  void Put(text::OwnedGgufTokenizer tokenizer, const ModelConfig& config) {
    PutIds(tokenizer, config);
    const bool starts = tokenizer.bos.has_value();
    if (starts != text::StartsByKeys(tokenizer.model, tokenizer.add_bos)) {
      PutKey(keys_, kStartTokenKey, starts);
    }
    Add("model", std::move(tokenizer.model));
    if (!tokenizer.pre.empty()) Add("pre", std::move(tokenizer.pre));
    Add("tokens", tensor::GgufStrings{std::move(tokenizer.tokens)});
    if (!tokenizer.scores.empty()) Add("scores", tensor::GgufFloats{std::move(tokenizer.scores)});
    if (!tokenizer.types.empty()) {
      Add("token_type", tensor::GgufIntegers{std::move(tokenizer.types)});
    }
    if (!tokenizer.merges.empty()) {
      Add("merges", tensor::GgufStrings{std::move(tokenizer.merges)});
    }
    AddFlag("add_bos_token", tokenizer.add_bos);
    AddFlag("add_eos_token", tokenizer.add_eos);
    AddFlag("add_space_prefix", tokenizer.add_space_prefix);
    if (!tokenizer.huggingface_json.empty()) {
      PutKey(keys_, "tokenizer.huggingface.json", std::move(tokenizer.huggingface_json));
    }
    if (!tokenizer.sentencepiece.empty()) {
      PutKey(keys_, kSentencePieceKey, tensor::GgufBytes{std::move(tokenizer.sentencepiece)});
    }
  }
  // What begins texts and ends replies is the model's to say, also where it has no tokenizer; the
  // first end by the key that everybody reads.
  void PutIds(const text::OwnedGgufTokenizer& tokenizer, const ModelConfig& config) {
    const auto known = [](int id) { return id < 0 ? std::nullopt : std::optional<int32_t>(id); };
    const auto bos = known(config.bos_id), eos = known(config.eos_id);
    AddId("bos_token_id", bos ? bos : tokenizer.bos);
    AddId("eos_token_id", eos ? eos : tokenizer.eos);
    const char* const further[] = {"eot_token_id", "eom_token_id"};
    for (size_t i = 0; i < std::size(further) && i < config.further_eos_ids.size(); ++i) {
      AddId(further[i], config.further_eos_ids[i]);
    }
    if (config.further_eos_ids.size() > std::size(further)) {
      PutKey(keys_, kFurtherEndsKey,
             tensor::GgufIntegers{{config.further_eos_ids.begin() + std::size(further),
                                   config.further_eos_ids.end()}});
    }
    AddId("unknown_token_id", tokenizer.unknown);
    AddId("padding_token_id", tokenizer.padding);
  }

 private:
  void Add(std::string_view name, GgufWrittenValue value) {
    PutKey(keys_, "tokenizer.ggml." + std::string(name), std::move(value));
  }
  void AddId(std::string_view name, std::optional<int32_t> id) {
    if (id) Add(name, static_cast<uint32_t>(*id));
  }
  void AddFlag(std::string_view name, std::optional<bool> flag) {
    if (flag) Add(name, *flag);
  }
  GgufWrittenKeys& keys_;
};

}  // namespace

Expected<GgufWrittenKeys> KeysOfGgufSource(const ModelSource& source, const GgufSource& file,
                                           WrittenTypes types) {
  // A model without a tokenizer may be written; one whose tokenizer can't be read may not.
  const auto tokenizer = file.LoadTokenizer();
  if (!tokenizer && tokenizer.error().kind != ErrorKind::kMissing) {
    return tl::unexpected<Error>(tokenizer.error());
  }
  GgufWrittenKeys keys;
  for (const auto& [name, value] : file.file().keys().values()) {
    const bool of_tensors = name == "general.alignment" || name.starts_with("split.") ||
                            name == "general.quantization_version" ||
                            (name == kFileTypeKey && types == WrittenTypes::kChanged);
    if (!of_tensors) keys.emplace_back(name, Owned(value));
  }
  MORES_RETURN_IF_ERROR(PutTexts(source, keys));
  return keys;
}

void PutTypes(uint32_t file_type, GgufWrittenKeys& keys) {
  const bool said = std::any_of(keys.begin(), keys.end(),
                                [](const auto& entry) { return entry.first == kFileTypeKey; });
  if (!said) keys.emplace_back(kFileTypeKey, file_type);
  constexpr uint32_t kQuantizationVersion = 2;
  keys.emplace_back("general.quantization_version", kQuantizationVersion);
}

Expected<GgufWrittenKeys> KeysOfCheckpoint(const ModelSource& source,
                                           std::optional<tensor::DType> dtype) {
  MORES_ASSIGN_OR_RETURN(GgufWrittenKeys keys, GgufConfigKeys(source.config(), source.path()));
  PutKey(keys, "general.type", std::string("model"));
  PutKey(keys, "general.name", NameOfDirectory(source.path()));
  std::string license = LicenseOf(source.Container().Folder());
  if (!license.empty()) PutKey(keys, "general.license", std::move(license));
  if (dtype) PutKey(keys, kCheckpointDTypeKey, std::string(tensor::Name(*dtype)));
  const auto tokenizer_file = text::FindTokenizerFile(source.path());
  if (!tokenizer_file && tokenizer_file.error().kind != ErrorKind::kMissing) {
    return tl::unexpected<Error>(tokenizer_file.error());
  }
  if (tokenizer_file) {
    MORES_ASSIGN_OR_RETURN(auto tokenizer, text::ToGguf(source.path(), source.config().vocab_size));
    // What is written can be read.
    MORES_RETURN_IF_ERROR(text::MakeTokenizer(text::ViewOf(tokenizer), source.path()));
    TokenizerWriter(keys).Put(std::move(tokenizer), source.config());
  } else {
    TokenizerWriter(keys).PutIds({}, source.config());
  }
  MORES_RETURN_IF_ERROR(PutTexts(source, keys));
  const std::string config = source.path() + "/tokenizer_config.json";
  if (FileExists(config)) {
    MORES_ASSIGN_OR_RETURN(std::string bytes, ReadFile(config));
    PutKey(keys, kTokenizerConfigKey, std::move(bytes));
  }
  return keys;
}

}  // namespace mores::model
