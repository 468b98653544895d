#include "guidelines/import/lenient_json.h"

#include <algorithm>
#include <utility>

#include "text/unicode.h"

namespace mores::guidelines {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n";

// What a quoted text was, as JSON of its own.
struct Quoted {
  std::string json;     // with its quotes; a key or a text
  bool broken = false;  // ended with its line instead of a quote
};

// Goes through the file once and writes each record anew as JSON that the strict parser takes.
class LenientReader {
 public:
  LenientReader(std::string_view text, const std::string& file, std::vector<Repair>& repairs)
      : text_(text), file_(file), repairs_(repairs) {}

  Expected<std::vector<LenientRecord>> Read() {
    if (const size_t bad = text::FirstInvalidUtf8(text_); bad != std::string_view::npos) {
      position_ = bad;
      return Wrong("not UTF-8");
    }
    if (const size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      position_ = nul;
      return Wrong("a NUL byte");
    }
    if (text_.starts_with(kByteOrderMark)) position_ = kByteOrderMark.size();
    if (Peek() != '[') return Wrong("not a list of records");
    ++position_;
    std::vector<LenientRecord> records;
    for (bool comma = false; Peek() != ']'; comma = Skip(',')) {
      if (Peek() == '\0') return Wrong("the file ends within its list");
      if (!comma && !records.empty()) Mend("a comma was missing between two records");
      ++record_;
      MORES_ASSIGN_OR_RETURN(records.emplace_back(), ReadRecord());
    }
    if (text_[last_ - 1] == ',') Mend("a comma after the last record");
    ++position_;
    if (Peek() != '\0') return Wrong("more text after the list");
    return records;
  }

