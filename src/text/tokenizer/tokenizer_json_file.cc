#include "text/tokenizer/tokenizer_json_file.h"

#include <limits>

#include "text/unicode.h"

namespace mores::text {
namespace {

constexpr size_t kMaxBytes = size_t{256} << 20;
constexpr size_t kMaxList = size_t{4} << 20;    // members of vocab and of merges
constexpr size_t kMaxValues = size_t{1} << 20;  // of everything else
constexpr size_t kMaxKeys = 4096;               // of one object; they are looked up in a row
constexpr size_t kMaxDepth = 64;

// Takes the parser's events, and keeps the vocabulary out of the value that it builds: an object
// of a hundred thousand keys would take minutes there.
class Handler : public nlohmann::json_sax<Json> {
 public:
  Handler(TokenizerJsonFile& file, std::string_view where) : file_(file), where_(where) {}
  const Error& error() const { return error_; }

  bool null() override { return Value(nullptr, "null"); }
  bool boolean(bool value) override { return Value(value, "a boolean"); }
  bool number_integer(number_integer_t value) override { return Number(value); }
  bool number_unsigned(number_unsigned_t value) override { return Number(value); }
  bool number_float(number_float_t value, const string_t&) override {
    return list_ == List::kNone ? Value(value, "a number") : Score(value);
  }
  bool string(string_t& value) override {
    return list_ == List::kNone ? Value(std::move(value), "a string") : ListString(value);
  }
  bool binary(binary_t&) override { return Fail(ErrorKind::kCorrupt, "binary data"); }

  bool start_object(size_t) override {
    if (!Deeper()) return false;
    if (list_ != List::kNone) return ListFail("an object");
    if (Opens("vocab")) {
      list_ = List::kVocab;
      list_depth_ = depth_;
      return true;
    }
    return Open(Json::object());
  }
  bool end_object() override { return Close(); }
  bool start_array(size_t) override {
    if (!Deeper()) return false;
    if (list_ == List::kScoredVocab || list_ == List::kMerges) return StartMember();
    if (list_ == List::kVocab) return ListFail("an array");
    if (Opens("vocab") || Opens("merges")) {
      list_ = key_ == "vocab" ? List::kScoredVocab : List::kMerges;
      list_depth_ = depth_;
      return true;
    }
    return Open(Json::array());
  }
  bool end_array() override {
    if (list_ == List::kNone || depth_ == list_depth_) return Close();
    --depth_;
    return EndMember();
  }
  bool key(string_t& name) override {
    if (list_ == List::kVocab) {
      piece_ = std::move(name);
      return true;
    }
    Json& object = *open_.back();
    if (object.contains(name)) {
      return Fail(ErrorKind::kCorrupt, fmt::format("'{}' occurs twice", FitColumns(name, 40)));
    }
    if (object.size() >= kMaxKeys) return Fail(ErrorKind::kUnsupported, "an object this large");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(ErrorKind::kCorrupt, fmt::format("not JSON at byte {}", position));
  }

 private:
  enum class List { kNone, kVocab, kScoredVocab, kMerges };

  bool Fail(ErrorKind kind, std::string_view what) {
    if (error_.message.empty()) error_ = {kind, fmt::format("{}: {}", where_, what)};
    return false;
  }
  bool ListFail(std::string_view found) {
    const char* name = list_ == List::kMerges ? "merges" : "vocab";
    return Fail(ErrorKind::kCorrupt, fmt::format("model.{}: {} where none belongs", name, found));
  }
  bool Deeper() {
    if (++depth_ > kMaxDepth) return Fail(ErrorKind::kCorrupt, "nested too deeply");
    return true;
  }
  // Whether the value that begins is model.NAME.
  bool Opens(std::string_view name) const {
    return depth_ == 3 && key_ == name && model_ != nullptr && open_.back() == model_;
  }

