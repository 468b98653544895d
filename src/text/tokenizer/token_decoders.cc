#include "text/tokenizer/token_decoders.h"

#include <utility>
#include <vector>

#include "text/tokenizer/byte_symbols.h"
#include "text/tokenizer/component_fields.h"
#include "text/tokenizer/metaspace.h"
#include "text/tokenizer/pattern.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr std::string_view kReplacementText = "\xEF\xBF\xBD";  // U+FFFD

using NextSink = std::unique_ptr<PieceSink>;

// A sink that needs pieces whole.
class WholePieces : public PieceSink {
 public:
  explicit WholePieces(NextSink next) : next_(std::move(next)) {}
  void Text(std::string_view part) final { piece_ += part; }
  void EndPiece() final {
    Piece(piece_);
    piece_.clear();
  }
  void Finish() override { next_->Finish(); }

 protected:
  virtual void Piece(std::string_view piece) = 0;
  void Give(std::string_view piece) {
    next_->Text(piece);
    next_->EndPiece();
  }
  PieceSink& next() { return *next_; }

 private:
  NextSink next_;
  std::string piece_;
};

// Bytes at the end that begin a character and may yet be completed.
size_t OpenEnd(std::string_view bytes) {
  for (size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const char lead = bytes[bytes.size() - back];
    if ((static_cast<unsigned char>(lead) & 0xC0) == 0x80) continue;
    if (static_cast<unsigned char>(lead) < 0xC2 || CharacterSize(lead) <= back) return 0;
    // Ill formed already, or incomplete: only then all of it is one replacement.
    const std::string_view end = bytes.substr(bytes.size() - back);
    std::string completed(end);
    completed += 'x';
    return ReplaceInvalidUtf8(completed) == std::string(kReplacementText) + "x" ? back : 0;
  }
  return 0;
}

// All pieces become one, of the bytes that their characters stand for.
class ByteLevelSink : public WholePieces {
 public:
  ByteLevelSink(NextSink next, InvalidBytes invalid)
      : WholePieces(std::move(next)), invalid_(invalid) {}

  void Piece(std::string_view piece) override {
    const std::optional<std::string> bytes = FromByteSymbols(piece);
    bytes_ += bytes ? std::string_view(*bytes) : piece;
    const size_t open = invalid_ == InvalidBytes::kReplace ? OpenEnd(bytes_) : 0;
    Flush(bytes_.size() - open);
  }
  void Finish() override {
    Flush(bytes_.size());
    next().EndPiece();
    next().Finish();
  }

 private:
  void Flush(size_t size) {
    if (size == 0) return;
    const std::string_view ready = std::string_view(bytes_).substr(0, size);
    if (invalid_ == InvalidBytes::kReplace) {
      next().Text(ReplaceInvalidUtf8(ready));
    } else {
      next().Text(ready);
    }
    bytes_.erase(0, size);
  }

  InvalidBytes invalid_;
  std::string bytes_;
};

// A run of <0xXX> pieces becomes one of those bytes; if they are not UTF-8, each becomes U+FFFD.
// So none of a run is certain before the run ends.
class ByteFallbackSink : public WholePieces {
 public:
  ByteFallbackSink(NextSink next, InvalidBytes invalid)
      : WholePieces(std::move(next)), invalid_(invalid) {}

  void Piece(std::string_view piece) override {
    if (const std::optional<char> byte = ByteOf(piece)) {
      run_ += *byte;
      return;
    }
    EndRun();
    Give(piece);
  }
  void Finish() override {
    EndRun();
    next().Finish();
  }

 private:
  static int HexDigit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  }
  static std::optional<char> ByteOf(std::string_view piece) {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
    const int low = HexDigit(piece[4]);
    // The library's number parser takes a sign.
    const int high = piece[3] == '+' ? 0 : HexDigit(piece[3]);
    if (low < 0 || high < 0) return std::nullopt;
    return static_cast<char>(high * 16 + low);
  }
  void EndRun() {
    if (run_.empty()) return;
    if (invalid_ == InvalidBytes::kKeep || IsValidUtf8(run_)) {
      Give(run_);
    } else {
      for (size_t i = 0; i < run_.size(); ++i) Give(kReplacementText);
    }
    run_.clear();
  }

  InvalidBytes invalid_;
  std::string run_;
};

