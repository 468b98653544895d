#include "app/tokenize.h"

#include <memory>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "model/gguf/gguf_source.h"
#include "model/model_source.h"

namespace mores::app {
namespace {

Status ReadByteLines(const std::string& path, ItemRun& run, std::vector<std::string>& texts) {
  MORES_ASSIGN_OR_RETURN(const auto reader, LineReader::Open(path));
  std::string line;
  while (true) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    run.keys.push_back(std::to_string(reader->line_number()));
    texts.push_back(line);
  }
  if (texts.empty()) return MakeError(ErrorKind::kInput, "{}: holds no lines", path);
  return {};
}

std::vector<int32_t> EncodeAs(TokenizeForm form, const std::string& text,
                              const text::Tokenizer& tokenizer) {
  switch (form) {
    case TokenizeForm::kByteLines:
      return tokenizer.EncodeBytes(text);
    case TokenizeForm::kWithSpecialTokens:
      return tokenizer.EncodeWithSpecialTokens(text);
    case TokenizeForm::kPlainText:
      break;
  }
  return tokenizer.Encode(text);
}

// A directory needs no weights for it. Names the run by what the tokenizer lies in.
Expected<std::unique_ptr<text::Tokenizer>> OpenTokenizer(const std::string& path, ItemRun& run) {
  // As model::OpenModel has it, a GGUF file's own tokenizer goes before one that lies beside it.
  bool in_gguf = FileExists(path);
  if (!in_gguf && !FileExists(path + "/config.json")) {
    MORES_ASSIGN_OR_RETURN(const auto found, model::FindGgufIn(path));
    in_gguf = found.has_value();
  }
  if (in_gguf) {
    MORES_ASSIGN_OR_RETURN(const auto source, model::OpenModel(path));
    MORES_ASSIGN_OR_RETURN(run.model_name, source->Name());
    return source->LoadTokenizer();
  }
  const Expected<std::string> file = text::FindTokenizerFile(path);
  if (!file) return tl::unexpected<Error>(file.error());
  MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(*file));
  run.model_name = "tokenizer@" + hash.substr(0, 12);
  return text::LoadTokenizer(path);
}

Json TokenizedLine(const std::string& id, const std::vector<int32_t>& ids,
                   const text::Tokenizer& tokenizer) {
  Json pieces = Json::array();
  for (const int32_t token : ids) pieces.push_back(tokenizer.Piece(token));
  return {{"id", id}, {"ids", ids}, {"pieces", pieces}};
}

}  // namespace

Expected<job::JobSummary> TokenizeFile(const TokenizeOptions& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckItemRun(options.items));
  MORES_ASSIGN_OR_RETURN(const ModelPaths paths,
                         FindModelAndAdapters(options.items.model, AdapterChoice::kByItem));
  ItemRun run{.command = "tokenize", .unit = "texts"};
  MORES_ASSIGN_OR_RETURN(const auto tokenizer, OpenTokenizer(paths.base, run));
  run.fingerprint["bytes"] = options.form == TokenizeForm::kByteLines;
  run.fingerprint["special"] = options.form == TokenizeForm::kWithSpecialTokens;
  std::vector<std::string> texts;
  if (options.form == TokenizeForm::kByteLines) {
    MORES_RETURN_IF_ERROR(ReadByteLines(options.items.input, run, texts));
  } else {
    MORES_RETURN_IF_ERROR(ReadItems(
        options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
          MORES_ASSIGN_OR_RETURN(std::string utf8, RequiredString(value, "text", where));
          texts.push_back(std::move(utf8));
          return {};
        }));
  }
  return RunItems(
      run, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<job::ItemResult> lines;
        for (const size_t item : items) {
          lines.push_back(TokenizedLine(
              run.keys[item], EncodeAs(options.form, texts[item], *tokenizer), *tokenizer));
        }
        return lines;
      },
      watch);
}

}  // namespace mores::app