  template <class T>
  bool Value(T&& value, std::string_view found) {
    if (list_ != List::kNone) return ListFail(found);
    return Place(Json(std::forward<T>(value))) != nullptr;
  }
  // Puts a value where the events stand; null if that is too much.
  Json* Place(Json&& value) {
    if (++values_ > kMaxValues) {
      Fail(ErrorKind::kUnsupported, "values this many");
      return nullptr;
    }
    if (open_.empty()) {
      file_.rest = std::move(value);
      return &file_.rest;
    }
    Json& parent = *open_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto& members = parent.get_ref<Json::object_t&>();
    members.emplace_back(key_, std::move(value));
    return &members.back().second;
  }
  // The value that opens is the last of its parent until it closes, so pointers stay valid.
  bool Open(Json&& value) {
    const bool is_model = depth_ == 2 && key_ == "model" && open_.size() == 1;
    Json* placed = Place(std::move(value));
    if (placed == nullptr) return false;
    open_.push_back(placed);
    if (is_model && placed->is_object()) model_ = placed;
    return true;
  }
  bool Close() {
    --depth_;
    if (list_ != List::kNone) {
      list_ = List::kNone;
      return true;
    }
    if (open_.back() == model_) model_ = nullptr;
    open_.pop_back();
    return true;
  }

  template <class T>
  bool Number(T value) {
    if (list_ == List::kNone) return Value(value, "a number");
    if (list_ == List::kScoredVocab) return Score(static_cast<double>(value));
    if (list_ != List::kVocab) return ListFail("a number");
    if (file_.vocab.size() >= kMaxList) return Fail(ErrorKind::kUnsupported, "a vocab this large");
    if (value > static_cast<T>(std::numeric_limits<int32_t>::max())) return ListFail("such an id");
    file_.vocab.emplace_back(std::move(piece_), static_cast<int64_t>(value));
    return true;
  }
  bool Score(double value) {
    if (list_ != List::kScoredVocab || !in_member_ || parts_ != 1) return ListFail("a number");
    file_.scored_vocab.back().second = value;
    ++parts_;
    return true;
  }
  bool ListString(std::string& value) {
    if (list_ == List::kMerges && !in_member_) return MergeOfOneString(value);
    if (!in_member_ || parts_ >= (list_ == List::kMerges ? 2 : 1)) return ListFail("a string");
    if (list_ == List::kScoredVocab) {
      file_.scored_vocab.back().first = std::move(value);
    } else {
      (parts_ == 0 ? file_.merges.back().first : file_.merges.back().second) = std::move(value);
    }
    ++parts_;
    return true;
  }
  // "a b"
  bool MergeOfOneString(const std::string& value) {
    if (value.starts_with("#version")) return true;
    const size_t space = value.find(' ');
    if (space == std::string::npos || value.find(' ', space + 1) != std::string::npos) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("model.merges: '{}' is no pair", FitColumns(value, 40)));
    }
    if (!StartMember()) return false;
    in_member_ = false;
    file_.merges.back() = {value.substr(0, space), value.substr(space + 1)};
    return true;
  }
  bool StartMember() {
    if (in_member_) return ListFail("an array");
    const bool merges = list_ == List::kMerges;
    if ((merges ? file_.merges.size() : file_.scored_vocab.size()) >= kMaxList) {
      return Fail(ErrorKind::kUnsupported, "a list this large");
    }
    merges ? void(file_.merges.emplace_back()) : void(file_.scored_vocab.emplace_back());
    in_member_ = true;
    parts_ = 0;
    return true;
  }
  bool EndMember() {
    in_member_ = false;
    if (parts_ != 2) return ListFail("a member that is no pair");
    return true;
  }

  TokenizerJsonFile& file_;
  std::string_view where_;
  Error error_{ErrorKind::kCorrupt, ""};
  std::vector<Json*> open_;  // the objects and arrays that the events are in
  Json* model_ = nullptr;    // the object "model" while it is open
  std::string key_, piece_;
  size_t depth_ = 0, values_ = 0;
  List list_ = List::kNone;
  size_t list_depth_ = 0;
  bool in_member_ = false;  // of a list of arrays
  int parts_ = 0;           // of that member
};

}  // namespace

Expected<TokenizerJsonFile> ParseTokenizerJsonFile(std::string_view bytes, std::string_view where) {
  if (bytes.size() > kMaxBytes) {
    return MakeError(ErrorKind::kUnsupported, "{}: more than {} MiB", where, kMaxBytes >> 20);
  }
  // The parser takes one for the end.
  if (bytes.find('\0') != std::string_view::npos) {
    return MakeError(ErrorKind::kCorrupt, "{}: a NUL byte", where);
  }
  TokenizerJsonFile file;
  Handler handler(file, where);
  if (!Json::sax_parse(bytes.begin(), bytes.end(), &handler)) {
    return tl::unexpected<Error>(handler.error());
  }
  if (!file.rest.is_object()) return MakeError(ErrorKind::kCorrupt, "{}: not an object", where);
  return file;
}

}  // namespace mores::text
