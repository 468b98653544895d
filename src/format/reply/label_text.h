// A label as models write it: in another case, in bold, in quotes, behind "Label:", with a category
// or a critique after it. What is in doubt ("safe or unsafe", "safe?", "mostly safe", "safe, but")
// states none.
#ifndef MORES_FORMAT_REPLY_LABEL_TEXT_H_
#define MORES_FORMAT_REPLY_LABEL_TEXT_H_

#include <span>
#include <string>
#include <string_view>

#include "format/dialogue.h"

namespace mores::format {

// A text that states a label.
struct LabelWord {
  std::string_view text;
  Label means = Label::kSafe;
};

// "safe", "unsafe", "安全", "不安全".
std::span<const LabelWord> CommonLabelWords();

struct LabelText {
  Label label = Label::kUnparsed;
  size_t offset = std::string_view::npos;  // byte of the text where the label begins
  size_t rest = 0;         // and where what it says beside begins: its size for nothing
  bool is_alone = false;   // nothing but marks stands beside it on its line
  bool decorated = false;  // marks or a name stand around it
  bool in_doubt = false;   // it names a label, and takes it back or names the other one too
};

// The label that the first line of `text` with anything on it begins with. The longest word that
// fits counts, one of the same case before others.
LabelText ReadLabelText(std::string_view text, std::span<const LabelWord> words);

// What follows a label on its line, as a category: "violence" of "(violence)", "S1, S2"; "" for a
// sentence.
std::string CategoryBeside(std::string_view rest);

}  // namespace mores::format

#endif  // MORES_FORMAT_REPLY_LABEL_TEXT_H_
