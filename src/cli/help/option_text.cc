#include "cli/help/option_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace mores::cli {
namespace {

constexpr std::string_view kFiles = "Input and output", kAsked = "What is asked",
                           kPlaces = "Places", kGates = "Gates", kFigures = "Figures",
                           kGuidelines = "Guidelines", kSampling = "Sampling",
                           kEndpoints = "Endpoints", kVectors = "Vectors", kEngine = "Engine",
                           kOther = "Other", kHelp = "Help";
constexpr std::array kGroupOrder = {kFiles,    kAsked,     kPlaces,  kGuidelines, kGates, kFigures,
                                    kSampling, kEndpoints, kVectors, kEngine,     kOther, kHelp};

struct KnownOption {
  std::string_view name, group;
  std::string_view value;  // what its value is called; empty: by its type
};

constexpr KnownOption kKnown[] = {
    {"output", kFiles, "FILE"},
    {"page", kFiles, "FILE"},
    {"csv", kFiles, "FILE"},
    {"verdicts-csv", kFiles, "FILE"},
    {"junit", kGates, "FILE"},
    {"critiques", kFiles, "FILE"},
    {"references", kFiles, "FILE"},
    {"labels", kFiles, "FILE"},
    {"rulings", kFiles, "FILE"},
    {"annotations", kFiles, "FILE"},
    {"examples", kFiles, "FILE"},
    {"data", kFiles, "DIR"},
    {"data-root", kFiles, "DIR"},
    {"report", kFiles, "FILE"},
    {"file", kFiles, "FILE"},
    {"limit", kFiles, ""},
    {"query", kFiles, "TEXT"},
    {"response", kFiles, "TEXT"},
    {"format", kFiles, ""},
    {"sort", kFiles, ""},
    {"fresh", kFiles, ""},
    {"table", kFiles, ""},
    {"show-text", kFiles, ""},
    {"json", kFiles, ""},
    {"no-content", kFiles, ""},
    {"bytes", kFiles, ""},
    {"special", kFiles, ""},
    {"no-bos", kFiles, ""},
    {"layers", kFiles, "N"},
    {"keep-ties", kFiles, ""},
    {"drop-if", kFiles, "CONDITION"},
    {"dtype", kFiles, ""},
    {"shard-gb", kFiles, ""},
    {"lossy", kFiles, ""},
    {"only-adapter", kFiles, ""},
    {"via", kFiles, ""},
    {"to", kFiles, "FOLDER"},
    {"force", kFiles, ""},
    {"items", kFiles, ""},
    {"tokens", kFiles, ""},
    {"lang", kAsked, ""},
    {"model", kAsked, "MODEL"},
    {"writer", kAsked, "MODEL"},
    {"profile", kAsked, "NAME"},
    {"prompt-dir", kAsked, "DIR"},
    {"rules", kAsked, "FILE"},
    {"label-only", kAsked, ""},
    {"no-category-scores", kAsked, ""},
    {"threshold", kAsked, "T"},
    {"order", kAsked, ""},
    {"turns", kAsked, ""},
    {"feedback", kAsked, ""},
    {"rounds", kAsked, ""},
    {"count", kAsked, ""},
    {"chat-format", kAsked, "NAME"},
    {"max-reply-tokens", kAsked, ""},
    {"max-response-tokens", kAsked, ""},
    {"top-logprobs", kAsked, ""},
    {"db", kPlaces, "FILE"},
    {"place", kPlaces, "PLACE"},
    {"infer-places", kPlaces, ""},
    {"swap", kPlaces, "PLACE,PLACE"},
    {"as-of", kPlaces, "DAY"},
    {"guidelines-shown", kPlaces, ""},
    {"countries", kPlaces, ""},
    {"trust-imports", kPlaces, ""},
    {"by", kGuidelines, "NAME"},
    {"reason", kGuidelines, "TEXT"},
    {"id", kGuidelines, "ID"},
    {"kind", kGuidelines, ""},
    {"topic", kGuidelines, "TEXT"},
    {"text", kGuidelines, "TEXT"},
    {"status", kGuidelines, ""},
    {"keep-status", kGuidelines, ""},
    {"redistributable", kGuidelines, ""},
    {"polarity", kGuidelines, ""},
    {"group", kGuidelines, "GROUP"},
    {"valid-from", kGuidelines, "DAY"},
    {"valid-to", kGuidelines, "DAY"},
    {"passage", kGuidelines, "ID"},
    {"source-title", kGuidelines, "TEXT"},
    {"source-publisher", kGuidelines, "NAME"},
    {"source-address", kGuidelines, "URL"},
    {"source-date", kGuidelines, "DAY"},
    {"source-licence", kGuidelines, "NAME"},
    {"source-redistributable", kGuidelines, ""},
    {"only", kGuidelines, ""},
    {"trusted", kGuidelines, ""},
    {"change", kGuidelines, ""},
    {"reviewer", kGuidelines, "NAME"},
    {"adjudicator", kGuidelines, "NAME"},
    {"from", kGuidelines, "PLACE"},
    {"ruling", kGuidelines, ""},
    {"unanimous", kGuidelines, ""},
    {"fail-if", kGates, "BOUND"},
    {"pairs", kFigures, "FIELD"},
    {"baseline-train", kFigures, "FILE"},
    {"save-baseline", kFigures, "FILE"},
    {"baseline-model", kFigures, "FILE"},
    {"seed", kFigures, ""},
    {"max-new-tokens", kSampling, ""},
    {"temperature", kSampling, ""},
    {"top-p", kSampling, ""},
    {"in-flight", kEndpoints, ""},
    {"timeout", kEndpoints, "SECONDS"},
    {"deadline", kEndpoints, "SECONDS"},
    {"rate", kEndpoints, ""},
    {"price-in", kEndpoints, "PRICE"},
    {"price-out", kEndpoints, "PRICE"},
    {"max-cost", kEndpoints, "COST"},
    {"max-requests", kEndpoints, ""},
    {"extra-body", kEndpoints, "JSON"},
    {"cache", kEndpoints, "FILE"},
    {"embed", kVectors, "URL"},
    {"query-prefix", kVectors, "TEXT"},
    {"document-prefix", kVectors, "TEXT"},
    {"precision", kEngine, ""},
    {"isa", kEngine, ""},
    {"threads", kEngine, ""},
    {"adapter", kEngine, "PATH"},
    {"chunk-tokens", kEngine, ""},
    {"batch-tokens", kEngine, ""},
    {"help", kHelp, ""},
};

std::string MainName(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  return option.get_snames().empty() ? option.get_name() : option.get_snames().front();
}

const KnownOption* Find(const CLI::Option& option) {
  const std::string name = MainName(option);
  const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                   [&](const KnownOption& known) { return known.name == name; });
  return found == std::end(kKnown) ? nullptr : found;
}

