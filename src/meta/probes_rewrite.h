// How probes rewrite single claims, one file a language. Inside src/meta only.
#ifndef MORES_META_PROBES_REWRITE_H_
#define MORES_META_PROBES_REWRITE_H_

#include <optional>
#include <string>
#include <string_view>

namespace mores::meta {

// Nullopt where no rule finds the negation of the main clause, or a place for it.
std::optional<std::string> NegateEnglishByRule(std::string_view claim);
std::optional<std::string> NegateChineseByRule(std::string_view claim);

// All of `claim` negated.
std::string FrameNegationEnglish(std::string_view claim);  // "It is not true that ..."
std::string FrameNegationChinese(std::string_view claim);  // "并非..."

// The first letter as it is inside a sentence: small, unless the word is a name or an initialism.
std::string InsideSentence(std::string_view english);

}  // namespace mores::meta

#endif  // MORES_META_PROBES_REWRITE_H_
