#include "text/tokenizer/byte_symbols.h"

#include <array>

#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr char32_t kSymbolEnd = 0x144;

bool StandsForItself(char32_t c) {
  return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xAC) || (c >= 0xAE && c <= 0xFF);
}

struct Tables {
  std::array<std::string, 256> symbols;
  std::array<int16_t, kSymbolEnd> bytes;  // -1: no symbol

  Tables() {
    bytes.fill(-1);
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const char32_t symbol = StandsForItself(byte) ? byte : next++;
      AppendCharacter(symbol, symbols[byte]);
      bytes[symbol] = static_cast<int16_t>(byte);
    }
  }
};

const Tables& SymbolTables() {
  static const Tables tables;
  return tables;
}

}  // namespace

std::string_view ByteSymbol(uint8_t byte) { return SymbolTables().symbols[byte]; }

std::string ToByteSymbols(std::string_view bytes) {
  const Tables& tables = SymbolTables();
  std::string symbols;
  symbols.reserve(2 * bytes.size());
  for (const char byte : bytes) symbols += tables.symbols[static_cast<uint8_t>(byte)];
  return symbols;
}

std::optional<std::string> FromByteSymbols(std::string_view symbols) {
  const Tables& tables = SymbolTables();
  std::string bytes;
  bytes.reserve(symbols.size());
  for (size_t i = 0; i < symbols.size(); i += CharacterSize(symbols[i])) {
    const char32_t c = CharacterAt(symbols, i);
    if (c >= kSymbolEnd || tables.bytes[c] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(tables.bytes[c]));
  }
  return bytes;
}

}  // namespace mores::text