// "bf16" of CLI11's "TEXT:{bf16,f32}".
std::string_view TypeWord(std::string_view type) { return type.substr(0, type.find(':')); }

bool IsFlag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c == '_' ? '-' : static_cast<char>(std::toupper(c));
  });
  return text;
}

}  // namespace

std::string_view GroupOf(const CLI::Option& option) {
  // Where a command says it, since the name means something else in others.
  const auto* said = std::find(kGroupOrder.begin(), kGroupOrder.end(), option.get_group());
  if (said != kGroupOrder.end()) return *said;
  const KnownOption* known = Find(option);
  // "--version" of the whole program, and of a guideline.
  if (known == nullptr && MainName(option) == "version") {
    return IsFlag(option) ? kHelp : kGuidelines;
  }
  return known == nullptr ? kOther : known->group;
}

std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.rfind('}');
  std::vector<std::string> choices;
  if (open == std::string::npos || close == std::string::npos || close < open) return choices;
  for (size_t begin = open + 1; begin < close;) {
    const size_t end = std::min(type.find(',', begin), close);
    choices.push_back(type.substr(begin, end - begin));
    begin = end + 1;
  }
  return choices;
}

std::string ValueName(const CLI::Option& option) {
  if (IsFlag(option)) return "";
  constexpr size_t kLongest = 36;
  const std::string choices = fmt::format("{}", fmt::join(ChoicesOf(option), "|"));
  if (!choices.empty() && choices.size() <= kLongest) return choices;
  const KnownOption* known = Find(option);
  if (known != nullptr && !known->value.empty()) return std::string(known->value);
  const std::string type = option.get_type_name();
  const std::string_view word = TypeWord(type);
  if (word == "INT" || word == "UINT") return "N";
  if (word == "FLOAT") return "X";
  return choices.empty() ? "TEXT" : "NAME";
}

std::vector<std::string> NamesOf(const CLI::Option& option) {
  std::vector<std::string> names;
  if (!option.get_snames().empty()) names.push_back("-" + option.get_snames().front());
  if (!option.get_lnames().empty()) names.push_back("--" + option.get_lnames().front());
  return names;
}

std::string DescriptionOf(const CLI::Option& option) {
  std::string text = option.get_description();
  const std::vector<std::string> choices = ChoicesOf(option);
  if (!choices.empty() && ValueName(option).find('|') == std::string::npos) {
    text += fmt::format(": {}", fmt::join(choices, ", "));
  }
  if (option.get_required()) text += " (required)";
  const auto& names = option.get_lnames();
  if (names.size() > 1) {
    text +=
        fmt::format(" (also --{})", fmt::join(std::vector(names.begin() + 1, names.end()), ", --"));
  }
  std::string value = option.get_default_str();
  if (value.starts_with('[') && value.ends_with(']')) value = value.substr(1, value.size() - 2);
  if (!value.empty()) text += fmt::format(" [{}]", value);
  return text;
}

std::vector<OptionGroup> OptionGroupsOf(const CLI::App& command) {
  std::vector<OptionGroup> groups;
  for (const std::string_view name : kGroupOrder) {
    OptionGroup group{.name = name};
    for (const CLI::Option* option : command.get_options()) {
      if (option->nonpositional() && !option->get_group().empty() && GroupOf(*option) == name) {
        group.options.push_back(option);
      }
    }
    // As the table has them: the everyday ones first.
    std::stable_sort(group.options.begin(), group.options.end(),
                     [](const CLI::Option* a, const CLI::Option* b) {
                       const KnownOption* first = Find(*a);
                       const KnownOption* second = Find(*b);
                       return first != nullptr && second != nullptr && first < second;
                     });
    if (!group.options.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<const CLI::Option*> ArgumentsOf(const CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

std::string ArgumentName(const CLI::Option& argument) { return Upper(argument.get_name(true)); }

std::string UsageOf(const CLI::App& command) {
  std::string usage = "[OPTIONS]";
  for (const CLI::Option* argument : ArgumentsOf(command)) {
    std::string name = ArgumentName(*argument);
    if (argument->get_items_expected_max() > 1) name += "...";
    usage += argument->get_required() ? " " + name : " [" + name + "]";
  }
  if (!CommandsOf(command).empty()) {
    usage += command.get_require_subcommand_min() > 0 ? " COMMAND" : " [COMMAND]";
  }
  return usage;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App* below) { return !below->get_name().empty(); });
}

std::string ExampleOf(const CLI::App& command) {
  const std::string footer = command.get_footer();
  const size_t begin = footer.find_first_not_of('\n');
  return begin == std::string::npos ? "" : footer.substr(begin);
}

}  // namespace mores::cli
