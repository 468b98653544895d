#include "text/tokenizer/tokenizer_json.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/files.h"
#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/bpe.h"
#include "text/tokenizer/byte_symbols.h"
#include "text/tokenizer/component_fields.h"
#include "text/tokenizer/normalizers.h"
#include "text/tokenizer/post_processors.h"
#include "text/tokenizer/pre_tokenizers.h"
#include "text/tokenizer/token_decoders.h"
#include "text/tokenizer/unigram.h"
#include "text/tokenizer/word_cache.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

// What a file describes.
struct Parts {
  std::unique_ptr<SubwordModel> model;
  std::unique_ptr<Normalizer> normalizer;       // null: none
  std::unique_ptr<PreTokenizer> pre_tokenizer;  // null: none
  std::unique_ptr<TokenDecoder> decoder;        // null: pieces are joined by spaces
  AddedTokens added;
  Frame frame;
  std::array<int32_t, 256> byte_ids{};  // the token of each byte, -1 where there is none
  std::optional<int32_t> bos, eos;
};

// The end of a chain of decoders: text.
class TextSink : public PieceSink {
 public:
  TextSink(std::string& text, std::string_view separator) : text_(text), separator_(separator) {}
  void Text(std::string_view part) override {
    if (pending_) text_ += separator_;
    pending_ = false;
    text_ += part;
  }
  void EndPiece() override {
    // A separator stands before the next piece, even if this one was empty.
    if (pending_) text_ += separator_;
    pending_ = true;
  }
  void Finish() override {}

 private:
  std::string& text_;
  std::string_view separator_;
  bool pending_ = false;  // a separator, once another piece comes
};

class JsonTokenizer : public Tokenizer {
 public:
  explicit JsonTokenizer(Parts parts) : parts_(std::move(parts)) {}

  std::vector<int32_t> Encode(std::string_view utf8) const override {
    std::string replaced;
    utf8 = Valid(utf8, replaced);
    const TextRange all{0, utf8.size()};
    std::vector<int32_t> ids;
    Budgets budgets(utf8.size());
    AppendText(utf8, {&all, 1}, budgets, ids);
    return ids;
  }

  std::vector<int32_t> EncodeMarked(const MarkedText& text) const override {
    std::vector<int32_t> ids;
    Budgets budgets(text.utf8.size());
    if (IsValidUtf8(text.utf8)) {
      AppendText(text.utf8, text.plain, budgets, ids);
    } else {
      const MarkedText replaced = ReplaceInvalid(text);
      AppendText(replaced.utf8, replaced.plain, budgets, ids);
    }
    return ids;
  }

  std::vector<int32_t> EncodeWithSpecialTokens(std::string_view utf8) const override {
    std::string replaced;
    utf8 = Valid(utf8, replaced);
    std::vector<int32_t> ids = parts_.frame.before;
    Budgets budgets(utf8.size());
    AppendText(utf8, {}, budgets, ids);
    ids.insert(ids.end(), parts_.frame.after.begin(), parts_.frame.after.end());
    return ids;
  }

  std::vector<int32_t> EncodeBytes(std::string_view bytes) const override {
    std::vector<int32_t> ids;
    Budgets budgets(bytes.size());
    while (!bytes.empty()) {
      const size_t valid = std::min(FirstInvalidUtf8(bytes), bytes.size());
      if (valid > 0) {
        const TextRange all{0, valid};
        AppendText(bytes.substr(0, valid), {&all, 1}, budgets, ids);
        bytes.remove_prefix(valid);
        continue;
      }
      const int32_t id = parts_.byte_ids[static_cast<unsigned char>(bytes[0])];
      if (id >= 0) {
        ids.push_back(id);
      } else {
        constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
        const TextRange all{0, kReplacement.size()};
        AppendText(kReplacement, {&all, 1}, budgets, ids);
      }
      bytes.remove_prefix(1);
    }
    return ids;
  }

  std::string Decode(std::span<const int32_t> ids) const override { return DecodeWith(ids, {}); }
  std::unique_ptr<DecodeStream> NewDecodeStream(const DecodeOptions& options) const override {
    return std::make_unique<Stream>(*this, options);
  }

  std::string Piece(int32_t id) const override {
    const std::string* piece = PieceOf(id);
    return piece == nullptr ? std::string() : *piece;
  }
  std::optional<int32_t> SpecialId(std::string_view name) const override {
    const AddedToken* token = parts_.added.Find(name);
    return token == nullptr || !token->special ? std::nullopt : std::optional(token->id);
  }
  int32_t vocab_size() const override {
    return std::max(parts_.model->vocabulary().end_id(), parts_.added.end_id());
  }
  std::optional<int32_t> bos_id() const override { return parts_.bos; }
  std::optional<int32_t> eos_id() const override { return parts_.eos; }

