// The token ids and pieces of texts.
#ifndef MORES_APP_TOKENIZE_H_
#define MORES_APP_TOKENIZE_H_

#include "app/item_run.h"

namespace mores::app {

enum class TokenizeForm {
  kPlainText,          // no special token is added, and none is read out of it
  kWithSpecialTokens,  // special tokens are read out of the text, those of a whole text added
  kByteLines,          // each line of the input is a text as it stands, with any bytes
};

struct TokenizeOptions {
  ItemOptions items;
  TokenizeForm form = TokenizeForm::kPlainText;
};

Expected<job::JobSummary> TokenizeFile(const TokenizeOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_TOKENIZE_H_
