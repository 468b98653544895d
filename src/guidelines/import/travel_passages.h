// Pages of travel advice, in Markdown, divided into passages by heading and topic.
#ifndef MORES_GUIDELINES_IMPORT_TRAVEL_PASSAGES_H_
#define MORES_GUIDELINES_IMPORT_TRAVEL_PASSAGES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mores::guidelines {

// One paragraph, list or row of a page, as plain text.
struct PageParagraph {
  std::vector<std::string> headings;  // from the outermost to its own
  std::string text;
};
// Links become their text; what is nothing but links, and headings of such lists, is left out. A
// bold beginning ("**Drugs:** ...") is a heading.
std::vector<PageParagraph> ReadPage(std::string_view markdown);

struct PagePassage {
  std::string heading, topic, text;
};
// At most 250 words each, divided between paragraphs where that is possible and else between
// sentences; short neighbours under one heading are together.
std::vector<PagePassage> DividePage(std::span<const PageParagraph> paragraphs);

// The topic of a text under these headings (travel_topics.tsv), or "other" where none fits. Lives
// as long as the program.
std::string_view PassageTopic(std::span<const std::string> headings, std::string_view text);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_TRAVEL_PASSAGES_H_
