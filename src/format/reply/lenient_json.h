// JSON as models write it, read where its meaning is beyond doubt: trailing commas, single and
// typographic quotes, raw line breaks in texts, names without quotes, True, False and None,
// comments, escapes that there are not.
//
// Not read: a missing comma, colon or bracket, a quote inside of a text that isn't escaped. What
// they mean is a guess, and a guess is no answer.
#ifndef MORES_FORMAT_REPLY_LENIENT_JSON_H_
#define MORES_FORMAT_REPLY_LENIENT_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace mores::format {

// A member of an outermost object, and where the text of its value stands, without quotes.
struct LenientMember {
  std::string name;
  size_t begin = 0, end = 0;
};

struct LenientJson {
  Json value;
  size_t end = 0;         // of the text, one past the value
  bool repaired = false;  // it was no JSON as it stood
  bool torn = false;      // the text ended inside of it
  // Two different values stand under one name, whatever its case, at any depth: of such an object
  // none of the two is what it says.
  bool conflicting = false;
  std::string torn_member;  // the name of the member whose text was broken off; "" for none
  std::vector<LenientMember> members;
};

// What to make of an object that the text ends in: nothing, or what there is of it. Of a member
// that is no text nothing is left then, of a text its beginning.
enum class TornObject { kRefused, kRead };

// The value that begins at byte `begin`; nullopt where there is none.
std::optional<LenientJson> ReadLenientJson(std::string_view text, size_t begin,
                                           TornObject torn = TornObject::kRefused);

}  // namespace mores::format

#endif  // MORES_FORMAT_REPLY_LENIENT_JSON_H_
