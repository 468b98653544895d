// The slow-to-fast conversion: a BPE vocabulary with scores becomes a vocabulary with an ordered
// list of merges. See https://github.com/huggingface/tokenizers for the format of tokenizer.json.
#include <sentencepiece_processor.h>

#include <unordered_set>
#include <utility>

#include "base/files.h"
#include "base/indented_json.h"
#include "base/json.h"
#include "base/keyed_hash.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::text {
namespace {

using sentencepiece::SentencePieceProcessor;

constexpr char kSpaceMark[] = "\xE2\x96\x81";  // U+2581, how pieces write a space

bool IsSpecial(const SentencePieceProcessor& processor, int id) {
  return processor.IsControl(id) || processor.IsUnknown(id);
}

bool IsNormal(const SentencePieceProcessor& processor, int id) {
  return !IsSpecial(processor, id) && !processor.IsByte(id) && !processor.IsUnused(id);
}

// BPE scores are ranks: they fall with the id. Elsewhere the conversion below would be wrong.
Status CheckConvertible(const SentencePieceProcessor& processor) {
  int bytes = 0;
  bool ranked = true;
  float last = 1;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (processor.IsByte(id)) ++bytes;
    if (!IsNormal(processor, id)) continue;
    ranked = ranked && processor.GetScore(id) < last;
    last = processor.GetScore(id);
  }
  std::vector<int> first;
  const bool prefixed = !processor.Encode("a", &first).ok() || first.empty() ||
                        processor.IdToPiece(first[0]).starts_with(kSpaceMark);
  if (bytes != 256 || !ranked || prefixed) {
    return MakeError(ErrorKind::kUnsupported,
                     "tokenizer.json can be written only for a BPE model with byte fallback and "
                     "without a dummy prefix");
  }
  return {};
}

// Every way to put a piece together from two others, the earliest piece first: the library merges
// the neighbours whose union has the best score. Of one piece, the split with the longer left part
// goes first, as the conversion of transformers has it.
Json Merges(const SentencePieceProcessor& processor) {
  std::unordered_set<std::string_view, KeyedTextHash> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (IsNormal(processor, id)) pieces.insert(processor.IdToPiece(id));
  }
  Json merges = Json::array();
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (!IsNormal(processor, id)) continue;
    const std::string_view piece = processor.IdToPiece(id);
    for (size_t cut = piece.size() - 1; cut > 0; --cut) {
      if ((static_cast<unsigned char>(piece[cut]) & 0xC0) == 0x80) continue;
      const std::string_view left = piece.substr(0, cut), right = piece.substr(cut);
      if (pieces.contains(left) && pieces.contains(right)) {
        merges.push_back(Json::array({left, right}));
      }
    }
  }
  return merges;
}

Json Replace(const char* from, const char* to) {
  return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

Json TokenizerJson(const SentencePieceProcessor& processor) {
  Json added = Json::array();
  Json vocab = Json::object();
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const std::string& piece = processor.IdToPiece(id);
    vocab.get_ref<Json::object_t&>().emplace_back(piece, id);
    if (!IsSpecial(processor, id)) continue;
    added.push_back({{"id", id},
                     {"content", piece},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", true}});
  }
  const Json decoders = Json::array(
      {Replace(kSpaceMark, " "), Json{{"type", "ByteFallback"}}, Json{{"type", "Fuse"}}});
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", std::move(added)},
          {"normalizer", Replace(" ", kSpaceMark)},
          {"pre_tokenizer", nullptr},
          {"post_processor", nullptr},
          {"decoder", {{"type", "Sequence"}, {"decoders", decoders}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", processor.IdToPiece(processor.unk_id())},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", true},
            {"byte_fallback", true},
            {"ignore_merges", false},
            {"vocab", std::move(vocab)},
            {"merges", Merges(processor)}}}};
}

Json ConfigJson(const SentencePieceProcessor& processor, const std::string& chat_template) {
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"add_bos_token", false},
                 {"add_eos_token", false},
                 {"add_prefix_space", false},
                 {"legacy", false},
                 {"clean_up_tokenization_spaces", false},
                 {"unk_token", processor.IdToPiece(processor.unk_id())}};
  if (processor.bos_id() >= 0) config["bos_token"] = processor.IdToPiece(processor.bos_id());
  if (processor.eos_id() >= 0) config["eos_token"] = processor.IdToPiece(processor.eos_id());
  if (!chat_template.empty()) config["chat_template"] = chat_template;
  return config;
}

}  // namespace

Status WriteTokenizerFiles(const std::string& serialized_model, const std::string& directory,
                           const std::string& chat_template) {
  MORES_RETURN_IF_ERROR(ParseSentencePiece(serialized_model, "tokenizer.model"));
  SentencePieceProcessor processor;
  if (!processor.LoadFromSerializedProto(serialized_model).ok()) {
    return MakeError(ErrorKind::kCorrupt, "tokenizer.model: broken");
  }
  MORES_RETURN_IF_ERROR(CheckConvertible(processor));
  MORES_RETURN_IF_ERROR(MakeDirectories(directory));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/tokenizer.model", serialized_model));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/tokenizer.json",
                                            DumpJson(TokenizerJson(processor)) + "\n"));
  const Json config = ConfigJson(processor, chat_template);
  return WriteFileAtomically(directory + "/tokenizer_config.json", IndentedJson(config));
}

}  // namespace mores::text
