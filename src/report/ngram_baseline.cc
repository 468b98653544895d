#include "report/ngram_baseline.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/check.h"
#include "base/random.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

// What is read of one field: more than any sensible query or answer, less than a hostile one.
constexpr size_t kMaxFieldBytes = 16384;
constexpr int kCharacterGrams = 4;
constexpr int kWordGrams = 3;

// Feature number in the lower bits, capped count in the upper ones: a quarter of the memory of
// two words.
using PackedFeature = uint32_t;
constexpr uint32_t kFeatureMask = (1u << NgramModel::kFeatureBits) - 1;
constexpr uint32_t kMaxCount = (1u << (32 - NgramModel::kFeatureBits)) - 1;

// One example: features of unit length together, ascending by number.
struct FeatureList {
  std::vector<PackedFeature> packed;
  float inverse_norm = 0;
};

float CountValue(uint32_t count) { return 1.0f + std::log(static_cast<float>(count)); }

// Values of all possible counts, since logarithms would dominate the time of an epoch.
const std::vector<float>& CountValues() {
  static const std::vector<float> values = [] {
    std::vector<float> table(kMaxCount + 1, 0.0f);
    for (uint32_t count = 1; count <= kMaxCount; ++count) table[count] = CountValue(count);
    return table;
  }();
  return values;
}

// Scripts without spaces between words: each character is a word.
bool IsCharacterScript(char32_t c) {
  return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

uint32_t FeatureOf(uint64_t hash) {
  return static_cast<uint32_t>(MixBits(hash) >> (64 - NgramModel::kFeatureBits));
}

uint64_t Extend(uint64_t hash, uint64_t unit) { return (hash ^ unit) * 0x100000001B3ull; }

// `salt` keeps fields and kinds of n-grams apart.
void AddGrams(std::span<const uint64_t> units, int shortest, int longest, uint64_t salt,
              std::vector<uint32_t>& features) {
  for (size_t begin = 0; begin < units.size(); ++begin) {
    uint64_t hash = MixBits(salt);
    const size_t end = std::min(units.size(), begin + static_cast<size_t>(longest));
    for (size_t i = begin; i < end; ++i) {
      hash = Extend(hash, units[i]);
      if (static_cast<int>(i - begin) + 1 >= shortest) {
        features.push_back(FeatureOf(hash + i - begin));
      }
    }
  }
}

std::vector<uint64_t> Words(std::span<const uint64_t> characters) {
  std::vector<uint64_t> words;
  uint64_t hash = 0;
  const auto finish = [&] {
    if (hash != 0) words.push_back(hash);
    hash = 0;
  };
  for (const uint64_t c : characters) {
    if (c == ' ') {
      finish();
    } else if (IsCharacterScript(static_cast<char32_t>(c))) {
      finish();
      words.push_back(MixBits(c));
    } else {
      hash = Extend(hash == 0 ? 0xCBF29CE484222325ull : hash, c);
    }
  }
  finish();
  return words;
}

std::string_view Capped(std::string_view utf8) {
  if (utf8.size() <= kMaxFieldBytes) return utf8;
  size_t end = kMaxFieldBytes;
  while (end > 0 && (static_cast<unsigned char>(utf8[end]) & 0xC0) == 0x80) --end;
  return utf8.substr(0, end);
}

void AddField(std::string_view utf8, uint64_t field, std::vector<uint32_t>& features) {
  if (utf8.empty()) return;
  const std::string normalized = " " + text::NormalizeForMatch(Capped(utf8)) + " ";
  std::vector<uint64_t> characters;
  for (const char32_t c : text::ToCodePoints(normalized)) characters.push_back(c);
  AddGrams(characters, 2, kCharacterGrams, 2 * field, features);
  AddGrams(Words(characters), 1, kWordGrams, 2 * field + 1, features);
}

FeatureList FeaturesOf(const NgramText& text) {
  std::vector<uint32_t> features;
  AddField(text.query, 1, features);
  AddField(text.response, 2, features);
  std::sort(features.begin(), features.end());
  FeatureList list;
  double squares = 0;
  for (size_t i = 0; i < features.size();) {
    size_t end = i;
    while (end < features.size() && features[end] == features[i]) ++end;
    const auto count = static_cast<uint32_t>(std::min<size_t>(end - i, kMaxCount));
    list.packed.push_back(features[i] | (count << NgramModel::kFeatureBits));
    const double value = CountValues()[count];
    squares += value * value;
    i = end;
  }
  list.packed.shrink_to_fit();
  list.inverse_norm = squares > 0 ? static_cast<float>(1 / std::sqrt(squares)) : 0.0f;
  return list;
}

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The dual coordinate of one example: the zero of t + b + a (C sigmoid(t) - alpha), which rises
// in t with a slope of at least one. Returns C sigmoid(t).
double SolveDual(double margin, double squared_norm, double alpha, double cost) {
  const double offset = margin - squared_norm * alpha;
  double low = -offset - squared_norm * cost, high = -offset;  // the zero lies between
  double t = 0.5 * (low + high);
  for (int step = 0; step < 30; ++step) {
    const double s = Sigmoid(t);
    const double value = t + offset + squared_norm * cost * s;
    (value > 0 ? high : low) = t;
    if (std::abs(value) < 1e-10) break;
    t -= value / (1 + squared_norm * cost * s * (1 - s));
    if (t <= low || t >= high) t = 0.5 * (low + high);
  }
  return cost * Sigmoid(t);
}

double Dot(const FeatureList& list, std::span<const float> weights) {
  const std::vector<float>& values = CountValues();
  double sum = 0;
  for (const PackedFeature packed : list.packed) {
    sum += static_cast<double>(values[packed >> NgramModel::kFeatureBits]) *
           weights[packed & kFeatureMask];
  }
  return sum * list.inverse_norm;
}

void AddScaled(const FeatureList& list, double factor, std::span<float> weights) {
  const std::vector<float>& values = CountValues();
  const auto scaled = static_cast<float>(factor * list.inverse_norm);
  for (const PackedFeature packed : list.packed) {
    weights[packed & kFeatureMask] += scaled * values[packed >> NgramModel::kFeatureBits];
  }
}

}  // namespace