 private:
  // Of one text, however many stretches it is read in.
  struct Budgets {
    explicit Budgets(size_t size) : time(size), growth(size) {}
    PatternBudget time;
    GrowthBudget growth;
  };

  class Stream : public DecodeStream {
   public:
    Stream(const JsonTokenizer& tokenizer, const DecodeOptions& options)
        : tokenizer_(tokenizer), skip_(options.special == SpecialTokens::kSkip) {
      const TokenDecoder* decoder = tokenizer.parts_.decoder.get();
      sink_ = std::make_unique<TextSink>(text_, decoder == nullptr ? " " : "");
      if (decoder != nullptr) {
        sink_ = decoder->Start(std::move(sink_), {.invalid = options.invalid, .growth = growth_});
      }
    }
    void Push(int32_t id, std::string& text) override {
      const AddedToken* added = tokenizer_.parts_.added.Find(id);
      const std::string* piece =
          added != nullptr ? &added->decoded : tokenizer_.parts_.model->vocabulary().PieceOf(id);
      if (piece == nullptr || (skip_ && added != nullptr && added->special)) return;
      growth_.Allow(piece->size());
      sink_->Text(*piece);
      sink_->EndPiece();
      MoveTo(text);
    }
    void Finish(std::string& text) override {
      sink_->Finish();
      MoveTo(text);
    }

   private:
    void MoveTo(std::string& text) {
      text += text_;
      text_.clear();
    }
    const JsonTokenizer& tokenizer_;
    bool skip_;
    GrowthBudget growth_{0};
    std::string text_;
    std::unique_ptr<PieceSink> sink_;
  };

  const std::string* PieceOf(int32_t id) const {
    const AddedToken* added = parts_.added.Find(id);
    return added != nullptr ? &added->content : parts_.model->vocabulary().PieceOf(id);
  }

  static std::string_view Valid(std::string_view utf8, std::string& replaced) {
    if (IsValidUtf8(utf8)) return utf8;
    replaced = ReplaceInvalidUtf8(utf8);
    return replaced;
  }

  // Replaces stretch by stretch, so that ranges keep their text.
  static MarkedText ReplaceInvalid(const MarkedText& text) {
    const std::string_view utf8 = text.utf8;
    MarkedText result;
    size_t done = 0;
    for (const TextRange& range : text.plain) {
      result.utf8 += ReplaceInvalidUtf8(utf8.substr(done, range.begin - done));
      const size_t begin = result.utf8.size();
      result.utf8 += ReplaceInvalidUtf8(utf8.substr(range.begin, range.end - range.begin));
      result.plain.push_back({begin, result.utf8.size()});
      done = range.end;
    }
    result.utf8 += ReplaceInvalidUtf8(utf8.substr(done));
    return result;
  }

  // Ids of valid UTF-8, with special tokens read outside of `plain`.
  void AppendText(std::string_view utf8, std::span<const TextRange> plain, Budgets& budgets,
                  std::vector<int32_t>& ids) const {
    std::vector<Segment> segments, inner;
    parts_.added.Split(utf8, AddedTokens::Which::kRaw, plain, segments);
    for (const Segment& segment : segments) {
      if (segment.id) {
        ids.push_back(*segment.id);
        continue;
      }
      const std::vector<TextRange> within = Within(plain, segment);
      if (within.empty()) {
        AppendSegment(segment.utf8, segment.offset == 0, {}, budgets, ids);
        continue;
      }
      // Ranges are of the text before it is normalized. So beside plain text, special tokens that
      // the library looks for in normalized text are read by their spelling.
      parts_.added.Split(segment.utf8, AddedTokens::Which::kNormalizedRaw, within, inner);
      for (const Segment& part : inner) {
        if (part.id) {
          ids.push_back(*part.id);
        } else {
          AppendSegment(part.utf8, segment.offset + part.offset == 0, {{0, SIZE_MAX}}, budgets,
                        ids);
        }
      }
    }
  }

