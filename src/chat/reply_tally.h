// How much of what was asked of somebody came to something. Figures that rest on replies of which
// most can't be read say little, so whoever reads the figures is told, by one rule everywhere.
#ifndef MORES_CHAT_REPLY_TALLY_H_
#define MORES_CHAT_REPLY_TALLY_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace mores::chat {

struct ReplyTally {
  std::string role;  // "annotator", "writer", "judge"
  std::string name;  // of the model, or of a person
  // Which of the things that it is asked, and how one says of them that they state nothing.
  std::string part = "replies";
  std::string unparsed_means = "could not be read";
  int64_t read = 0, unparsed = 0, failed = 0;
  std::map<std::string, int64_t> problems;  // of those unparsed: what was wrong, how often

  int64_t asked() const { return read + unparsed + failed; }
  void AddUnparsed(std::string_view problem);
  // At least half came to nothing. With few, too: the numbers are told beside it.
  bool IsMostlyUnread() const { return asked() > 0 && 2 * (unparsed + failed) >= asked(); }
};

// {"role","name","part","asked","read","unparsed","failed"}
Json ToJson(const ReplyTally& tally);

// "annotator 'x': 58 of 60 replies could not be read (most often: the reply is empty)", of one that
// is mostly unread; "" of any other.
std::string WarningOf(const ReplyTally& tally);

// "replies": all tallies; "warnings": those of the tallies that have one, behind what stands there.
void PutReplies(std::span<const ReplyTally> tallies, Json& summary);

}  // namespace mores::chat

#endif  // MORES_CHAT_REPLY_TALLY_H_
