#include "text/tokenizer/sentencepiece.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <unordered_set>

#include "base/files.h"
#include "base/keyed_hash.h"
#include "text/unicode.h"
#include "text/utf8.h"

// In the library and exported by it, but declared in none of the headers that it installs.
namespace sentencepiece::logging {
void SetMinLogLevel(int level);
}  // namespace sentencepiece::logging

namespace mores::text {
namespace {

constexpr std::string_view kPieceSpace = "\xE2\x96\x81";  // U+2581, how pieces write a space
constexpr char32_t kSpacePoint = 0x2581;
// Long texts are encoded in parts of about this many bytes, cut where no piece can reach across:
// the same ids, in bounded memory, and faster for the shorter queue of merges.
constexpr size_t kPartSize = 1024;
// The library logs to stderr what it also returns as a status. A library prints nothing.
constexpr int kLogNothing = 100;
constexpr int32_t kNoId = -1;

uint64_t PairKey(char32_t first, char32_t second) { return (uint64_t{first} << 32) | second; }

class SentencePieceTokenizer : public Tokenizer {
 public:
  static Expected<std::unique_ptr<SentencePieceTokenizer>> Parse(
      std::string_view serialized, std::string_view where, const SentencePieceOptions& options) {
    sentencepiece::logging::SetMinLogLevel(kLogNothing);
    std::unique_ptr<SentencePieceTokenizer> tokenizer(new SentencePieceTokenizer());
    const auto status = tokenizer->processor_.LoadFromSerializedProto(serialized);
    if (!status.ok() || tokenizer->processor_.GetPieceSize() <= 0) {
      return MakeError(ErrorKind::kCorrupt, "{}: not a SentencePiece model, or a broken one",
                       where);
    }
    tokenizer->options_ = options;
    tokenizer->Examine();
    return tokenizer;
  }

  // By what TrainSentencePieceBpe promises of its models.
  bool IsTrainedHere() const {
    if (!lossless_) return false;
    constexpr std::string_view kFirst[] = {"<unk>", "<s>", "</s>"};
    for (int id = 0; id < 3; ++id) {
      if (processor_.IdToPiece(id) != kFirst[id]) return false;
    }
    int id = 3;
    while (IsId(id) && processor_.IsControl(id)) ++id;
    return byte_ids_.front() == id && byte_ids_.back() == id + 255;
  }

  std::vector<int32_t> Encode(std::string_view utf8) const override {
    std::string replaced;
    if (!IsValidUtf8(utf8)) {
      replaced = ReplaceInvalidUtf8(utf8);
      utf8 = replaced;
    }
    std::vector<int32_t> ids;
    if (!lossless_) {
      AppendPart(utf8, ids);
      return ids;
    }
    // A space and a literal U+2581 are one symbol inside the library. Spelled in bytes, the
    // literal one comes back as it was.
    while (true) {
      const size_t found = utf8.find(kPieceSpace);
      AppendLong(utf8.substr(0, found), ids);
      if (found == std::string_view::npos) return ids;
      AppendBytes(kPieceSpace, ids);
      utf8.remove_prefix(found + kPieceSpace.size());
    }
  }

  std::vector<int32_t> EncodeMarked(const MarkedText& text) const override {
    std::vector<int32_t> ids;
    const std::string_view utf8 = text.utf8;
    size_t done = 0;
    const auto add_text = [&](size_t end) {
      if (end == done) return;
      const std::vector<int32_t> part = Encode(utf8.substr(done, end - done));
      ids.insert(ids.end(), part.begin(), part.end());
    };
    auto plain = text.plain.begin();
    for (size_t at = 0; at < utf8.size();) {
      while (plain != text.plain.end() && plain->end <= at) ++plain;
      const size_t free_end = plain == text.plain.end() ? utf8.size() : plain->begin;
      const int32_t id = free_end > at ? ControlAt(utf8.substr(at, free_end - at)) : kNoId;
      if (id == kNoId) {
        ++at;
        continue;
      }
      add_text(at);
      ids.push_back(id);
      at = done = at + processor_.IdToPiece(id).size();
    }
    add_text(utf8.size());
    return ids;
  }

