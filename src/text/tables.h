// The tables of words of this layer, as text (base/table_file.h).
#ifndef MORES_TEXT_TABLES_H_
#define MORES_TEXT_TABLES_H_

#include <string_view>

namespace mores::text {

extern const std::string_view kLanguageWords, kLexicalWords;

}  // namespace mores::text

#endif  // MORES_TEXT_TABLES_H_
