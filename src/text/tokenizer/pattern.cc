#include "text/tokenizer/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "text/tokenizer/pattern_syntax.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

using Clock = std::chrono::steady_clock;

// Steps from one start; a long run of letters may take a few for each of its bytes.
constexpr uint32_t kLeastSteps = 1'000'000;
constexpr size_t kStepsPerByte = 16;
constexpr uint32_t kProbeSteps = 100'000;
constexpr uint32_t kHeapKib = 64 * 1024;
// Starts that one call may try. The clock is read between calls, and a slow one narrows the next.
constexpr size_t kWindow = 4096;
constexpr auto kSlow = std::chrono::milliseconds(5);

struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};
struct FreeJitStack {
  void operator()(pcre2_jit_stack* stack) const { pcre2_jit_stack_free(stack); }
};

// What matching needs beside the pattern; one for each thread.
struct MatchScratch {
  std::unique_ptr<pcre2_match_data, FreeMatchData> data{pcre2_match_data_create(1, nullptr)};
  std::unique_ptr<pcre2_match_context, FreeMatchContext> context{
      pcre2_match_context_create(nullptr)};
  std::unique_ptr<pcre2_jit_stack, FreeJitStack> stack{
      pcre2_jit_stack_create(size_t{32} << 10, size_t{8} << 20, nullptr)};

  MatchScratch() {
    MORES_CHECK(data && context);
    if (stack) pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    pcre2_set_heap_limit(context.get(), kHeapKib);
  }
};

MatchScratch& ThreadMatchScratch() {
  static thread_local MatchScratch scratch;
  return scratch;
}

std::string MessageOf(int code) {
  std::array<PCRE2_UCHAR, 160> text{};
  pcre2_get_error_message(code, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

PatternBudget::PatternBudget(size_t text_size)
    : end_(Clock::now() + std::chrono::seconds(2) +
           std::chrono::microseconds(10 * static_cast<int64_t>(text_size))) {}

bool PatternBudget::Exhausted() const { return Clock::now() >= end_; }

struct Pattern::Code {
  pcre2_code* code = nullptr;
  ~Code() { pcre2_code_free(code); }

  static Expected<std::unique_ptr<Code>> Compile(const std::string& pattern, uint32_t options,
                                                 std::string_view where) {
    std::unique_ptr<pcre2_compile_context, decltype(&pcre2_compile_context_free)> context(
        pcre2_compile_context_create(nullptr), &pcre2_compile_context_free);
    pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
    int error = 0;
    PCRE2_SIZE offset = 0;
    auto result = std::make_unique<Code>();
    result->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                 options | PCRE2_UTF | PCRE2_UCP | PCRE2_USE_OFFSET_LIMIT, &error,
                                 &offset, context.get());
    if (result->code == nullptr) {
      return MakeError(ErrorKind::kUnsupported, "{}: this pattern is not supported: {}", where,
                       MessageOf(error));
    }
    // Without JIT the interpreter matches alike, only slower.
    pcre2_jit_compile(result->code, PCRE2_JIT_COMPLETE);
    return result;
  }

  // PCRE2's answer for starts in [from, from + window).
  int Match(std::string_view utf8, size_t from, size_t window, uint32_t steps) const {
    MatchScratch& scratch = ThreadMatchScratch();
    pcre2_set_match_limit(scratch.context.get(), steps);
    pcre2_set_depth_limit(scratch.context.get(), steps);
    pcre2_set_offset_limit(scratch.context.get(), from + window - 1);
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(utf8.data());
    const auto match = [&](uint32_t options) {
      return pcre2_match(code, subject, utf8.size(), from, options | PCRE2_NO_UTF_CHECK,
                         scratch.data.get(), scratch.context.get());
    };
    const int answer = match(0);
    return answer == PCRE2_ERROR_JIT_STACKLIMIT ? match(PCRE2_NO_JIT) : answer;
  }

  // Short texts on which a pattern that repeats a repeat needs steps beyond all bounds.
  bool BacktracksWithoutEnd() const {
    constexpr std::string_view kRuns[] = {"a",  "A", "aA",     "1",  " ",  "\n",  "\'",
                                          "\"", "_", "\u4e00", "a1", "a ", " \n", "-"};
    constexpr std::string_view kEnds[] = {"", "a", "1", " ", "\n", "!", "\x01", "\u00e9"};
    for (const std::string_view run : kRuns) {
      std::string text;
      for (int i = 0; i < 48; ++i) text += run;
      const size_t size = text.size();
      for (const std::string_view end : kEnds) {
        text.resize(size);
        text += end;
        if (Match(text, 0, 1, kProbeSteps) < PCRE2_ERROR_NOMATCH) return true;
      }
    }
    return false;
  }
};

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Expected<Pattern> Pattern::Regex(std::string_view pattern, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const std::string rewritten, RewritePattern(pattern, where));
  // Without its shortcuts for texts that lack a character, PCRE2 shows how a pattern backtracks.
  MORES_ASSIGN_OR_RETURN(const auto probe,
                         Code::Compile(rewritten, PCRE2_NO_START_OPTIMIZE, where));
  if (probe->BacktracksWithoutEnd()) {
    return MakeError(ErrorKind::kUnsupported, "{}: this pattern backtracks without end", where);
  }
  Pattern result;
  MORES_ASSIGN_OR_RETURN(result.code_, Code::Compile(rewritten, /*options=*/0, where));
  return result;
}