  std::vector<int32_t> EncodeWithSpecialTokens(std::string_view utf8) const override {
    std::vector<int32_t> ids;
    if (options_.add_bos && bos_id()) ids.push_back(*bos_id());
    const std::vector<int32_t> text = EncodeMarked({.utf8 = std::string(utf8)});
    ids.insert(ids.end(), text.begin(), text.end());
    if (options_.add_eos && eos_id()) ids.push_back(*eos_id());
    return ids;
  }

  std::vector<int32_t> EncodeBytes(std::string_view bytes) const override {
    if (byte_ids_.size() != 256) return Encode(bytes);
    std::vector<int32_t> ids;
    while (!bytes.empty()) {
      const size_t valid = std::min(FirstInvalidUtf8(bytes), bytes.size());
      if (valid > 0) {
        const std::vector<int32_t> part = Encode(bytes.substr(0, valid));
        ids.insert(ids.end(), part.begin(), part.end());
        bytes.remove_prefix(valid);
      } else {
        AppendBytes(bytes.substr(0, 1), ids);
        bytes.remove_prefix(1);
      }
    }
    return ids;
  }

  std::string Decode(std::span<const int32_t> ids) const override {
    std::vector<int> known;
    known.reserve(ids.size());
    for (const int32_t id : ids) {
      if (IsId(id) && !processor_.IsControl(id)) known.push_back(id);
    }
    std::string text;
    if (!processor_.Decode(known, &text).ok()) text.clear();
    return text;
  }

  std::unique_ptr<DecodeStream> NewDecodeStream(const DecodeOptions& options) const override {
    return std::make_unique<Stream>(*this, options);
  }

  std::string Piece(int32_t id) const override {
    return IsId(id) ? processor_.IdToPiece(id) : std::string();
  }

  std::optional<int32_t> SpecialId(std::string_view name) const override {
    const int id = processor_.PieceToId(name);
    if (!IsId(id) || processor_.IdToPiece(id) != name) return std::nullopt;
    if (!processor_.IsControl(id) && !processor_.IsUnknown(id)) return std::nullopt;
    return id;
  }

  int32_t vocab_size() const override { return processor_.GetPieceSize(); }
  std::optional<int32_t> bos_id() const override { return Optional(processor_.bos_id()); }
  std::optional<int32_t> eos_id() const override { return Optional(processor_.eos_id()); }

 private:
  SentencePieceTokenizer() = default;

  // Decodes in groups that end where a piece does, or a whole character of byte pieces. The library
  // drops a space at the beginning of what it decodes, so behind the first text a group is decoded
  // behind an ordinary piece, whose own text is cut off again.
  class Stream : public DecodeStream {
   public:
    Stream(const SentencePieceTokenizer& tokenizer, const DecodeOptions& options)
        : tokenizer_(tokenizer), options_(options) {}

    void Push(int32_t id, std::string& text) override {
      if (!tokenizer_.IsId(id)) return;
      const auto& processor = tokenizer_.processor_;
      if (processor.IsByte(id)) {
        bytes_ += tokenizer_.ByteOf(id);
        group_.push_back(id);
        if (IsValidUtf8(bytes_)) Flush(text);
        return;
      }
      const bool is_control = processor.IsControl(id);
      if (is_control && options_.special == SpecialTokens::kSkip) return;
      if (!bytes_.empty()) Flush(text);
      if (is_control) {
        text += processor.IdToPiece(id);
      } else {
        group_.push_back(id);
        Flush(text);
      }
    }
    void Finish(std::string& text) override { Flush(text); }