struct Replacing {
  Pattern pattern;
  std::string content;
};

class ReplaceSink : public WholePieces {
 public:
  ReplaceSink(NextSink next, std::shared_ptr<const Replacing> replacing, GrowthBudget& growth)
      : WholePieces(std::move(next)), replacing_(std::move(replacing)), growth_(growth) {}

  void Piece(std::string_view piece) override {
    // Kept bytes that are not UTF-8 can't be matched.
    if (!IsValidUtf8(piece)) return Give(piece);
    const std::string_view content = replacing_->content;
    replacing_->pattern.Cut(piece, PatternBudget(piece.size()), stretches_);
    size_t size = 0;
    for (const Stretch& stretch : stretches_) {
      size += stretch.matched ? content.size() : stretch.end - stretch.begin;
    }
    if (!growth_.Take(piece.size(), size)) return Give(piece);
    for (const Stretch& stretch : stretches_) {
      next().Text(stretch.matched ? content
                                  : piece.substr(stretch.begin, stretch.end - stretch.begin));
    }
    next().EndPiece();
  }

 private:
  std::shared_ptr<const Replacing> replacing_;
  GrowthBudget& growth_;
  std::vector<Stretch> stretches_;
};

// All pieces become one.
class FuseSink : public PieceSink {
 public:
  explicit FuseSink(NextSink next) : next_(std::move(next)) {}
  void Text(std::string_view part) override { next_->Text(part); }
  void EndPiece() override {}
  void Finish() override {
    next_->EndPiece();
    next_->Finish();
  }

 private:
  NextSink next_;
};

struct StripCounts {
  std::string content;  // one character
  size_t start = 0, stop = 0;
};

// Takes up to `start` characters off the beginning of each piece, and up to `stop` off its end.
class StripSink : public PieceSink {
 public:
  StripSink(NextSink next, StripCounts counts)
      : next_(std::move(next)), counts_(std::move(counts)) {}

  void Text(std::string_view part) override {
    const std::string& content = counts_.content;
    while (beginning_ && !part.empty()) {
      if (stripped_ < counts_.start && part.starts_with(content)) {
        ++stripped_;
        part.remove_prefix(content.size());
      } else {
        beginning_ = false;
      }
    }
    if (part.empty()) return;
    if (counts_.stop == 0) return next_->Text(part);
    // What may be stripped from the end waits.
    held_ += part;
    size_t kept = held_.size(), count = 0;
    while (count < counts_.stop && std::string_view(held_).substr(0, kept).ends_with(content)) {
      kept -= content.size();
      ++count;
    }
    next_->Text(std::string_view(held_).substr(0, kept));
    held_.erase(0, kept);
  }
  void EndPiece() override {
    held_.clear();
    beginning_ = true;
    stripped_ = 0;
    next_->EndPiece();
  }
  void Finish() override { next_->Finish(); }

 private:
  NextSink next_;
  StripCounts counts_;
  bool beginning_ = true;
  size_t stripped_ = 0;
  std::string held_;
};

class MetaspaceSink : public PieceSink {
 public:
  MetaspaceSink(NextSink next, const Metaspace& metaspace)
      : next_(std::move(next)), metaspace_(metaspace) {}

  void Text(std::string_view part) override {
    const std::string& mark = metaspace_.replacement;
    const bool drop = first_ && metaspace_.prepend != Metaspace::Prepend::kNever;
    while (true) {
      const size_t found = part.find(mark);
      next_->Text(part.substr(0, found));
      if (found == std::string_view::npos) return;
      if (!drop) next_->Text(" ");
      part.remove_prefix(found + mark.size());
    }
  }
  void EndPiece() override {
    first_ = false;
    next_->EndPiece();
  }
  void Finish() override { next_->Finish(); }

 private:
  NextSink next_;
  Metaspace metaspace_;
  bool first_ = true;
};

