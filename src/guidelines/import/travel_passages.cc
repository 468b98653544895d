#include "guidelines/import/travel_passages.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/table_file.h"
#include "guidelines/tables.h"
#include "text/sentences.h"
#include "text/unicode.h"

namespace mores::guidelines {
namespace {

constexpr size_t kMostWords = 250, kFewWords = 30;
constexpr size_t kMostHeadingBytes = 90;

constexpr std::string_view kOther = "other";

const TableFile& TravelTopics() {
  static const TableFile table(kTravelTopics);
  return table;
}

// Of a whole page, saying nothing of a topic.
bool IsGeneral(std::string_view normalized) {
  const auto& headings = TravelTopics().Section("general headings").rows;
  return std::any_of(headings.begin(), headings.end(),
                     [&](const auto& row) { return row[0] == normalized; });
}

size_t CountWords(std::string_view text) {
  size_t words = 0;
  bool in_word = false;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (!space && !in_word) ++words;
    in_word = !space;
  }
  return words;
}

// How many of a topic's words, which stand behind its name, are in a normalized text at the
// beginning of words.
size_t TopicMatches(std::span<const std::string_view> topic, std::string_view normalized) {
  const std::string padded = " " + std::string(normalized);
  size_t matches = 0;
  for (const std::string_view text : topic.subspan(1)) {
    const std::string word = " " + std::string(text);
    for (size_t at = padded.find(word); at != std::string::npos; at = padded.find(word, at + 1)) {
      ++matches;
    }
  }
  return matches;
}

// Where the bracket that opens at `open` closes, or npos.
size_t Closing(std::string_view text, size_t open, char opening, char closing) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == opening) ++depth;
    if (text[i] == closing && --depth == 0) return i;
  }
  return std::string_view::npos;
}

// Without Markdown's marks. `linked` becomes how many bytes of the result are text of links.
std::string Plain(std::string_view text, size_t& linked) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[') {
      const size_t end = Closing(text, i, '[', ']');
      if (end != std::string_view::npos && end + 1 < text.size() && text[end + 1] == '(') {
        const size_t close = Closing(text, end + 1, '(', ')');
        if (close != std::string_view::npos) {
          size_t inner = 0;
          const std::string label = Plain(text.substr(i + 1, end - i - 1), inner);
          plain += label;
          linked += label.size();
          i = close;
          continue;
        }
      }
    }
    if (c == '\\' && i + 1 < text.size() &&
        std::string_view("*_[]()#.-+!|").find(text[i + 1]) != std::string_view::npos) {
      plain += text[++i];
    } else if (c == '*' || (c == '_' && i + 1 < text.size() && text[i + 1] == '_')) {
      continue;                                           // emphasis
    } else if (text.substr(i).starts_with("\xC2\xA0")) {  // a space that doesn't break
      plain += ' ';
      ++i;
    } else {
      plain += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    }
  }
  return plain;
}

class PageReader {
 public:
  std::vector<PageParagraph> Read(std::string_view markdown) {
    for (size_t begin = 0; begin <= markdown.size();) {
      const size_t end = std::min(markdown.find('\n', begin), markdown.size());
      ReadLine(Trim(markdown.substr(begin, end - begin), kTextSpace));
      begin = end + 1;
    }
    EndParagraph();
    return std::move(paragraphs_);
  }

 private:
  void ReadLine(std::string_view line) {
    if (line.empty()) {
      EndParagraph();
    } else if (line.starts_with('#')) {
      EndParagraph();
      const size_t level = std::min(line.find_first_not_of('#'), line.size());
      SetHeading(level, line.substr(level));
    } else if (line.starts_with("[#")) {
      EndParagraph();  // the title once more, as a link
    } else {
      if (line.starts_with("**") && text_.empty()) line = TakeBoldHeading(line);
      const bool item = line.starts_with("* ") || line.starts_with("- ") || line.starts_with("+ ");
      AddText(item ? line.substr(2) : line);
    }
  }

  // What follows "**Heading:**" on its line.
  std::string_view TakeBoldHeading(std::string_view line) {
    const size_t end = line.find("**", 2);
    if (end == std::string_view::npos || end > kMostHeadingBytes) return line;
    const std::string_view heading = line.substr(2, end - 2);
    SetHeading(kBoldLevel, heading);
    line = line.substr(end + 2);
    if (line.starts_with(':')) line.remove_prefix(1);
    return Trim(line, kTextSpace);
  }

