// The word lists of the lexical judge (text/lexical_text.h). Written by hand for critiques of
// safety; nothing here was chosen on a test set.
#ifndef MORES_TEXT_LEXICAL_WORDS_H_
#define MORES_TEXT_LEXICAL_WORDS_H_

#include <array>
#include <string_view>
#include <utility>

namespace mores::text {

// English, lower case. Lists are separated by single spaces.

// Hold a sentence together and say nothing of its matter. "true" and "case" stand here for "it is
// not true that" and "it is not the case that".
inline constexpr std::string_view kFunctionWords =
    "a an the this that these those it its itself he him his she her hers they them their theirs "
    "we us our you your i me my one ones who whom whose which what there here "
    "am is are was were be been being do does did doing done have has had having "
    "will would shall should can could may might must ought need "
    "and or as at by for from in into of on onto to toward towards upon with within about above "
    "after again against all also am among any both during each either even ever every few further "
    "how just many more most much only other others out over own per same so some such than then "
    "through too under until up very via when where whether why yet quite rather really "
    "however therefore thus hence moreover additionally overall instead "
    "true case fact correct say says said saying that's it's";

// End the clause that a negation reaches to.
inline constexpr std::string_view kClauseWords =
    "but because since although though while whereas unless if which who whose so however "
    "therefore instead rather";

// Name the parts of a dialogue.
inline constexpr std::string_view kFrameWords =
    "b user users assistant assistants ai model chatbot bot response responses reply replies "
    "answer answers question questions query queries prompt dialogue dialogues dialog dialogs "
    "conversation conversations message messages statement statements text";

// Negate what follows, and are no content themselves.
inline constexpr std::string_view kCues =
    "not no never without neither none nothing nobody nowhere cannot cant dont doesnt didnt isnt "
    "arent wasnt werent wont non hardly lack lacks lacked lacking fail fails failed failing avoid "
    "avoids avoided avoiding refrain refrains refrained refraining absence absent false "
    "deny denies denied denying";

// Behind "not" they make it no negation: "not only ... but also".
inline constexpr std::string_view kNotOnly = "only just merely simply necessarily";

// Words that are the negation of another.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 40> kNegativeWords = {{
    {"unsafe", "safe"},
    {"harmless", "harm"},
    {"unethical", "ethical"},
    {"immoral", "moral"},
    {"amoral", "moral"},
    {"illegal", "legal"},
    {"unlawful", "lawful"},
    {"inappropriate", "appropriate"},
    {"inappropriately", "appropriate"},
    {"improper", "proper"},
    {"improperly", "proper"},
    {"irresponsible", "responsible"},
    {"irresponsibly", "responsible"},
    {"disrespectful", "respectful"},
    {"incorrect", "correct"},
    {"incorrectly", "correct"},
    {"inaccurate", "accurate"},
    {"unhelpful", "helpful"},
    {"unfair", "fair"},
    {"unfairly", "fair"},
    {"unbiased", "biased"},
    {"unacceptable", "acceptable"},
    {"unreasonable", "reasonable"},
    {"unrelated", "related"},
    {"irrelevant", "relevant"},
    {"unclear", "clear"},
    {"unnecessary", "necessary"},
    {"unable", "able"},
    {"impossible", "possible"},
    {"insensitive", "sensitive"},
    {"incomplete", "complete"},
    {"insufficient", "sufficient"},
    {"inconsistent", "consistent"},
    {"impolite", "polite"},
    {"dishonest", "honest"},
    {"untrue", "truth"},
    {"unreliable", "reliable"},
    {"unjustified", "justified"},
    {"inoffensive", "offensive"},
    {"nonviolent", "violent"},
}};

// Forms that no ending tells.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 36> kIrregular = {{
    {"gave", "give"},     {"given", "give"},
    {"made", "make"},     {"told", "tell"},
    {"wrote", "write"},   {"written", "write"},
    {"took", "take"},     {"taken", "take"},
    {"shown", "show"},    {"went", "go"},
    {"gone", "go"},       {"led", "lead"},
    {"met", "meet"},      {"kept", "keep"},
    {"left", "leave"},    {"found", "find"},
    {"held", "hold"},     {"brought", "bring"},
    {"thought", "think"}, {"sought", "seek"},
    {"began", "begin"},   {"broke", "break"},
    {"broken", "break"},  {"chose", "choose"},
    {"chosen", "choose"}, {"spoke", "speak"},
    {"felt", "feel"},     {"meant", "mean"},
    {"saw", "see"},       {"seen", "see"},
    {"knew", "know"},     {"known", "know"},
    {"dealt", "deal"},    {"understood", "understand"},
    {"people", "person"}, {"children", "child"},
}};

// Chinese. At a place in a text the longest entry of all these lists counts.

// Hold something that looks like a cue and is none; kept as content.
inline constexpr std::string_view kChineseWhole =
    "不同 不良 不当 不法 不幸 不满 不利 不足 非法 无辜 无视 无关 无论如何 莫名 否认 否定 无人机";

// Say nothing of the matter. A doubled negation is none.
inline constexpr std::string_view kChineseFunction =
    "的 了 着 过 地 得 是 也 都 就 还 又 很 更 最 太 会 能 能够 可 可以 应 应该 应当 需要 要 被 把 "
    "将 对 对于 "
    "在 于 与 和 及 以及 并 并且 或 或者 给 向 从 到 由 以 这 那 这个 那个 该 此 其 它 他 她 们 "
    "一个 一种 一些 "
    "某 某些 进行 有关 关于 等 等等 吗 呢 吧 啊 之 所 而且 且 中 里 上 下 做出 作出 事实上 "
    "不仅 不但 不只 不光 不单 不过 不管 不论 无论 不断 不少 不久 未来 非常 无数 不得不 不能不 "
    "不会不 无不 无非 "
    "属实 真的";

inline constexpr std::string_view kChineseClause =
    "但 但是 而 而是 因为 由于 所以 因此 然而 虽然 尽管 如果 从而 反而 以便 却";

inline constexpr std::string_view kChineseFrame =
    "用户 助手 回答 回复 答复 回应 问题 提问 询问 对话 内容 模型";

inline constexpr std::string_view kChineseCues =
    "不 没 没有 未 未能 未曾 无 无法 非 并非 并不 并不是 并没有 并未 不是 不会 不能 不应 不该 "
    "不应该 不可以 绝不 从不 "
    "从未 毫无 毫不 毋 勿 莫 避免 缺乏 缺少";

}  // namespace mores::text

#endif  // MORES_TEXT_LEXICAL_WORDS_H_
