// Negation of Chinese claims by small rules: from the left, the first negation outside quotes is
// taken away, or the first verb, copula or auxiliary is negated, whichever comes first. Words are
// not segmented, so a list says where a character is no word of its own.
#include <array>
#include <utility>

#include "meta/probes_rewrite.h"
#include "text/utf8.h"

namespace mores::meta {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Not what they look like: skipped as a whole. Within all lists the longest match counts.
constexpr std::string_view kWhole[] = {
    "未来",   "未经",   "未成年",   "未必", "未知", "未婚",    "未免",   "不同",     "不过",
    "不仅",   "不但",   "不断",     "不管", "不论", "不如",    "不良",   "不当",     "不满",
    "不少",   "不得不", "不可避免", "不只", "不光", "不由",    "不便",   "不幸",     "不法",
    "不利",   "不足",   "不妥",     "不久", "不禁", "不安",    "不适",   "不可或缺", "是否",
    "但是",   "于是",   "还是",     "只是", "可是", "总是",    "尤其是", "特别是",   "或是",
    "而是",   "凡是",   "所有",     "拥有", "只有", "含有",    "有效",   "有害",     "有关",
    "有时",   "有些",   "有限",     "有趣", "有意", "会话",    "社会",   "机会",     "会议",
    "误会",   "学会",   "体会",     "领会", "能力", "功能",    "性能",   "智能",     "能量",
    "可能性", "才能",   "只能",     "需求", "应对", "响应",    "反应",   "适应",     "应用",
    "供应",   "相应",   "对应",     "沉没", "埋没", "大会",    "国会",   "不会儿",   "一会儿",
    "使用者", "支持者", "建议书",   "现有", "没收", "不可思议"};

// Negations, and what stands there without them.
constexpr Pair kNegations[] = {
    {"并不是", "是"},   {"不是", "是"},     {"并非是", "是"},   {"并非", "是"},
    {"并没有", "没有"}, {"没有", "没有"},   {"并未能", "能够"}, {"未能", "能够"},
    {"并未", ""},       {"尚未", "已经"},   {"从未", "曾经"},   {"未曾", "曾"},
    {"未", ""},         {"没", ""},         {"并不", ""},       {"无法", "能够"},
    {"不得", "可以"},   {"不必", "必须"},   {"不用", "需要"},   {"不要", "要"},
    {"不安全", "安全"}, {"不适合", "适合"}, {"不适当", "适当"}, {"不适用", "适用"},
    {"不", ""},         {"毫无", "有"}};

// Copulas, auxiliaries and states, and what they are negated.
constexpr Pair kNegated[] = {
    {"是", "不是"},       {"应该", "不应该"},   {"应当", "不应当"},     {"应", "不应"},
    {"可以", "不可以"},   {"可能", "不可能"},   {"能够", "不能够"},     {"能", "不能"},
    {"会", "不会"},       {"需要", "不需要"},   {"必须", "不必"},       {"愿意", "不愿意"},
    {"有助于", "无助于"}, {"有利于", "不利于"}, {"有可能", "没有可能"}, {"有", "没有"},
    {"属于", "不属于"},   {"存在", "不存在"},   {"具有", "不具有"},     {"具备", "不具备"},
    {"符合", "不符合"},   {"值得", "不值得"},   {"适合", "不适合"},     {"显得", "不显得"},
    {"缺乏", "不缺乏"},   {"缺少", "不缺少"},   {"带有", "不带有"},     {"倾向于", "不倾向于"}};

// Negated by 没有, before which a 了 behind them does not stand.
constexpr std::string_view kActions[] = {
    "提供", "建议", "提到", "提及", "提出", "提醒", "指出", "强调", "表示", "表达", "表明", "表现",
    "认为", "包含", "包括", "鼓励", "拒绝", "解释", "说明", "给出", "给予", "使用", "采用", "考虑",
    "承认", "回答", "回应", "讨论", "支持", "尊重", "忽视", "忽略", "关注", "介绍", "描述", "展示",
    "展现", "体现", "显示", "引导", "误导", "传播", "传达", "促进", "推动", "帮助", "协助", "试图",
    "尝试", "希望", "要求", "询问", "告诉", "告知", "分享", "列举", "列出", "分析", "批评", "谴责",
    "贬低", "歧视", "侮辱", "攻击", "威胁", "伤害", "侵犯", "泄露", "反映", "暗示", "导致", "造成",
    "引发", "引起", "加剧", "增加", "减少", "避免", "保持", "遵守", "遵循", "注重", "重视", "理解",
    "同情", "安慰", "肯定", "赞扬", "否认", "质疑", "反对", "同意", "承诺", "推荐", "澄清", "纠正",
    "涉及", "违反", "影响", "宣扬", "煽动", "嘲笑", "讽刺", "美化", "认同", "提倡", "隐瞒", "透露"};

// Behind or before one of these an action is a noun, or belongs to a noun.
constexpr std::string_view kBehindNoun[] = {
    "的", "是", "中", "和",   "与", "、", "，", "。", "也", "都",   "可", "会", "能",
    "没", "不", "被", "以及", "时", "后", "或", "性", "者", "方面", "很", "较"};
constexpr std::string_view kBeforeNoun[] = {"的", "在", "些", "个", "种", "条", "、", "和", "与"};

constexpr std::string_view kChineseOpeners[] = {
    "如果", "虽然", "由于", "因为", "尽管", "当",   "通过", "在",   "为了", "对于",
    "根据", "即使", "除了", "作为", "随着", "关于", "针对", "既然", "若"};
constexpr std::string_view kComma = "，", kPerfective = "了";

template <size_t N>
std::string_view LongestPrefix(const std::string_view (&list)[N], std::string_view text) {
  std::string_view best;
  for (const std::string_view one : list) {
    if (one.size() > best.size() && text.starts_with(one)) best = one;
  }
  return best;
}

template <size_t N>
Pair LongestPrefix(const Pair (&list)[N], std::string_view text) {
  Pair best;
  for (const Pair& one : list) {
    if (one.first.size() > best.first.size() && text.starts_with(one.first)) best = one;
  }
  return best;
}

template <size_t N>
bool EndsWithOneOf(const std::string_view (&list)[N], std::string_view text) {
  for (const std::string_view one : list) {
    if (text.ends_with(one)) return true;
  }
  return false;
}

// The first character of the clause that follows an opening such as 如果…，
size_t MainClause(std::string_view claim) {
  if (LongestPrefix(kChineseOpeners, claim).empty()) return 0;
  const size_t comma = claim.find(kComma);
  return comma == std::string_view::npos ? 0 : comma + kComma.size();
}

// Past the quoted part that begins at `i`, or `i` where none does or it has no end.
size_t PastQuote(std::string_view claim, size_t i) {
  constexpr Pair kQuotes[] = {{"“", "”"}, {"「", "」"}, {"『", "』"}, {"《", "》"}, {"\"", "\""}};
  const Pair quote = LongestPrefix(kQuotes, claim.substr(i));
  if (quote.first.empty()) return i;
  const size_t end = claim.find(quote.second, i + quote.first.size());
  return end == std::string_view::npos ? i : end + quote.second.size();
}

std::string Join(std::string_view before, std::string_view middle, std::string_view after) {
  std::string out(before);
  out += middle;
  out += after;
  return out;
}

// Without the negation at the end of `before`; 任何 behind it needs one and gives way.
std::string Affirm(std::string_view before, Pair negation, std::string_view after) {
  constexpr std::string_view kAny = "任何", kSome = "某些";
  std::string_view middle = negation.second;
  if (middle == "没有") {
    // Of an action it says that it did not happen, else that there is none.
    constexpr std::string_view kPrepositions[] = {"对", "在", "给", "向",   "为",   "把",   "将",
                                                  "就", "以", "从", "直接", "明确", "充分", "具体"};
    const bool action =
        !LongestPrefix(kActions, after).empty() || !LongestPrefix(kPrepositions, after).empty();
    middle = action ? "" : "有";
  }
  std::string rest(after);
  if (const size_t any = rest.find(kAny); any != std::string::npos) {
    rest.replace(any, kAny.size(), kSome);
  }
  return Join(before, middle, rest);
}

}  // namespace

