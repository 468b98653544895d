// Where a reply's answer begins. What a model thinks is not what it answers: all up to the last
// mark that closes reasoning is left out, with or without the mark that opened it, whatever its
// case and wherever it stands: </think>, </thinking>, </reasoning>, </thought>, [/THINK],
// <|end_of_thought|>, ◁/think▷ and their kin, and the channels of the harmony format, of which the
// last final one is the answer.
#ifndef MORES_FORMAT_REPLY_REASONING_H_
#define MORES_FORMAT_REPLY_REASONING_H_

#include <span>
#include <string_view>

namespace mores::format {

struct AnswerSpan {
  size_t begin = 0, end = 0;  // bytes of the reply, without space or end tokens around
  bool reasoned = false;      // reasoning stands before it
  bool in_reasoning = false;  // the reply ends inside of its reasoning: it has no answer
  // The mark that it would begin behind may be a quote: it stands in what was sent, with what
  // follows it, or inside of a text of an object that nothing ends.
  bool in_doubt = false;

  bool is_told() const { return !in_reasoning && !in_doubt; }
  std::string_view In(std::string_view reply) const { return reply.substr(begin, end - begin); }
};

// `given`: the texts that were sent. A mark inside of an object, in one of its texts, is what the
// text speaks of.
AnswerSpan FindAnswer(std::string_view reply, std::span<const std::string_view> given);

// A text of a reply, such as a revised answer: without the reasoning that it begins with. Empty
// where it ends inside of that. A text that speaks of such marks is left as it is.
std::string_view WithoutReasoning(std::string_view text);

}  // namespace mores::format

#endif  // MORES_FORMAT_REPLY_REASONING_H_
