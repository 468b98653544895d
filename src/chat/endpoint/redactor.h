#ifndef MORES_CHAT_ENDPOINT_REDACTOR_H_
#define MORES_CHAT_ENDPOINT_REDACTOR_H_

#include <string>
#include <string_view>
#include <vector>

namespace mores::chat {

// Takes a key out of whatever a server says, so that one that repeats it puts it nowhere. Looks at
// texts alone, after JSON was read. What can't be told from ordinary text is no secret to it and
// changes nothing: what has fewer than kLeastSecret characters (but for the usual prefixes of
// keys), letters alone below kLeastLetters, signs alone, what has spaces, and pieces of JSON.
class Redactor {
 public:
  static constexpr size_t kLeastSecret = 16, kLeastLetters = 24, kLeastPrefixed = 8;

  explicit Redactor(std::string_view key);  // empty: nothing to hide
  bool Occurs(std::string_view text) const;
  std::string Redact(std::string_view text) const;  // "[redacted]" for each occurrence

 private:
  std::vector<std::string> secrets_;  // the key as it is, and as JSON in a text may write it
};

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_REDACTOR_H_