// A decoder is a way to make its sink.
template <class MakeSink>
class SinkDecoder : public TokenDecoder {
 public:
  explicit SinkDecoder(MakeSink make) : make_(std::move(make)) {}
  NextSink Start(NextSink next, const Decoding& decoding) const override {
    return make_(std::move(next), decoding);
  }

 private:
  MakeSink make_;
};

using MadeDecoder = Expected<std::unique_ptr<TokenDecoder>>;

template <class MakeSink>
std::unique_ptr<TokenDecoder> DecoderOf(MakeSink make) {
  return std::make_unique<SinkDecoder<MakeSink>>(std::move(make));
}

class DecoderSequence : public TokenDecoder {
 public:
  explicit DecoderSequence(std::vector<std::unique_ptr<TokenDecoder>> members)
      : members_(std::move(members)) {}
  NextSink Start(NextSink next, const Decoding& decoding) const override {
    for (auto member = members_.rbegin(); member != members_.rend(); ++member) {
      next = (*member)->Start(std::move(next), decoding);
    }
    return next;
  }

 private:
  std::vector<std::unique_ptr<TokenDecoder>> members_;
};

MadeDecoder MakeDecoderPart(const Json& value, const std::string& where, int depth);

MadeDecoder MakeReplaceDecoder(const Component& component) {
  MORES_ASSIGN_OR_RETURN(Pattern pattern, component.PatternOf("pattern"));
  MORES_ASSIGN_OR_RETURN(std::string content, component.Replacement());
  const auto replacing =
      std::make_shared<const Replacing>(Replacing{std::move(pattern), std::move(content)});
  return DecoderOf([replacing](NextSink next, const Decoding& decoding) -> NextSink {
    return std::make_unique<ReplaceSink>(std::move(next), replacing, decoding.growth);
  });
}

MadeDecoder MakeStrip(const Component& component) {
  StripCounts counts;
  MORES_ASSIGN_OR_RETURN(const char32_t content, component.Character("content"));
  AppendCharacter(content, counts.content);
  MORES_ASSIGN_OR_RETURN(counts.start, component.Count("start"));
  MORES_ASSIGN_OR_RETURN(counts.stop, component.Count("stop"));
  return DecoderOf([counts](NextSink next, const Decoding&) -> NextSink {
    return std::make_unique<StripSink>(std::move(next), counts);
  });
}

MadeDecoder MakeDecoderPart(const Json& value, const std::string& where, int depth) {
  MORES_ASSIGN_OR_RETURN(const Component component, Component::From(value, where));
  const std::string& type = component.type();
  if (type == "Sequence") {
    MORES_ASSIGN_OR_RETURN(auto members, MakeParts(component, "decoders", depth, &MakeDecoderPart));
    return std::make_unique<DecoderSequence>(std::move(members));
  }
  if (type == "Replace") return MakeReplaceDecoder(component);
  if (type == "Strip") return MakeStrip(component);
  if (type == "ByteLevel") {
    return DecoderOf([](NextSink next, const Decoding& decoding) -> NextSink {
      return std::make_unique<ByteLevelSink>(std::move(next), decoding.invalid);
    });
  }
  if (type == "ByteFallback") {
    return DecoderOf([](NextSink next, const Decoding& decoding) -> NextSink {
      return std::make_unique<ByteFallbackSink>(std::move(next), decoding.invalid);
    });
  }
  if (type == "Fuse") {
    return DecoderOf([](NextSink next, const Decoding&) -> NextSink {
      return std::make_unique<FuseSink>(std::move(next));
    });
  }
  if (type == "Metaspace") {
    MORES_ASSIGN_OR_RETURN(const Metaspace metaspace, Metaspace::From(component));
    return DecoderOf([metaspace](NextSink next, const Decoding&) -> NextSink {
      return std::make_unique<MetaspaceSink>(std::move(next), metaspace);
    });
  }
  return component.NotSupported();
}

}  // namespace

Expected<std::unique_ptr<TokenDecoder>> MakeTokenDecoder(const Json& value,
                                                         const std::string& where) {
  if (value.is_null()) return nullptr;
  MORES_RETURN_IF_ERROR(CheckPartCount(value, where));
  return MakeDecoderPart(value, where, /*depth=*/0);
}

}  // namespace mores::text