   private:
    void Flush(std::string& text) {
      if (group_.empty()) return;
      std::string decoded;
      if (!bytes_.empty() && options_.invalid == InvalidBytes::kKeep) {
        decoded = bytes_;
      } else if (started_) {
        group_.insert(group_.begin(), tokenizer_.anchor_);
        decoded = tokenizer_.Decode(group_).substr(tokenizer_.anchor_size_);
      } else {
        decoded = tokenizer_.Decode(group_);
      }
      bytes_.clear();
      // As long as there is no text, a space is still one at the beginning.
      started_ = started_ || (!decoded.empty() && tokenizer_.anchor_ != kNoId);
      if (started_) group_.clear();
      text += decoded;
    }

    const SentencePieceTokenizer& tokenizer_;
    DecodeOptions options_;
    std::vector<int32_t> group_;
    std::string bytes_;  // of the byte pieces at the end of the group
    bool started_ = false;
  };

  static std::optional<int32_t> Optional(int id) {
    return id < 0 ? std::nullopt : std::optional<int32_t>(id);
  }
  bool IsId(int32_t id) const { return id >= 0 && id < processor_.GetPieceSize(); }
  char ByteOf(int32_t id) const {
    // "<0x0A>"
    return static_cast<char>(std::stoi(processor_.IdToPiece(id).substr(3, 2), nullptr, 16));
  }
  // The longest control symbol that `utf8` begins with.
  int32_t ControlAt(std::string_view utf8) const {
    for (const int32_t id : controls_) {
      if (utf8.starts_with(processor_.IdToPiece(id))) return id;
    }
    return kNoId;
  }

  // Finds what this model allows. The library tells neither its normalizer nor its dummy prefix,
  // so they are seen from what they do.
  void Examine() {
    for (int id = 0; id < processor_.GetPieceSize(); ++id) {
      const std::string& piece = processor_.IdToPiece(id);
      if (processor_.IsControl(id) && !piece.empty()) controls_.push_back(id);
      const bool ordinary = !processor_.IsControl(id) && !processor_.IsByte(id) &&
                            !processor_.IsUnknown(id) && !processor_.IsUnused(id);
      if (anchor_ == kNoId && ordinary && piece.find(kPieceSpace) == std::string::npos &&
          !piece.empty()) {
        anchor_ = id;
        anchor_size_ = piece.size();
      }
    }
    std::stable_sort(controls_.begin(), controls_.end(), [&](int32_t a, int32_t b) {
      return processor_.IdToPiece(a).size() > processor_.IdToPiece(b).size();
    });
    byte_ids_.reserve(256);
    for (int byte = 0; byte < 256; ++byte) {
      const int id = processor_.PieceToId(fmt::format("<0x{:02X}>", byte));
      if (IsId(id) && processor_.IsByte(id)) byte_ids_.push_back(id);
    }
    if (byte_ids_.size() != 256) return;
    // Full width, circled and combined characters that a normalizer would change, spaces that one
    // would trim, and a first character that a dummy prefix would shift.
    constexpr std::string_view kProbe = "  \xEF\xBC\xA1 \xE2\x91\xA0\t a\xCC\x81\n ";
    std::vector<int32_t> ids;
    AppendPart(kProbe, ids);
    std::vector<int32_t> first;
    AppendPart("a", first);
    lossless_ =
        Decode(ids) == kProbe && !first.empty() && !Piece(first[0]).starts_with(kPieceSpace);
    if (!lossless_) return;
    for (int id = 0; id < processor_.GetPieceSize(); ++id) {
      if (processor_.IsControl(id) || processor_.IsByte(id) || processor_.IsUnknown(id)) continue;
      const std::vector<char32_t> points = ToCodePoints(processor_.IdToPiece(id));
      for (size_t i = 1; i < points.size(); ++i) {
        joined_.insert(PairKey(points[i - 1], points[i]));
      }
    }
  }

