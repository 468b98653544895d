#include "guidelines/import/travel_advice.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "guidelines/import/travel_passages.h"
#include "text/unicode.h"

namespace mores::guidelines {
namespace {

// A paragraph on so many pages of one government says nothing of a place.
constexpr size_t kFewestRepeats = 5;
constexpr size_t kRepeatedShare = 20;  // one page in so many

// A government's pages, and the terms that it publishes them under.
struct Government {
  const char* folder;
  const char* publisher;
  const char* site;
  const char* page;  // before the country's name in an address; "" where there is no plain pattern
  const char* after;
  const char* licence;
};
constexpr std::array<Government, 5> kGovernments = {{
    {"australia", "Australia, Department of Foreign Affairs and Trade",
     "https://www.smartraveller.gov.au/destinations", "", "", "CC-BY-4.0"},
    {"canada", "Global Affairs Canada", "https://travel.gc.ca/travelling/advisories",
     "https://travel.gc.ca/destinations/", "", "OGL-Canada-2.0"},
    {"ireland", "Ireland, Department of Foreign Affairs",
     "https://www.ireland.ie/en/dfa/overseas-travel/advice/",
     "https://www.ireland.ie/en/dfa/overseas-travel/advice/", "/", "CC-BY-4.0"},
    {"unitedkingdom", "United Kingdom, Foreign, Commonwealth & Development Office",
     "https://www.gov.uk/foreign-travel-advice", "https://www.gov.uk/foreign-travel-advice/", "",
     "OGL-UK-3.0"},
    {"unitedstates", "United States, Department of State, Bureau of Consular Affairs",
     "https://travel.state.gov/en/international-travel.html", "", "",
     "public domain (17 U.S.C. 105)"},
}};

// Names that aren't one of ISO 3166-1, and what they are there; the rest is found by the catalogue.
struct NamedPlaces {
  std::string_view name, codes;
};
constexpr std::array<NamedPlaces, 22> kNamed = {{
    {"azores", "PT-20"},
    {"bonaire", "BQ"},
    {"canary islands", "ES-CN"},
    {"congo", "CG"},
    {"french west indies", "GP,MQ,MF,BL"},
    {"great britain", "GB"},
    {"northern marianas", "MP"},
    {"saint tome", "ST"},
    {"west bank", "PS"},
    {"gaza", "PS"},
    {"gaza strip", "PS"},
    {"occupied palestinian territories", "PS"},
    {"occupied territories", "PS"},
    {"st eustatius", "BQ"},
    {"saba", "BQ"},
    {"pitcairn island", "PN"},
    {"saint pierre et miquelon", "PM"},
    {"st pierre miquelon", "PM"},
    {"st maarten", "SX"},
    {"virgin islands uk", "VG"},
    {"virgin islands us", "VI"},
    {"virgin islands u s", "VI"},
}};

// One name that stands for itself; adds nothing and returns false where it isn't known.
bool AddNamed(std::string_view name, const PlaceCatalogue& places,
              std::vector<std::string>& codes) {
  name = Trim(name, " ");
  for (const std::string_view article : {"the ", "The "}) {
    if (name.starts_with(article)) name.remove_prefix(article.size());
  }
  if (name.empty()) return false;
  const std::string normalized = text::NormalizeForMatch(name);
  for (const NamedPlaces& named : kNamed) {
    if (named.name != normalized) continue;
    for (size_t begin = 0; begin < named.codes.size();) {
      const size_t end = std::min(named.codes.find(',', begin), named.codes.size());
      AddOnce(codes, named.codes.substr(begin, end - begin));
      begin = end + 1;
    }
    return true;
  }
  const Place* country = places.FindCountry(name);
  if (country) AddOnce(codes, country->code);
  return country != nullptr;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// "south-korea" for an address; "" where the name has more than letters and spaces.
std::string Slug(std::string_view name) {
  std::string slug;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      slug += static_cast<char>(c - 'A' + 'a');
    } else if (c >= 'a' && c <= 'z') {
      slug += c;
    } else if (c == ' ' || c == '-') {
      slug += '-';
    } else {
      return {};
    }
  }
  return slug;
}

Source SourceOfPage(const Government& government, const std::string& name) {
  const std::string slug = Slug(name);
  const bool plain = *government.page != '\0' && !slug.empty();
  return {.title = "Travel advice: " + name,
          .publisher = government.publisher,
          .address = plain ? government.page + slug + government.after : government.site,
          .date_read = "",
          .licence = government.licence,
          .redistributable = true};
}

struct Page {
  std::string name;  // of the file, without its ending
  std::vector<std::string> places;
  std::vector<PageParagraph> paragraphs;
};

Expected<std::vector<std::string>> PageNames(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".md") names.push_back(entry.path().stem().string());
  }
  if (error) return MakeError(ErrorKind::kIo, "{}: {}", folder, error.message());
  std::sort(names.begin(), names.end());
  return names;
}

