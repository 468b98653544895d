#include "guidelines/search/search_words.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "text/stem.h"

namespace mores::guidelines {
namespace {

// Words of grammar, of asking for help, and of time, which stand in any query.
constexpr std::string_view kStopWords =
    "a an the and or but if then so of in on at to from for with by about as into over after "
    "before during while until since is am are was were be been being have has had do does "
    "did will would can could should may might must shall i me my mine myself we us our ours "
    "you your yours he him his she her hers it its they them their this that these those "
    "there here what which who whom whose when where why how not no nor only just also too "
    "very really quite even still yet already ever never always some any all both each every "
    "few more most other another such own same than one two three first last next new now "
    "today tomorrow yesterday soon later recently currently usually often sometimes week "
    "month year day days ago time times m s t ve re ll d don didn doesn won isn aren wasn "
    "weren couldn wouldn shouldn going go went gone come came get got getting make made "
    "making take took taking give gave planning plan plans planned want wanted need needed "
    "think thinking thought know known let put see saw seen look looking looks looked like "
    "liked love loved feel felt suggest suggestion suggestions recommend recommendation "
    "recommendations advice advise tips tip help helpful ideas idea best good great nice "
    "better way ways thing things something anything everything someone anyone everyone "
    "please thanks thank provide tell share information resources options perfect ensure "
    "decided notice noticed started start bit lot much many because though although however "
    "instead along around through across between among without within 的 了 是 在 我 你 他 她 它 "
    "们 我们 "
    "你们 他们 这 那 这个 那个 有 没有 和 与 或 就 都 而 及 也 很 吗 呢 吧 啊 把 被 给 对 向 从 到 "
    "为 为了 因为 所以 但 但是 如果 可以 能 会 要 "
    "想 想要 请 请问 什么 怎么 怎样 哪些 一个 一些 今天 明天 昨天 ";

// A line a matter. Rare words stand for common ones: "bride" finds what says "marriage".
constexpr std::string_view kMatters[] = {
    "baby newborn infant toddler",
    "child kid son daughter toddler youngster minor",
    "mother mom mum mama maternal",
    "father dad papa",
    "parent guardian",
    "grandmother grandma granny nana grandparent",
    "grandfather grandpa granddad grandparent",
    "elder elderly senior aged old",
    "brother sister sibling",
    "wife husband spouse",
    "fiance fiancee engagement betrothal engaged",
    "boyfriend girlfriend date dating courtship couple",
    "wedding marriage marry bride groom marital matrimony nuptial",
    "divorce separation",
    "funeral burial mourning bereavement wake cremation bury",
    "dead deceased death died passing late",
    "pregnant pregnancy birth childbirth postnatal delivery maternity",
    "gift present souvenir",
    "greet greeting handshake bow hello salutation",
    "guest visitor host hospitality invite invitation",
    "home house household apartment residence",
    "dinner lunch meal feast banquet supper",
    "food dish cuisine meal eat eating",
    "restaurant cafe eatery diner bistro",
    "drink alcohol wine beer liquor spirit drunk alcoholic",
    "tea coffee",
    "pork pig ham bacon",
    "beef cow cattle",
    "meat butcher slaughter",
    "bread loaf",
    "smoke smoking cigarette tobacco",
    "drug narcotic cannabis marijuana substance",
    "medicine medication drug pharmaceutical prescription",
    "doctor physician hospital clinic medical health healthcare",
    "vaccine vaccination immunization vaccinated",
    "wear clothing clothes dress attire outfit garment shorts shirt sleeveless",
    "hat cap headscarf hijab veil turban scarf headcover",
    "shoe footwear barefoot sandal boot",
    "swimsuit bikini beachwear swimwear",
    "hair hairstyle beard haircut",
    "tattoo piercing",
    "car vehicle automobile drive driving driver motorist",
    "motorbike motorcycle scooter bike",
    "bicycle bike cycle cyclist",
    "bus train metro subway transit transport",
    "plane flight airport airline drone",
    "boat ship vessel fishing fish fisherman",
    "traffic road street",
    "license licence permit permission authorization",
    "register registration",
    "law legal illegal legislation regulation",
    "police officer arrest",
    "court judge trial lawsuit",
    "punish punishment penalty fine sanction",
    "prison jail imprisonment",
    "steal theft robbery burglary",
    "bribe bribery corruption kickback",
    "tax taxation vat levy",
    "money cash currency payment pay",
    "bank banking loan finance",
    "price bargain haggle haggling",
    "salary wage pay compensation minimum",
    "job employment employee work worker hire hired",
    "boss employer manager supervisor company",
    "business company enterprise firm startup shop store",
    "foreign foreigner expatriate overseas international",
    "import export customs tariff goods",
    "sell sale selling vendor trade",
    "buy purchase bought",
    "land property estate plot ownership",
    "rent rental tenant landlord lease",
    "build building construction renovate renovation",
    "house housing",
    "farm farming farmer agriculture crop agricultural",
    "water river lake irrigation",
    "waste garbage trash litter recycle recycling rubbish",
    "plastic bag",
    "pollution emission environment environmental eco",
    "tree forest logging deforestation timber",
    "animal wildlife species",
    "dog pet cat",
    "hunt hunting poach poaching",
    "mine mining mineral",
    "oil gas petroleum fuel",
    "energy electricity solar power renewable",
    "school education student pupil teacher classroom curriculum",
    "university college graduate",
    "exam test",
    "language speak speaking bilingual dialect",
    "book publication print printing publish",
    "newspaper press journalist media broadcast broadcasting",
    "internet online web website digital cyber",
    "social media facebook twitter instagram post tweet blog",
    "video film movie filming camera",
    "photo photograph picture photography",
    "music song concert sing musician band performance",
    "dance dancing dancer",
    "festival celebration carnival parade celebrate",
    "holiday festive",
    "church mass christian priest",
    "mosque muslim islam islamic prayer pray imam",
    "temple shrine buddha buddhist monk monastery",
    "religion religious faith belief worship",
    "god deity divine sacred holy",
    "blasphemy insult criticize criticism mock offend defame",
    "ramadan fasting fast",
    "sacrifice offering ritual ceremony rite",
    "ghost spirit ancestor ancestral",
    "superstition taboo luck unlucky",
    "witch witchcraft sorcery",
    "heal healing healer herbal remedy",
    "politics political politician government",
    "vote voting election electoral ballot",
    "protest demonstration rally march assembly",
    "strike union",
    "flag anthem national symbol patriotic",
    "king monarch monarchy royal queen",
    "army military soldier conscription",
    "war conflict battle",
    "gun firearm weapon",
    "gay lesbian lgbt homosexual same-sex",
    "woman women female lady girl gender",
    "man men male gentleman boy",
    "kiss kissing affection hug embrace",
    "punctual punctuality late lateness time",
    "silence quiet noise loud noisy",
    "queue line",
    "left hand",
    "foot feet",
    "head touch",
    "eye gaze contact",
    "finger point gesture",
    "colour color red white black",
    "flower bouquet rose",
    "number digit",
    "clock watch",
    "knife chopstick fork utensil",
    "market bazaar",
    "museum heritage historical monument archaeological antiquity artifact",
    "ancient historic",
    "craft handicraft weave weaving artisan pottery textile",
    "indigenous native tribal aboriginal",
    "immigrant migrant refugee asylum",
    "citizen citizenship nationality passport",
    "visa entry border",
    "privacy data personal surveillance",
    "computer software technology",
    "encrypt encryption vpn",
    "copyright patent trademark intellectual",
    "gamble gambling casino lottery betting",
    "prostitution brothel sex sexual",
    "abortion contraception",
    "adopt adoption",
    "inherit inheritance heir will",
    "name naming",
    "birthday anniversary",
    "sport football soccer game",
    "beach coast coastal sea shore",
    "mountain hill climb hike trek",
    "park reserve garden green",
    "city urban town",
    "village rural countryside",
    "community communal gathering neighbor neighbour neighbourhood",
    "volunteer charity donate donation",
    "respect disrespect respectful rude polite",
    "family relative cousin uncle aunt kin",
    "friend colleague",
    "goat sheep livestock animal cattle herd",
    "ship shipping export freight cargo",
    "coin antique treasure antiquity artifact mask sculpture statue relic archaeological",
    "gold silver diamond gem mine mining dig",
    "meme bully bullying cyberbullying harass harassment mock joke tease",
    "interview candidate applicant recruit employment discrimination",
    "contract bid tender procurement nepotism",
    "mercenary military guard security",
    "oak pine tree wood felling timber",
    "resort hotel development construction project tourism",
    "art artist painting exhibition gallery artwork",
    "novel literature author poem poet book",
    "leader chief king elder",
    "clear cleared land vegetation deforestation",
    "whisper secret gossip",
    "interrupt interruption talk speak",
    "opinion politics censorship content",
    "snack food kitchen",
    "swim swimming pool beach",
    "garden plant lawn green",
    "sleep nap rest siesta",
};

template <class Visit>
void ForEachWord(std::string_view list, const Visit& visit) {
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(' ', begin), list.size());
    if (end > begin) visit(list.substr(begin, end - begin));
    begin = end + 1;
  }
}

