// The tables of words of this layer, as text (base/table_file.h).
#ifndef MORES_META_TABLES_H_
#define MORES_META_TABLES_H_

#include <string_view>

namespace mores::meta {

extern const std::string_view kNegationChinese, kNegationEnglish;

}  // namespace mores::meta

#endif  // MORES_META_TABLES_H_