std::optional<std::string> NegateChineseByRule(std::string_view claim) {
  for (const std::string_view not_only : {"不仅", "不但", "不只", "不光"}) {
    // Says two things, of which a toggled verb would negate one.
    if (claim.find(not_only) != std::string_view::npos) return std::nullopt;
  }
  for (size_t i = MainClause(claim); i < claim.size();) {
    if (const size_t past = PastQuote(claim, i); past != i) {
      i = past;
      continue;
    }
    const std::string_view before = claim.substr(0, i), rest = claim.substr(i);
    const std::string_view whole = LongestPrefix(kWhole, rest);
    const Pair negation = LongestPrefix(kNegations, rest);
    const Pair negated = LongestPrefix(kNegated, rest);
    const std::string_view action = LongestPrefix(kActions, rest);
    if (!negation.first.empty() && negation.first.size() > whole.size()) {
      return Affirm(before, negation, rest.substr(negation.first.size()));
    }
    if (!negated.first.empty() && negated.first.size() > whole.size() &&
        negated.first.size() >= action.size()) {
      return Join(before, negated.second, rest.substr(negated.first.size()));
    }
    if (!whole.empty()) {
      i += whole.size();
      continue;
    }
    if (!action.empty()) {
      std::string_view after = rest.substr(action.size());
      const bool noun = after.empty() || !LongestPrefix(kBehindNoun, after).empty() ||
                        EndsWithOneOf(kBeforeNoun, before);
      if (!noun) {
        if (after.starts_with(kPerfective)) after.remove_prefix(kPerfective.size());
        return Join(before, Join("没有", action, ""), after);
      }
      i += action.size();
      continue;
    }
    i += text::CharacterSize(claim[i]);
  }
  return std::nullopt;
}

std::string FrameNegationChinese(std::string_view claim) { return Join("并非", claim, ""); }

}  // namespace mores::meta