using Related = std::map<std::string, std::vector<std::string>, std::less<>>;

Related ReadMatters() {
  std::map<std::string, std::set<std::string>, std::less<>> related;
  for (const std::string_view matter : kMatters) {
    std::set<std::string> stems;
    ForEachWord(matter, [&](std::string_view word) { stems.insert(text::Stem(word)); });
    for (const std::string& stem : stems) related[stem].insert(stems.begin(), stems.end());
  }
  Related lists;
  for (auto& [stem, others] : related) {
    others.erase(stem);
    lists[stem].assign(others.begin(), others.end());
  }
  return lists;
}

}  // namespace

bool IsStopWord(std::string_view word) {
  static const std::set<std::string_view, std::less<>> words = [] {
    std::set<std::string_view, std::less<>> all;
    ForEachWord(kStopWords, [&](std::string_view one) { all.insert(one); });
    return all;
  }();
  return words.contains(word);
}

std::span<const std::string> RelatedStems(std::string_view stem) {
  static const Related related = ReadMatters();
  const auto found = related.find(stem);
  return found == related.end() ? std::span<const std::string>() : found->second;
}

std::vector<std::string_view> PartsOf(const NameWord& word) {
  std::vector<std::string_view> parts;
  if (!word.chinese) return parts;
  const std::string_view key = word.key;
  for (size_t begin = 0; begin < key.size();) {
    size_t end = begin + 1;
    while (end < key.size() && (static_cast<unsigned char>(key[end]) & 0xC0) == 0x80) ++end;
    parts.push_back(key.substr(begin, end - begin));
    begin = end;
  }
  if (parts.size() < 2) parts.clear();
  return parts;
}

}  // namespace mores::guidelines
