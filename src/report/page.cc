#include "report/page.h"

#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "report/page_assets.h"

namespace mores::report {
namespace {

Json MessagesOf(const Item& item) {
  Json messages = Json::array();
  for (const format::Turn& turn : item.turns) {
    messages.push_back(Json{{"role", format::Name(turn.role)}, {"content", turn.content}});
  }
  return messages;
}

Json OptionalNumber(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json CitedIn(const format::PlaceResult& result) {
  Json cited = Json::array();
  for (const format::GuidelineRef& guideline : result.guidelines) {
    cited.push_back(Json{{"id", guideline.id}, {"version", guideline.version}});
  }
  return cited;
}

Json PlaceOf(const format::PlaceResult& result) {
  Json json = {{"place", result.place},
               {"label", format::Name(result.label)},
               {"origin", format::Name(result.origin)},
               {"type", format::Name(result.response_type)},
               {"shown", result.shown.size()}};
  if (result.p_unsafe) json["p"] = *result.p_unsafe;
  if (result.basis) json["basis"] = format::Name(*result.basis);
  if (!result.critique.empty()) json["critique"] = result.critique;
  if (!result.guidelines.empty()) json["cited"] = CitedIn(result);
  if (!result.unsupported.empty()) json["unsupported"] = result.unsupported;
  if (result.coverage == format::Coverage::kLow) json["low_coverage"] = true;
  if (result.invented > 0) json["invented"] = result.invented;
  if (result.truncated) json["truncated"] = true;
  return json;
}

// What a server or a reader had to say of the reply, where there is anything.
void AddRemarks(const format::Verdict& verdict, Json& json) {
  if (verdict.unparsed_reason) json["unparsed_reason"] = format::Name(*verdict.unparsed_reason);
  if (!verdict.finish_reason.empty()) json["finish_reason"] = verdict.finish_reason;
  if (!verdict.refusal.empty()) json["refusal"] = verdict.refusal;
  if (!verdict.oddities.empty()) json["oddities"] = verdict.oddities;
  if (verdict.rule) json["rule"] = *verdict.rule;
  if (verdict.truncated) json["truncated"] = true;
}

// What both pages say of an item; fields that are absent, false or empty are left out, since a
// page may hold ten thousand items.
Json CommonItem(const Item& item, const Collection& collection, PageContent content) {
  const format::Verdict& verdict = item.verdict;
  Json json = {
      {"id", verdict.id}, {"set", collection.sets[item.set]}, {"lang", text::Name(verdict.lang)}};
  if (verdict.expected) json["expected"] = format::Name(*verdict.expected);
  if (!item.category.empty()) json["category"] = item.category;
  if (item.refuses) json["refuses"] = true;
  if (content == PageContent::kWithText && item.has_text()) json["messages"] = MessagesOf(item);
  return json;
}

Json VerdictOf(const Item& item) {
  const format::Verdict& verdict = item.verdict;
  Json json = {{"label", format::Name(verdict.label)},
               {"p", OptionalNumber(verdict.p_unsafe)},
               {"threshold", verdict.threshold}};
  if (verdict.other_mass && *verdict.other_mass > 0) json["other"] = *verdict.other_mass;
  if (!verdict.critique.empty()) json["critique"] = verdict.critique;
  if (item.stored_label != verdict.label) json["stored"] = format::Name(item.stored_label);
  AddRemarks(verdict, json);
  if (verdict.findings) {
    Json& places = json["places"] = Json::array();
    for (const format::PlaceResult& result : verdict.findings->places) {
      places.push_back(PlaceOf(result));
    }
    json["as_of"] = verdict.findings->as_of;
  }
  if (verdict.reviewed) {
    json["reviewed"] = Json{{"label", format::Name(verdict.reviewed->label)},
                            {"by", verdict.reviewed->by},
                            {"reason", verdict.reviewed->reason}};
  }
  return json;
}

void DropCritiques(Json& verdict) {
  verdict.erase("critique");
  if (!verdict.contains("places")) return;
  for (Json& place : verdict["places"]) place.erase("critique");
}

// The items that flip in general or in a place, or whose finding there rests on something else.
std::vector<bool> ChangedItems(const Comparison& comparison) {
  std::vector<bool> changed;
  for (const ComparedItem& item : comparison.items) {
    changed.push_back(item.flipped() || item.flipped_in_place);
  }
  for (const ComparedPlace& place : comparison.places) {
    if (place.first == nullptr || place.second == nullptr) continue;
    if (place.first->basis != place.second->basis) changed[place.item] = true;
  }
  return changed;
}

std::string Base64OfHex(std::string_view hex) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto nibble = [](char c) {
    return static_cast<uint32_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::string out;
  // Three bytes, six hex digits, four digits of base 64; SHA-256 ends in two bytes.
  for (size_t i = 0; i < hex.size(); i += 6) {
    uint32_t bits = 0;
    for (size_t j = 0; j < 6; ++j) bits = bits << 4 | (i + j < hex.size() ? nibble(hex[i + j]) : 0);
    const size_t digits = i + 6 <= hex.size() ? 4 : i + 4 <= hex.size() ? 3 : 2;
    for (size_t j = 0; j < 4; ++j) out += j < digits ? kDigits[bits >> (18 - 6 * j) & 63] : '=';
  }
  return out;
}

// Nothing may be fetched, and of scripts and styles only these very ones run.
std::string ContentPolicy(std::string_view style, std::string_view script) {
  return fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; "
      "form-action 'none'",
      Base64OfHex(Sha256Hex(style)), Base64OfHex(Sha256Hex(script)));
}

// Fills the template's slots, each once and in order, so that what is put into one is never read
// for another.
std::string Fill(std::string_view page,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> slots) {
  std::string out;
  for (const auto& [slot, value] : slots) {
    const size_t at = page.find(slot);
    MORES_CHECK(at != std::string_view::npos);
    out += page.substr(0, at);
    out += value;
    page.remove_prefix(at + slot.size());
  }
  out += page;
  return out;
}

std::string Assemble(const Json& data, std::string_view title,
                     std::initializer_list<std::string_view> page_scripts) {
  std::string script =
      fmt::format("{}{}{}{}", kStringsScript, kFigureStringsScript, kCommonScript, kItemsScript);
  for (const std::string_view part : page_scripts) script += part;
  return Fill(kPageTemplate, {{"{{policy}}", ContentPolicy(kPageStyle, script)},
                              {"{{title}}", title},
                              {"{{style}}", kPageStyle},
                              {"{{data}}", EscapeForScript(DumpJson(data))},
                              {"{{script}}", script}});
}

// Blank, or able to change how the source around it reads.
bool MustEscape(uint32_t code_point) {
  return code_point == 0x7F || code_point == 0x61C || code_point == 0xFEFF ||
         (code_point >= 0x80 && code_point <= 0x9F) ||
         (code_point >= 0x200B && code_point <= 0x200F) ||
         (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2060 && code_point <= 0x206F);
}

}  // namespace

std::string EscapeForScript(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  for (size_t i = 0; i < json.size();) {
    const auto byte = static_cast<unsigned char>(json[i]);
    // Only characters of up to three bytes are ever escaped; the JSON is valid UTF-8.
    const size_t length = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    uint32_t code_point = byte;
    if (length == 2 || length == 3) {
      code_point = length == 2 ? byte & 0x1Fu : byte & 0x0Fu;
      for (size_t j = 1; j < length && i + j < json.size(); ++j) {
        code_point = code_point << 6 | (static_cast<unsigned char>(json[i + j]) & 0x3Fu);
      }
    }
    if (byte == '<' || byte == '>' || byte == '&' || (length < 4 && MustEscape(code_point))) {
      out += fmt::format("\\u{:04x}", code_point);
    } else {
      out += json.substr(i, length);
    }
    i += length;
  }
  return out;
}

std::string RenderReportPage(const Report& report, PageContent content) {
  Json items = Json::array();
  for (const Item& item : report.collection.items) {
    Json json = CommonItem(item, report.collection, content);
    json.update(VerdictOf(item));
    items.push_back(std::move(json));
  }
  const Json data = {{"summary", Summarize(report)},
                     {"with_text", content == PageContent::kWithText},
                     {"items", std::move(items)}};
  return Assemble(data, "Safety report", {kFiguresScript, kReportScript});
}

std::string RenderComparePage(const Comparison& comparison, PageContent content) {
  const std::vector<bool> changed = ChangedItems(comparison);
  Json items = Json::array();
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    const ComparedItem& item = comparison.items[i];
    // Of items that didn't change only the numbers are shown.
    Json json =
        CommonItem(*item.first, comparison.first, changed[i] ? content : PageContent::kNoText);
    json.erase("expected");
    if (const auto gold = item.gold()) {
      json["expected"] = format::Name(*gold);
    } else if (item.first->has_gold()) {
      json["disputed"] = true;  // one of the two says unsafe
    }
    json["first"] = VerdictOf(*item.first);
    json["second"] = VerdictOf(*item.second);
    if (!changed[i]) {
      for (const char* side : {"first", "second"}) DropCritiques(json[side]);
    }
    items.push_back(std::move(json));
  }
  const Json data = {{"summary", Summarize(comparison)},
                     {"with_text", content == PageContent::kWithText},
                     {"items", std::move(items)}};
  return Assemble(data, "Comparison of verdicts", {kCompareScript});
}

std::string RenderMetaPage(const Json& summary, const Json& lines, PageContent content) {
  Json items = lines;
  for (Json& item : items) {
    if (content == PageContent::kNoText) item.erase("messages");
  }
  const Json data = {{"summary", summary},
                     {"with_text", content == PageContent::kWithText},
                     {"items", std::move(items)}};
  return Assemble(data, "Critiques, measured", {kMetaScript});
}

}  // namespace mores::report