  // True if no piece holds the two characters around `offset` side by side: merges never cross.
  bool IsCut(std::string_view utf8, size_t offset) const {
    size_t before = offset - 1;
    while (before > 0 && (static_cast<unsigned char>(utf8[before]) & 0xC0) == 0x80) --before;
    const auto point = [&](size_t at) {
      const char32_t c = ToCodePoints(utf8.substr(at, CharacterSize(utf8[at])))[0];
      return c == U' ' ? kSpacePoint : c;
    };
    return !joined_.contains(PairKey(point(before), point(offset)));
  }

  void AppendLong(std::string_view utf8, std::vector<int32_t>& ids) const {
    while (utf8.size() > kPartSize) {
      size_t cut = kPartSize;
      while ((static_cast<unsigned char>(utf8[cut]) & 0xC0) == 0x80) --cut;
      while (cut < utf8.size() && !IsCut(utf8, cut)) cut += CharacterSize(utf8[cut]);
      AppendPart(utf8.substr(0, cut), ids);
      utf8.remove_prefix(cut);
    }
    AppendPart(utf8, ids);
  }

  void AppendPart(std::string_view utf8, std::vector<int32_t>& ids) const {
    if (utf8.empty()) return;
    std::vector<int> part;
    if (processor_.Encode(utf8, &part).ok()) {
      ids.insert(ids.end(), part.begin(), part.end());
    } else {
      AppendBytes(utf8, ids);
    }
  }

  void AppendBytes(std::string_view bytes, std::vector<int32_t>& ids) const {
    if (byte_ids_.size() != 256) return;
    for (const char byte : bytes) ids.push_back(byte_ids_[static_cast<unsigned char>(byte)]);
  }

  sentencepiece::SentencePieceProcessor processor_;
  SentencePieceOptions options_;
  std::vector<int32_t> controls_;  // the longest spelling first
  int32_t anchor_ = kNoId;         // an ordinary piece without a space
  size_t anchor_size_ = 0;         // bytes of its text
  std::vector<int32_t> byte_ids_;  // of byte 0 to 255, if the model has all of them
  bool lossless_ = false;          // keeps every character as it is, without a dummy prefix
  std::unordered_set<uint64_t, KeyedNumberHash> joined_;  // neighbours inside some piece
};

// Sentences for the trainer. It ends the process, or silently skips, at what this avoids: control
// characters and the marks that it uses itself are cut out, and no part is longer than its limits.
class TrainingTexts : public sentencepiece::SentenceIterator {
 public:
  static constexpr size_t kMaxSize = 4096;

  explicit TrainingTexts(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) AddText(ReplaceInvalidUtf8(text));
  }
  bool done() const override { return position_ >= sentences_.size(); }
  void Next() override { ++position_; }
  const std::string& value() const override { return sentences_[position_]; }
  sentencepiece::util::Status status() const override { return {}; }
  bool empty() const { return sentences_.empty(); }

 private:
  static bool IsReserved(std::string_view character) {
    const auto lead = static_cast<unsigned char>(character[0]);
    return lead < 0x20 || lead == 0x7F || character == kPieceSpace || character == "\xE2\x96\x85";
  }

  void AddText(const std::string& text) {
    size_t start = 0;
    for (size_t i = 0; i < text.size();) {
      const size_t size = CharacterSize(text[i]);
      if (IsReserved(std::string_view(text).substr(i, size))) {
        Add(text, start, i);
        start = i + size;
      } else if (i + size - start > kMaxSize) {
        const size_t space = text.rfind(' ', i);
        const size_t cut = space != std::string::npos && space > start ? space : i;
        Add(text, start, cut);
        start = cut;
      }
      i += size;
    }
    Add(text, start, text.size());
  }

  void Add(const std::string& text, size_t start, size_t end) {
    if (end > start) sentences_.push_back(text.substr(start, end - start));
  }