  // The ranges that touch a segment, by its own offsets.
  static std::vector<TextRange> Within(std::span<const TextRange> ranges, const Segment& segment) {
    std::vector<TextRange> within;
    const size_t begin = segment.offset, end = segment.offset + segment.utf8.size();
    auto range = std::partition_point(ranges.begin(), ranges.end(),
                                      [&](const TextRange& r) { return r.end <= begin; });
    for (; range != ranges.end() && range->begin < end; ++range) {
      const TextRange cut{std::max(range->begin, begin), std::min(range->end, end)};
      if (cut.begin < cut.end) within.push_back({cut.begin - begin, cut.end - begin});
    }
    return within;
  }

  // Text between tokens that were found in it as it was.
  void AppendSegment(std::string_view utf8, bool at_start, const std::vector<TextRange>& plain,
                     Budgets& budgets, std::vector<int32_t>& ids) const {
    Normalized normalized{.growth = budgets.growth, .utf8 = {}, .at_start = at_start};
    if (parts_.normalizer) {
      normalized.utf8 = utf8;
      parts_.normalizer->Apply(normalized, budgets.time);
      utf8 = normalized.utf8;
      at_start = normalized.at_start;
    }
    std::vector<Segment> segments;
    parts_.added.Split(utf8, AddedTokens::Which::kNormalized, plain, segments);
    Words words{.budget = budgets.time, .growth = budgets.growth, .words = {}, .storage = {}};
    for (const Segment& segment : segments) {
      if (segment.id) {
        ids.push_back(*segment.id);
        continue;
      }
      words.words.assign(1, {segment.utf8, at_start && segment.offset == 0});
      if (parts_.pre_tokenizer) parts_.pre_tokenizer->Apply(words);
      for (const Word& word : words.words) AppendWord(word.utf8, plain.empty(), ids);
      words.storage.clear();
    }
  }

  // A model may have special tokens among its pieces, and make one of plain text.
  void AppendWord(std::string_view word, bool may_be_special, std::vector<int32_t>& ids) const {
    const IdSet& forbidden = may_be_special ? none_ : parts_.added.special_ids();
    if (word.size() > WordCache::kMaxWord) return parts_.model->Encode(word, forbidden, ids);
    WordCache& cache = may_be_special ? marked_cache_ : plain_cache_;
    if (cache.Append(word, ids)) return;
    const size_t first = ids.size();
    parts_.model->Encode(word, forbidden, ids);
    cache.Keep(word, ids.data() + first, ids.data() + ids.size());
  }

  Parts parts_;
  const IdSet none_;
  mutable WordCache plain_cache_, marked_cache_;
};

Expected<std::unique_ptr<SubwordModel>> MakeBpeModel(TokenizerJsonFile& file,
                                                     const Component& model) {
  BpeOptions options;
  if (model.Has("dropout") && model.json()["dropout"] != 0) {
    return MakeError(ErrorKind::kUnsupported, "{}.dropout: not supported", model.where());
  }
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    MORES_ASSIGN_OR_RETURN(const std::string text, model.String(affix, ""));
    if (!text.empty()) {
      return MakeError(ErrorKind::kUnsupported, "{}.{}: not supported", model.where(), affix);
    }
  }
  if (model.Has("unk_token")) {
    MORES_ASSIGN_OR_RETURN(options.unknown, model.String("unk_token"));
  }
  MORES_ASSIGN_OR_RETURN(options.fuse_unknown, model.Bool("fuse_unk", /*otherwise=*/false));
  MORES_ASSIGN_OR_RETURN(options.byte_fallback, model.Bool("byte_fallback", /*otherwise=*/false));
  MORES_ASSIGN_OR_RETURN(options.ignore_merges, model.Bool("ignore_merges", /*otherwise=*/false));
  if (file.vocab.empty()) return model.Corrupt("vocab", "an object of ids");
  MORES_ASSIGN_OR_RETURN(options.vocabulary,
                         Vocabulary::From(std::move(file.vocab), model.where() + ".vocab"));
  options.merges = std::move(file.merges);
  return MakeBpe(std::move(options), model.where());
}

Expected<std::unique_ptr<SubwordModel>> MakeUnigramModel(TokenizerJsonFile& file,
                                                         const Component& model) {
  UnigramOptions options;
  if (!model.Has("unk_id")) {
    return MakeError(ErrorKind::kUnsupported, "{}.unk_id: a model without one is not supported",
                     model.where());
  }
  const Json& unknown = model.json()["unk_id"];
  if (!unknown.is_number_unsigned()) return model.Corrupt("unk_id", "an id");
  options.unknown_id = unknown.get<size_t>();
  MORES_ASSIGN_OR_RETURN(options.byte_fallback, model.Bool("byte_fallback", /*otherwise=*/false));
  if (file.scored_vocab.empty()) return model.Corrupt("vocab", "pieces with scores");
  options.pieces = std::move(file.scored_vocab);
  return MakeUnigram(std::move(options), model.where());
}