// In how many pages each paragraph stands.
std::map<std::string, size_t> Repeats(const std::vector<Page>& pages) {
  std::map<std::string, size_t> repeats;
  for (const Page& page : pages) {
    std::set<std::string> seen;
    for (const PageParagraph& paragraph : page.paragraphs) {
      seen.insert(text::NormalizeForMatch(paragraph.text));
    }
    for (const std::string& text : seen) ++repeats[text];
  }
  return repeats;
}

Status ReadGovernment(const Government& government, const std::string& folder,
                      const PlaceCatalogue& places, TravelAdvice& advice) {
  MORES_ASSIGN_OR_RETURN(const std::vector<std::string> names, PageNames(folder));
  std::vector<Page> pages;
  for (const std::string& name : names) {
    const std::string file = fmt::format("{}/{}.md", government.folder, name);
    MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/" + name + ".md"));
    const bool valid = text::IsValidUtf8(text);
    if (!valid) advice.batch.repairs.push_back({file, 0, 1, "not UTF-8 throughout; mended"});
    Page page = {.name = name,
                 .places = PlacesOfPage(name, places),
                 .paragraphs = ReadPage(valid ? text : text::ReplaceInvalidUtf8(text))};
    if (page.places.empty()) {
      advice.batch.repairs.push_back({file, 0, 1, "no place of ISO 3166 by its name; left out"});
    }
    pages.push_back(std::move(page));
  }
  advice.pages += pages.size();
  const std::map<std::string, size_t> repeats = Repeats(pages);
  const size_t many = std::max(kFewestRepeats, pages.size() / kRepeatedShare);
  for (Page& page : pages) {
    if (page.places.empty()) continue;
    std::erase_if(page.paragraphs, [&](const PageParagraph& paragraph) {
      return repeats.at(text::NormalizeForMatch(paragraph.text)) >= many;
    });
    std::set<std::string> taken;
    for (PagePassage& piece : DividePage(page.paragraphs)) {
      Passage passage = {.id = "",
                         .places = page.places,
                         .topic = std::move(piece.topic),
                         .heading = std::move(piece.heading),
                         .text = std::move(piece.text),
                         .lang = "en",
                         .source = SourceOfPage(government, page.name)};
      passage.id = PassageId(passage);
      if (taken.insert(passage.id).second) advice.batch.passages.push_back(std::move(passage));
    }
  }
  return {};
}

}  // namespace

std::vector<std::string> PlacesOfPage(std::string_view name, const PlaceCatalogue& places) {
  std::vector<std::string> codes;
  if (AddNamed(name, places, codes)) return codes;
  // "Gambia, The", "Korea, Republic of (South Korea)", "Myanmar (Burma)": what stands in brackets
  // is another name, or tells which of two is meant.
  const size_t bracket = name.find('(');
  if (bracket != std::string_view::npos) {
    const size_t end = std::min(name.find(')', bracket), name.size());
    if (AddNamed(name.substr(bracket + 1, end - bracket - 1), places, codes)) return codes;
    if (AddNamed(name.substr(0, bracket), places, codes)) return codes;
    name = name.substr(0, bracket);
  }
  if (const size_t comma = name.find(", "); comma != std::string_view::npos) {
    const std::string turned = fmt::format("{} {}", name.substr(comma + 2), name.substr(0, comma));
    if (AddNamed(turned, places, codes)) return codes;
  }
  std::string list = Replaced(std::string(name), "_", ",");
  for (const std::string_view joint : {" and ", " & ", " - "}) list = Replaced(list, joint, ",");
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    (void)AddNamed(std::string_view(list).substr(begin, end - begin), places, codes);
    begin = end + 1;
  }
  return codes;
}

Expected<TravelAdvice> ReadTravelAdvice(const std::string& folder, const PlaceCatalogue& places) {
  TravelAdvice advice;
  advice.batch.name = "travel-advice";
  bool any = false;
  for (const Government& government : kGovernments) {
    const std::string pages = folder + "/" + government.folder;
    if (!DirectoryExists(pages)) continue;
    any = true;
    MORES_RETURN_IF_ERROR(ReadGovernment(government, pages, places, advice));
  }
  if (!any) {
    return MakeError(ErrorKind::kMissing,
                     "{}: none of the folders australia, canada, ireland, unitedkingdom, "
                     "unitedstates is there",
                     folder);
  }
  return advice;
}

}  // namespace mores::guidelines