  std::vector<std::string> sentences_;
  size_t position_ = 0;
};

Status CheckSpecialTokens(const std::vector<std::string>& tokens) {
  std::unordered_set<std::string> seen = {"<unk>", "<s>", "</s>", "<pad>"};
  for (const std::string& token : tokens) {
    // The library takes the list as one line of comma-separated values.
    const bool plain = !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
      return c > ' ' && c < 0x7F && c != ',' && c != '"';
    });
    if (!plain || token.starts_with("<0x")) {
      return MakeError(ErrorKind::kUsage, "special token '{}': use printable ASCII, no comma",
                       FitColumns(token, 40));
    }
    if (!seen.insert(token).second) {
      return MakeError(ErrorKind::kUsage, "special token '{}' occurs twice", token);
    }
  }
  return {};
}

// The part of a library message that is for a person: "(file(line) [condition] ) text".
std::string Reason(std::string_view message) {
  if (const size_t end = message.rfind("] "); end != std::string_view::npos) {
    message.remove_prefix(end + 2);
  }
  const size_t start = message.find_first_not_of(' ');
  return start == std::string_view::npos ? "refused by the library"
                                         : std::string(message.substr(start));
}

}  // namespace

Expected<std::unique_ptr<Tokenizer>> ParseSentencePiece(std::string_view serialized_model,
                                                        std::string_view where,
                                                        const SentencePieceOptions& options) {
  return SentencePieceTokenizer::Parse(serialized_model, where, options);
}

Expected<std::unique_ptr<Tokenizer>> LoadSentencePiece(const std::string& model_file,
                                                       const SentencePieceOptions& options) {
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(model_file));
  return ParseSentencePiece(file.bytes(), model_file, options);
}

Expected<bool> IsTrainedHere(const std::string& model_file) {
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(model_file));
  MORES_ASSIGN_OR_RETURN(const auto tokenizer,
                         SentencePieceTokenizer::Parse(file.bytes(), model_file, {}));
  return tokenizer->IsTrainedHere();
}

Expected<std::string> TrainSentencePieceBpe(const SentencePieceTraining& training) {
  constexpr int kMaxVocab = 1 << 20;
  if (training.vocab_size < 1 || training.vocab_size > kMaxVocab) {
    return MakeError(ErrorKind::kUsage, "vocab_size {}: expected 1 to {}", training.vocab_size,
                     kMaxVocab);
  }
  if (!(training.character_coverage > 0.9 && training.character_coverage <= 1)) {
    return MakeError(ErrorKind::kUsage, "character_coverage {}: expected above 0.9, at most 1",
                     training.character_coverage);
  }
  MORES_RETURN_IF_ERROR(CheckSpecialTokens(training.special_tokens));
  TrainingTexts sentences(training.texts);
  if (sentences.empty()) {
    return MakeError(ErrorKind::kInput, "can't train a tokenizer: the texts are empty");
  }
  const std::unordered_map<std::string, std::string> options = {
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(training.vocab_size)},
      {"character_coverage", fmt::format("{}", training.character_coverage)},
      {"control_symbols", fmt::format("{}", fmt::join(training.special_tokens, ","))},
      {"byte_fallback", "true"},
      {"normalization_rule_name", "identity"},
      {"add_dummy_prefix", "false"},
      {"remove_extra_whitespaces", "false"},
      {"split_digits", "true"},
      {"allow_whitespace_only_pieces", "true"},
      {"max_sentence_length", std::to_string(2 * TrainingTexts::kMaxSize)},
      {"shuffle_input_sentence", "false"},
      // The number is stored in the model, so another one would give other bytes.
      {"num_threads", "1"},
      {"minloglevel", std::to_string(kLogNothing)},
  };
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(options, &sentences, &model);
  if (!status.ok()) {
    return MakeError(ErrorKind::kInput, "can't train a tokenizer of {} tokens: {}",
                     training.vocab_size, Reason(status.message()));
  }
  return model;
}

}  // namespace mores::text