Expected<std::unique_ptr<SubwordModel>> MakeModel(TokenizerJsonFile& file,
                                                  const std::string& where) {
  const auto found = file.rest.find("model");
  if (found == file.rest.end() || !found->is_object()) {
    return MakeError(ErrorKind::kCorrupt, "{}: expected an object", where);
  }
  // Files older than the field are told by their vocabulary.
  if (!found->contains("type")) {
    (*found)["type"] = file.scored_vocab.empty() ? "BPE" : "Unigram";
  }
  MORES_ASSIGN_OR_RETURN(const Component model, Component::From(*found, where));
  if (model.type() == "BPE") return MakeBpeModel(file, model);
  if (model.type() == "Unigram") return MakeUnigramModel(file, model);
  return model.NotSupported();
}

const Json& Field(const Json& object, const char* name) {
  static const Json null;
  const auto found = object.find(name);
  return found == object.end() ? null : *found;
}

std::optional<int32_t> IdOf(const std::optional<std::string>& name, const Parts& parts) {
  if (!name) return std::nullopt;
  if (const AddedToken* token = parts.added.Find(*name)) return token->id;
  return parts.model->vocabulary().Find(*name);
}

Status CheckFrame(const Parts& parts, const std::string& where) {
  for (const auto* ids : {&parts.frame.before, &parts.frame.after}) {
    for (const int32_t id : *ids) {
      if (parts.added.Find(id) == nullptr && !parts.model->vocabulary().PieceOf(id)) {
        return MakeError(ErrorKind::kCorrupt, "{}: id {} is not in the vocabulary", where, id);
      }
    }
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<Tokenizer>> MakeJsonTokenizer(TokenizerJsonFile file,
                                                       const std::string& where,
                                                       const SpecialTokenNames& names) {
  const auto at = [&](const char* field) { return fmt::format("{}: {}", where, field); };
  const Json& rest = file.rest;
  Parts parts;
  MORES_ASSIGN_OR_RETURN(parts.model, MakeModel(file, at("model")));
  MORES_ASSIGN_OR_RETURN(parts.normalizer,
                         MakeNormalizer(Field(rest, "normalizer"), at("normalizer")));
  MORES_ASSIGN_OR_RETURN(parts.pre_tokenizer,
                         MakePreTokenizer(Field(rest, "pre_tokenizer"), at("pre_tokenizer")));
  MORES_ASSIGN_OR_RETURN(parts.decoder, MakeTokenDecoder(Field(rest, "decoder"), at("decoder")));
  MORES_ASSIGN_OR_RETURN(parts.frame,
                         MakeFrame(Field(rest, "post_processor"), at("post_processor")));
  const Vocabulary& vocabulary = parts.model->vocabulary();
  const Json& added = Field(rest, "added_tokens");
  if (!added.is_null()) {
    MORES_ASSIGN_OR_RETURN(parts.added, AddedTokens::From(added, vocabulary, parts.normalizer.get(),
                                                          at("added_tokens")));
  }
  MORES_RETURN_IF_ERROR(CheckFrame(parts, at("post_processor")));
  const bool byte_level = HasByteLevel(Field(rest, "pre_tokenizer"));
  for (size_t byte = 0; byte < 256; ++byte) {
    const auto value = static_cast<uint8_t>(byte);
    const auto id =
        byte_level ? vocabulary.Find(ByteSymbol(value)) : vocabulary.Find(BytePiece(value));
    parts.byte_ids[byte] = id.value_or(-1);
  }
  parts.bos = IdOf(names.bos, parts);
  parts.eos = IdOf(names.eos, parts);
  return std::make_unique<JsonTokenizer>(std::move(parts));
}

Expected<std::unique_ptr<Tokenizer>> ParseTokenizerJson(std::string_view bytes,
                                                        const std::string& where,
                                                        const SpecialTokenNames& names) {
  MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file, ParseTokenizerJsonFile(bytes, where));
  return MakeJsonTokenizer(std::move(file), where, names);
}

Expected<std::unique_ptr<Tokenizer>> LoadTokenizerJson(const std::string& path,
                                                       const SpecialTokenNames& names) {
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  return ParseTokenizerJson(file.bytes(), path, names);
}

}  // namespace mores::text
