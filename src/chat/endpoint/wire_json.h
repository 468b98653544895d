// JSON of servers that break its rules in ways that leave no doubt what is meant.
#ifndef MORES_CHAT_ENDPOINT_WIRE_JSON_H_
#define MORES_CHAT_ENDPOINT_WIRE_JSON_H_

#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace mores::chat {

struct WireJson {
  Json value;
  bool surrogates = false;  // halves of a pair, each now U+FFFD
  bool bytes = false;       // that are no UTF-8, now U+FFFD, or a raw control character in a text
  bool numbers = false;     // that JSON doesn't have (NaN, -Infinity, 1e999), now null
};

// As ParseJson, and with the above mended. kInput for what is broken otherwise.
Expected<WireJson> ParseWireJson(std::string_view text);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_WIRE_JSON_H_