NgramModel NgramModel::Train(std::span<const NgramText> texts, const std::vector<bool>& unsafe,
                             const NgramTrainingOptions& options,
                             const std::function<void(int)>& progress) {
  MORES_CHECK(texts.size() == unsafe.size());
  std::vector<FeatureList> examples;
  examples.reserve(texts.size());
  for (const NgramText& text : texts) examples.push_back(FeaturesOf(text));

  std::vector<float> weights(kFeatures, 0.0f);
  std::vector<double> alphas(texts.size(), 0.0);
  double bias = 0;  // the weight of a constant feature of value one
  std::vector<uint32_t> order(texts.size());
  std::iota(order.begin(), order.end(), 0u);
  for (int epoch = 0; epoch < options.epochs && !options.stop.requested(); ++epoch) {
    Random random(options.seed, static_cast<uint64_t>(epoch));
    random.Shuffle(order);
    for (const uint32_t i : order) {
      const double sign = unsafe[i] ? 1 : -1;
      const double squared_norm = examples[i].packed.empty() ? 1 : 2;
      const double margin = sign * (Dot(examples[i], weights) + bias);
      const double alpha = SolveDual(margin, squared_norm, alphas[i], options.cost);
      const double change = sign * (alpha - alphas[i]);
      AddScaled(examples[i], change, weights);
      bias += change;
      alphas[i] = alpha;
    }
    if (progress) progress(epoch + 1);
  }
  NgramModel model;
  model.bias_ = static_cast<float>(bias);
  model.Quantize(weights);
  return model;
}

void NgramModel::Quantize(std::span<const float> weights) {
  levels_.resize(kFeatures);
  scales_.assign(kFeatures / kBlock, 0.0f);
  for (size_t block = 0; block < scales_.size(); ++block) {
    const std::span<const float> values = weights.subspan(block * kBlock, kBlock);
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    scales_[block] = largest / 127;
    for (size_t i = 0; i < kBlock; ++i) {
      levels_[block * kBlock + i] =
          largest > 0 ? static_cast<int8_t>(std::lround(values[i] / scales_[block])) : int8_t{0};
    }
  }
}

double NgramModel::PredictUnsafe(const NgramText& text) const {
  const FeatureList list = FeaturesOf(text);
  const std::vector<float>& values = CountValues();
  double sum = 0;
  for (const PackedFeature packed : list.packed) {
    const uint32_t feature = packed & kFeatureMask;
    sum += static_cast<double>(values[packed >> kFeatureBits]) * scales_[feature / kBlock] *
           levels_[feature];
  }
  return Sigmoid(sum * list.inverse_norm + bias_);
}

std::string NgramModel::Serialize() const {
  std::string bytes;
  bytes.reserve(SerializedSize());
  const auto append = [&](const void* data, size_t size) {
    bytes.append(static_cast<const char*>(data), size);
  };
  append(&bias_, sizeof(bias_));
  for (size_t block = 0; block < scales_.size(); ++block) {
    append(&scales_[block], sizeof(float));
    append(&levels_[block * kBlock], kBlock);
  }
  return bytes;
}

Expected<NgramModel> NgramModel::Parse(std::string_view bytes, std::string_view where) {
  if (bytes.size() != SerializedSize()) {
    return MakeError(ErrorKind::kCorrupt, "{}: {} bytes of weights where {} belong", where,
                     bytes.size(), SerializedSize());
  }
  NgramModel model;
  model.levels_.resize(kFeatures);
  model.scales_.resize(kFeatures / kBlock);
  std::memcpy(&model.bias_, bytes.data(), sizeof(float));
  const char* at = bytes.data() + sizeof(float);
  for (size_t block = 0; block < model.scales_.size(); ++block) {
    std::memcpy(&model.scales_[block], at, sizeof(float));
    std::memcpy(&model.levels_[block * kBlock], at + sizeof(float), kBlock);
    at += sizeof(float) + kBlock;
    if (!std::isfinite(model.scales_[block])) {
      return MakeError(ErrorKind::kCorrupt, "{}: weight scale {} is not finite", where, block);
    }
  }
  if (!std::isfinite(model.bias_)) {
    return MakeError(ErrorKind::kCorrupt, "{}: the bias is not finite", where);
  }
  return model;
}

}  // namespace mores::report