 private:
  // The next character that isn't space, or NUL at the end. Remembers where the last thing ended.
  char Peek() {
    last_ = position_;
    position_ = std::min(text_.find_first_not_of(kSpace, position_), text_.size());
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool Skip(char c) {
    if (Peek() != c) return false;
    ++position_;
    return true;
  }

  int64_t Line(size_t position) {
    if (position < counted_) counted_ = 0, line_ = 1;
    line_ += std::count(text_.begin() + static_cast<std::ptrdiff_t>(counted_),
                        text_.begin() + static_cast<std::ptrdiff_t>(position), '\n');
    counted_ = position;
    return line_;
  }

  tl::unexpected<Error> Wrong(std::string_view what) {
    return MakeError(ErrorKind::kInput, "{}:{}: {}", file_, Line(position_), what);
  }

  void Mend(std::string what) { Mend(std::move(what), last_); }
  void Mend(std::string what, size_t position) {
    repairs_.push_back(
        {.file = file_, .record = record_, .line = Line(position), .what = std::move(what)});
  }

  Expected<LenientRecord> ReadRecord() {
    if (!Skip('{')) return Wrong("a record must be an object");
    LenientRecord record;
    record.line = Line(position_ - 1);
    std::string json = "{";
    for (bool comma = true; Peek() != '}'; comma = Skip(',')) {
      if (!comma) {
        Mend("a comma was missing between two fields");
        record.mended = true;
      }
      MORES_ASSIGN_OR_RETURN(const std::string member, ReadMember(record));
      if (json.size() > 1 && !member.empty()) json += ',';
      json += member;
    }
    if (text_[last_ - 1] == ',') Mend("a comma after the last field");
    ++position_;
    json += '}';
    const std::string where = fmt::format("{}:{}", file_, record.line);
    MORES_ASSIGN_OR_RETURN(record.fields, ParseJson(json, where));
    return record;
  }

  // "" for a member that has no value and is left out.
  Expected<std::string> ReadMember(LenientRecord& record) {
    if (Peek() == '\0') return Wrong("the file ends within a record");
    if (Peek() != '"') return Wrong("expected a field's name in quotes");
    const size_t begin = position_;
    MORES_ASSIGN_OR_RETURN(const Quoted key, ReadQuoted(Role::kKey));
    const std::string name = key.json.substr(1, key.json.size() - 2);
    if (key.broken) {
      record.mended = true;
      Mend(fmt::format("field '{}' breaks off before its value; left out", name), begin);
      return std::string();
    }
    if (!Skip(':')) return Wrong("expected ':' after a field's name");
    if (Peek() != '"') {
      MORES_ASSIGN_OR_RETURN(const std::string value, ReadScalar());
      return fmt::format("{}:{}", key.json, value);
    }
    const size_t mended = repairs_.size(), value_begin = position_;
    MORES_ASSIGN_OR_RETURN(const Quoted value, ReadQuoted(Role::kText));
    if (value.broken) {
      record.broken_fields.push_back(name);
      Mend(fmt::format("field '{}' breaks off at the end of its line", name), value_begin);
    }
    record.mended |= repairs_.size() > mended;
    return fmt::format("{}:{}", key.json, value.json);
  }

  Expected<std::string> ReadScalar() {
    const size_t end = std::min(text_.find_first_of(",}] \t\r\n\"{[", position_), text_.size());
    if (end == position_) return Wrong("expected a text, a number, true, false or null");
    const std::string scalar(text_.substr(position_, end - position_));
    position_ = end;
    return scalar;
  }

  enum class Role { kKey, kText };

  Expected<Quoted> ReadQuoted(Role role) {
    const size_t begin = position_++;
    Quoted quoted;
    quoted.json = "\"";
    for (; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      if (c == '\\' && position_ + 1 < text_.size() && text_[position_ + 1] != '\n') {
        quoted.json += c;
        quoted.json += text_[++position_];
      } else if (c == '"') {
        if (role == Role::kKey || EndsText(position_ + 1)) {
          ++position_;
          quoted.json += '"';
          return quoted;
        }
        Mend("a quote in a text wasn't escaped", position_);
        quoted.json += "\\\"";
      } else if (c == '\n' && (role == Role::kKey || EndsRecordOrField(position_))) {
        if (quoted.json.back() == '\r') quoted.json.pop_back();
        quoted.broken = true;
        quoted.json += '"';
        return quoted;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        Mend("a raw control character in a text", position_);
        quoted.json += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
      } else {
        quoted.json += c;
      }
    }
    position_ = begin;
    return Wrong("a text that begins here never ends");
  }

  size_t AfterSpace(size_t from) const {
    return std::min(text_.find_first_not_of(kSpace, from), text_.size());
  }

  // Whether "name": stands at `at`.
  bool IsKey(size_t at) const {
    if (at >= text_.size() || text_[at] != '"') return false;
    const size_t end = text_.find_first_of("\"\n\\", at + 1);
    if (end == std::string_view::npos || text_[end] != '"') return false;
    const size_t colon = AfterSpace(end + 1);
    return colon < text_.size() && text_[colon] == ':';
  }

  // Whether a quote that ends just before `after` is the end of a text, and not one in it.
  bool EndsText(size_t after) const {
    size_t next = AfterSpace(after);
    if (next == text_.size()) return true;
    if (text_[next] == ',') {
      next = AfterSpace(next + 1);
      return next == text_.size() || text_[next] == '"' || text_[next] == '}';
    }
    if (text_[next] == '}') return true;
    return text_.substr(after, next - after).find('\n') != std::string_view::npos && IsKey(next);
  }

  // Whether what follows the line break at `at` belongs to no text.
  bool EndsRecordOrField(size_t at) const {
    const size_t next = AfterSpace(at);
    return next < text_.size() && (text_[next] == '}' || IsKey(next));
  }

  std::string_view text_;
  const std::string& file_;
  std::vector<Repair>& repairs_;
  size_t position_ = 0, last_ = 0;
  size_t counted_ = 0;  // up to where lines are counted
  int64_t line_ = 1, record_ = 0;
};

}  // namespace

Expected<std::vector<LenientRecord>> ReadLenientRecords(std::string_view text,
                                                        const std::string& file,
                                                        std::vector<Repair>& repairs) {
  return LenientReader(text, file, repairs).Read();
}

}  // namespace mores::guidelines
