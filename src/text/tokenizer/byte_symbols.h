// The alphabet of byte-level vocabularies: each byte as one visible character, as GPT-2 has it.
// Printable Latin-1 stands for itself; the other 68 bytes take U+0100 to U+0143 in order.
#ifndef MORES_TEXT_TOKENIZER_BYTE_SYMBOLS_H_
#define MORES_TEXT_TOKENIZER_BYTE_SYMBOLS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mores::text {

// The UTF-8 of a byte's symbol: one or two bytes.
std::string_view ByteSymbol(uint8_t byte);
std::string ToByteSymbols(std::string_view bytes);
// The bytes that the characters of `symbols` (valid UTF-8) stand for; nullopt if one is no symbol.
std::optional<std::string> FromByteSymbols(std::string_view symbols);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_BYTE_SYMBOLS_H_