  void SetHeading(size_t level, std::string_view heading) {
    while (!open_.empty() && open_.back().first >= level) open_.pop_back();
    lead_.clear();
    size_t linked = 0;
    std::string plain(Trim(Plain(heading, linked), kTextSpace));
    if (plain.ends_with(':')) plain.pop_back();
    if (!plain.empty()) open_.emplace_back(level, std::move(plain));
  }

  void AddText(std::string_view line) {
    size_t linked = 0;
    const std::string plain = Plain(line, linked);
    const std::string_view text = Trim(plain, kTextSpace);
    if (text.empty()) return;
    if (linked * 10 > text.size() * 8) {
      only_links_ = true;
      return;
    }
    if (!text_.empty()) text_ += '\n';
    text_ += text;
  }

  void EndParagraph() {
    std::string text = std::exchange(text_, {});
    const bool only_links = std::exchange(only_links_, false);
    if (text.empty()) {
      // "More information:" and the like lead to nothing but links.
      if (only_links) lead_.clear();
      return;
    }
    if (!lead_.empty()) text = std::exchange(lead_, {}) + "\n" + text;
    if (text.ends_with(':') && CountWords(text) < kFewWords) {
      lead_ = std::move(text);
      return;
    }
    PageParagraph& paragraph = paragraphs_.emplace_back();
    for (const auto& [level, heading] : open_) paragraph.headings.push_back(heading);
    paragraph.text = std::move(text);
  }

  static constexpr size_t kBoldLevel = 7;  // below all of Markdown's

  std::vector<std::pair<size_t, std::string>> open_;  // headings over what is read
  std::string text_;
  std::string lead_;         // a paragraph that leads to a list
  bool only_links_ = false;  // of what is read and not in text_
  std::vector<PageParagraph> paragraphs_;
};

// Pieces of at most kMostWords, between lines or sentences.
std::vector<std::string> Divide(const std::string& text) {
  if (CountWords(text) <= kMostWords) return {text};
  std::vector<std::string> pieces;
  size_t words = 0;
  for (const std::string_view sentence : text::Sentences(text)) {
    const size_t more = CountWords(sentence);
    if (pieces.empty() || words + more > kMostWords) {
      pieces.emplace_back();
      words = 0;
    }
    if (!pieces.back().empty()) pieces.back() += ' ';
    pieces.back() += sentence;
    words += more;
  }
  return pieces;
}

}  // namespace

std::string_view PassageTopic(std::span<const std::string> headings, std::string_view text) {
  for (size_t i = headings.size(); i-- > 0;) {
    const std::string heading = text::NormalizeForMatch(headings[i]);
    if (IsGeneral(heading)) continue;
    for (const auto& topic : TravelTopics().Section("topics").rows) {
      if (TopicMatches(topic, heading) > 0) return topic[0];
    }
  }
  const std::string normalized = text::NormalizeForMatch(text);
  std::string_view best = kOther;
  size_t most = 0;
  for (const auto& topic : TravelTopics().Section("topics").rows) {
    const size_t matches = TopicMatches(topic, normalized);
    if (matches > most) {
      most = matches;
      best = topic[0];
    }
  }
  return best;
}

std::vector<PageParagraph> ReadPage(std::string_view markdown) {
  return PageReader().Read(markdown);
}

std::vector<PagePassage> DividePage(std::span<const PageParagraph> paragraphs) {
  std::vector<PagePassage> passages;
  const std::vector<std::string>* headings = nullptr;
  for (const PageParagraph& paragraph : paragraphs) {
    const std::string_view topic = PassageTopic(paragraph.headings, paragraph.text);
    const std::string heading = paragraph.headings.empty() ? "" : paragraph.headings.back();
    for (std::string& piece : Divide(paragraph.text)) {
      PagePassage* last = passages.empty() ? nullptr : &passages.back();
      const size_t before = last ? CountWords(last->text) : 0, more = CountWords(piece);
      const bool same_heading = headings && *headings == paragraph.headings;
      const bool few = before < kFewWords || more < kFewWords;
      if (last && before + more <= kMostWords && (last->topic == topic || same_heading) &&
          (few || (same_heading && last->topic == topic))) {
        if (more > before) last->topic = topic;
        last->text += same_heading ? "\n" : fmt::format("\n{}: ", heading);
        last->text += piece;
      } else {
        passages.push_back({heading, std::string(topic), std::move(piece)});
      }
      headings = &paragraph.headings;
    }
  }
  return passages;
}

}  // namespace mores::guidelines
