// mores tokenize: the token ids and pieces of texts.
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "cli/command.h"
#include "cli/item_command.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::cli {
namespace {

struct TokenizeOptions {
  ItemOptions items;
  bool bytes = false, special = false;
};

// Each line is a text as it stands, with any bytes.
Status ReadByteLines(const std::string& path, ItemJob& job, std::vector<std::string>& texts) {
  MORES_ASSIGN_OR_RETURN(const auto reader, LineReader::Open(path));
  std::string line;
  while (true) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    job.keys.push_back(std::to_string(reader->line_number()));
    texts.push_back(line);
  }
  if (texts.empty()) return MakeError(ErrorKind::kInput, "{}: holds no lines", path);
  return {};
}

Json TokenizedLine(const std::string& id, const std::string& text, const TokenizeOptions& options,
                   const text::Tokenizer& tokenizer) {
  const std::vector<int32_t> ids = options.bytes     ? tokenizer.EncodeBytes(text)
                                   : options.special ? tokenizer.EncodeWithSpecialTokens(text)
                                                     : tokenizer.Encode(text);
  Json pieces = Json::array();
  for (const int32_t token : ids) pieces.push_back(tokenizer.Piece(token));
  return {{"id", id}, {"ids", ids}, {"pieces", pieces}};
}

int RunTokenize(const TokenizeOptions& options) {
  const Expected<std::string> directory = FindModel(options.items.model.model);
  if (!directory) return Fail(directory.error());
  const auto tokenizer = text::LoadTokenizer(*directory);
  if (!tokenizer) return Fail(tokenizer.error());
  const Expected<std::string> file = text::FindTokenizerFile(*directory);
  if (!file) return Fail(file.error());
  const Expected<std::string> hash = Sha256HexOfFile(*file);
  if (!hash) return Fail(hash.error());
  ItemJob job;
  job.command = "tokenize";
  job.unit = "texts";
  job.model_name = "tokenizer@" + hash->substr(0, 12);
  job.fingerprint["bytes"] = options.bytes;
  job.fingerprint["special"] = options.special;
  std::vector<std::string> texts;
  const AddItem add = [&](const Json& value, const std::string& where) -> Status {
    MORES_ASSIGN_OR_RETURN(std::string utf8, RequiredString(value, "text", where));
    texts.push_back(std::move(utf8));
    return {};
  };
  const Status read = options.bytes ? ReadByteLines(options.items.input, job, texts)
                                    : ReadItems(options.items.input, job, add);
  if (!read) return Fail(read.error());
  return RunItems(
      job, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<job::ItemResult> lines;
        for (const size_t item : items) {
          lines.push_back(TokenizedLine(job.keys[item], texts[item], options, **tokenizer));
        }
        return lines;
      });
}

}  // namespace

void AddTokenizeCommand(CommandLine& line) {
  auto options = std::make_shared<TokenizeOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "tokenize",
       .summary = "Token ids and pieces of texts.",
       .example = R"(  echo '{"id":"a","text":"Is this safe? 安全吗？"}' | mores tokenize -

In:  {"id","text"}; with --bytes, each line is a text as it stands.
Out: {"id","ids","pieces"}; plain text: no special token is added, and none is read out of it.)"});
  AddItemOptions(command, options->items);
  CLI::Option* bytes = command->add_flag(
      "--bytes", options->bytes,
      "Lines of any bytes instead of JSON: an invalid byte is the token of that byte");
  command
      ->add_flag("--special", options->special,
                 "Read special tokens out of the text, and add those of a whole text")
      ->excludes(bytes);
  OnRun(line, command, [options] { return RunTokenize(*options); });
}

}  // namespace mores::cli
