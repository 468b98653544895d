// mores tokenize: the token ids and pieces of texts.
#include "app/tokenize.h"

#include <memory>

#include "cli/command.h"
#include "cli/item_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunTokenize(const app::TokenizeOptions& options) {
  MORES_RETURN_IF_ERROR(CheckItemOptions(options.items));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const job::JobSummary run, app::TokenizeFile(options, telling.watch()));
  return FinishItems(run, "texts");
}

}  // namespace

void AddTokenizeCommand(CommandLine& line) {
  auto options = std::make_shared<app::TokenizeOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "tokenize",
       .summary = "Token ids and pieces of texts.",
       .example = R"(  echo '{"id":"a","text":"Is this safe? 安全吗？"}' | mores tokenize -

In:  {"id","text"}; with --bytes, each line is a text as it stands.
Out: {"id","ids","pieces"}; plain text: no special token is added, and none is read out of it.)"});
  AddItemOptions(command, options->items);
  CLI::Option* bytes = command->add_flag_callback(
      "--bytes", [options] { options->form = app::TokenizeForm::kByteLines; },
      "Lines of any bytes instead of JSON: an invalid byte is the token of that byte");
  command
      ->add_flag_callback(
          "--special", [options] { options->form = app::TokenizeForm::kWithSpecialTokens; },
          "Read special tokens out of the text, and add those of a whole text")
      ->excludes(bytes);
  OnRun(line, command, [options] { return RunTokenize(*options); });
}

}  // namespace mores::cli
