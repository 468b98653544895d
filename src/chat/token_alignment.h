// Which of a reply's tokens spell its text.
#ifndef MORES_CHAT_TOKEN_ALIGNMENT_H_
#define MORES_CHAT_TOKEN_ALIGNMENT_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "chat/chat_model.h"

namespace mores::chat {

// Where the tokens spell byte 0 of `text`, counted in the bytes of all tokens joined; negative
// where the text begins with space that the tokens lack. A server may tell more tokens than the
// text has: those of reasoning that it took out, in which the same text may have been drafted, and
// marks, end tokens and fences around it. So the text is where it stands last, and nothing but such
// marks may follow it. Tokens that end before the text does count where they are its beginning,
// and such that are more than half of it, where characters were replaced behind. nullopt where they
// spell something else.
std::optional<std::ptrdiff_t> TextBegin(std::span<const ReplyToken> tokens, std::string_view text);

}  // namespace mores::chat

#endif  // MORES_CHAT_TOKEN_ALIGNMENT_H_