Pattern Pattern::Literal(std::string_view text) {
  MORES_CHECK(!text.empty());
  Pattern result;
  result.literal_ = text;
  return result;
}

Pattern::Outcome Pattern::Find(std::string_view utf8, size_t from, const PatternBudget& budget,
                               Stretch& match) const {
  if (!code_) {
    match.begin = utf8.find(literal_, from);
    match.end = match.begin + literal_.size();
    return match.begin == std::string_view::npos ? Outcome::kNone : Outcome::kFound;
  }
  const size_t most = kLeastSteps + std::min<size_t>(utf8.size() * kStepsPerByte, 1U << 31);
  size_t window = kWindow;
  while (from <= utf8.size()) {
    const auto start = Clock::now();
    const int answer = code_->Match(utf8, from, window, static_cast<uint32_t>(most));
    if (answer >= 0) {
      const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(ThreadMatchScratch().data.get());
      match.begin = ends[0];
      match.end = ends[1];
      return Outcome::kFound;
    }
    if (answer != PCRE2_ERROR_NOMATCH || budget.Exhausted()) return Outcome::kGivenUp;
    from += window;
    while (from < utf8.size() && (static_cast<unsigned char>(utf8[from]) & 0xC0) == 0x80) ++from;
    if (Clock::now() - start > kSlow) window = std::max<size_t>(window / 16, 1);
  }
  return Outcome::kNone;
}

void Pattern::Cut(std::string_view utf8, const PatternBudget& budget,
                  std::vector<Stretch>& stretches) const {
  stretches.clear();
  size_t from = 0, done = 0;
  size_t last_end = std::string_view::npos;
  for (size_t count = 0; from <= utf8.size(); ++count) {
    Stretch match{.matched = true};
    if (count % 1024 == 1023 && budget.Exhausted()) break;
    if (Find(utf8, from, budget, match) != Outcome::kFound) break;
    if (match.begin == match.end && match.end == last_end) {
      // An empty match where the last one ended is none; go on behind the next character.
      from = match.end < utf8.size() ? match.end + CharacterSize(utf8[match.end]) : match.end + 1;
      continue;
    }
    if (match.begin > done) stretches.push_back({done, match.begin, false});
    stretches.push_back(match);
    from = done = last_end = match.end;
  }
  if (done < utf8.size()) stretches.push_back({done, utf8.size(), false});
}

}  // namespace mores::text
