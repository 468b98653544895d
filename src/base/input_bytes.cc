#include "base/input_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

namespace mores {
namespace {

constexpr size_t kRawSize = size_t{1} << 18;
// What is looked at to tell what a file is; a pipe may have given less.
constexpr size_t kLeastShown = 8;

struct Kind {
  std::string_view begins;
  std::string_view what;
  std::string_view advice;
};

// NUL bytes stand in some of them.
using namespace std::string_view_literals;
constexpr Kind kKinds[] = {
    {"BZh"sv, "compressed with bzip2", "unpack it with bunzip2"},
    {"\xFD"
     "7zXZ\0"sv,
     "compressed with xz", "unpack it with unxz"},
    {"\x04\x22\x4D\x18"sv, "compressed with lz4", "unpack it with unlz4"},
    {"7z\xBC\xAF"sv, "a 7z archive", "unpack it first"},
    {"Rar!"sv, "a RAR archive", "unpack it first"},
    {"PAR1"sv, "a Parquet table", "write it as JSON lines, such as with pandas or duckdb"},
    {"ARROW1"sv, "an Arrow table", "write it as JSON lines, such as with pandas or duckdb"},
    {"Obj\x01"sv, "an Avro file", "write it as JSON lines"},
    {"SQLite format 3\0"sv, "an SQLite database", "write it as JSON lines"},
    {"\x89HDF\r\n"sv, "an HDF5 file", "write it as JSON lines"},
    {"%PDF-"sv, "a PDF document", "write it as JSON lines"},
    {"\xD0\xCF\x11\xE0"sv, "an old Excel or Word document", "write it as JSON lines"},
};

bool IsZip(std::string_view text) {
  return text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06");
}

bool IsGzip(std::string_view text) { return text.starts_with("\x1F\x8B"); }

// A frame, or one that may be skipped and stands before it.
bool IsZstd(std::string_view text) {
  if (text.starts_with("\x28\xB5\x2F\xFD")) return true;
  return text.size() >= 4 && (static_cast<unsigned char>(text[0]) & 0xF0) == 0x50 &&
         text.substr(1, 3) == "\x2A\x4D\x18";
}

// Of text that begins with a byte-order mark, or as JSON does: with a bracket, a brace, a quote or
// space, each character of which has bytes of zero beside it. "" where it is neither.
std::string_view WideEncoding(std::string_view text) {
  if (text.starts_with("\xFF\xFE\0\0"sv)) return "UTF-32LE";
  if (text.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32BE";
  if (text.starts_with("\xFF\xFE"sv) || text.starts_with("\xFE\xFF"sv)) return "UTF-16";
  const auto begins_json = [&](size_t at) {
    return at < text.size() && std::string_view("[{\" \t\r\n").find(text[at]) != text.npos;
  };
  const auto zero = [&](size_t at) { return at < text.size() && text[at] == '\0'; };
  if (begins_json(0) && zero(1) && zero(2) && zero(3)) return "UTF-32LE";
  if (zero(0) && zero(1) && zero(2) && begins_json(3)) return "UTF-32BE";
  if (begins_json(0) && zero(1)) return "UTF-16LE";
  if (zero(0) && begins_json(1)) return "UTF-16BE";
  return "";
}

Status CheckIsText(std::string_view begin, const std::string& name, bool packed) {
  const std::string_view inside = packed ? "unpacked, it " : "it ";
  if (const std::string_view encoding = WideEncoding(begin); !encoding.empty()) {
    return MakeError(ErrorKind::kInput,
                     "{}: {}is {}, not UTF-8: convert it with iconv -f {} -t UTF-8", name, inside,
                     encoding, encoding);
  }
  if (IsZip(begin)) {
    const bool office = begin.find("[Content_Types].xml") != begin.npos ||
                        begin.find("xl/") != begin.npos || begin.find("_rels/") != begin.npos;
    return MakeError(ErrorKind::kInput, "{}: {}is {}", name, inside,
                     office ? "an Excel workbook (.xlsx) or the like: write it as JSON lines"
                            : "a zip archive: unpack it with unzip");
  }
  if (packed && (IsGzip(begin) || IsZstd(begin))) {
    return MakeError(ErrorKind::kInput, "{}: compressed more than once: unpack it first", name);
  }
  constexpr size_t kTarMark = 257;
  if (begin.size() > kTarMark && begin.substr(kTarMark).starts_with("ustar")) {
    return MakeError(ErrorKind::kInput, "{}: {}is a tar archive: unpack it with tar -xf", name,
                     inside);
  }
  for (const Kind& kind : kKinds) {
    if (!begin.starts_with(kind.begins)) continue;
    return MakeError(ErrorKind::kInput, "{}: {}is {}: {}", name, inside, kind.what, kind.advice);
  }
  return {};
}

}  // namespace

// Moves bytes from packed to plain.
class InputBytes::Unpacker {
 public:
  virtual ~Unpacker() = default;
  struct Step {
    size_t used = 0, made = 0;
    bool failed = false;
  };
  virtual Step Run(std::string_view packed, std::span<char> plain) = 0;
  // Nothing is open that must still be closed.
  virtual bool whole() const = 0;
  virtual std::string_view name() const = 0;
  const std::string& problem() const { return problem_; }

 protected:
  std::string problem_;
};

class InputBytes::Gzip : public Unpacker {
 public:
  Gzip() {
    constexpr int kGzipAlone = 15 + 16;
    ready_ = inflateInit2(&stream_, kGzipAlone) == Z_OK;
  }
  ~Gzip() override {
    if (ready_) inflateEnd(&stream_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Members stand one behind the other. Behind the last, zeros fill up a block of a tape.
  Step Run(std::string_view packed, std::span<char> plain) override {
    if (whole_) {
      const size_t zeros = std::min(packed.find_first_not_of('\0'), packed.size());
      if (zeros > 0) {
        padded_ = true;
        return {.used = zeros};
      }
      if (padded_ || packed[0] != '\x1F') return Failed("something else stands behind it");
      if (inflateReset(&stream_) != Z_OK) return Failed("can't go on");
      whole_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = reinterpret_cast<Bytef*>(plain.data());
    stream_.avail_out = static_cast<uInt>(plain.size());
    const int result = ready_ ? inflate(&stream_, Z_NO_FLUSH) : Z_MEM_ERROR;
    whole_ = result == Z_STREAM_END;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      return Failed(stream_.msg != nullptr ? stream_.msg : "no memory");
    }
    return {.used = packed.size() - stream_.avail_in, .made = plain.size() - stream_.avail_out};
  }
  bool whole() const override { return whole_; }
  std::string_view name() const override { return "gzip"; }

 private:
  Step Failed(const char* why) {
    problem_ = why;
    return {.failed = true};
  }
  z_stream stream_{};
  bool ready_ = false, whole_ = false, padded_ = false;
};

class InputBytes::Zstd : public Unpacker {
 public:
  Zstd() : context_(ZSTD_createDCtx()) {}
  ~Zstd() override { ZSTD_freeDCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;

  Step Run(std::string_view packed, std::span<char> plain) override {
    ZSTD_inBuffer in = {packed.data(), packed.size(), 0};
    ZSTD_outBuffer out = {plain.data(), plain.size(), 0};
    const size_t left = ZSTD_decompressStream(context_, &out, &in);
    if (ZSTD_isError(left) != 0) {
      problem_ = ZSTD_getErrorName(left);
      return {.failed = true};
    }
    whole_ = left == 0;
    return {.used = in.pos, .made = out.pos};
  }
  bool whole() const override { return whole_; }
  std::string_view name() const override { return "zstd"; }

 private:
  ZSTD_DCtx* context_;
  bool whole_ = false;
};

InputBytes::InputBytes() = default;

Expected<std::unique_ptr<InputBytes>> InputBytes::Open(const std::string& path) {
  std::unique_ptr<InputBytes> input(new InputBytes());
  input->name_ = path == "-" ? "<stdin>" : path;
  input->descriptor_ = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  const bool failed = input->descriptor_ < 0;
  int error_number = failed ? errno : 0;
  if (!failed && fstat(input->descriptor_, &info) == 0 && S_ISDIR(info.st_mode)) {
    error_number = EISDIR;
  }
  if (error_number == 0) return input;
  const bool missing = error_number == ENOENT || error_number == ENOTDIR;
  return MakeError(missing ? ErrorKind::kMissing : ErrorKind::kIo, "{}: {}: {}", path,
                   failed ? "can't open" : "can't read",
                   std::generic_category().message(error_number));
}

std::unique_ptr<InputBytes> InputBytes::Of(std::string_view bytes, std::string name) {
  std::unique_ptr<InputBytes> input(new InputBytes());
  input->name_ = std::move(name);
  input->memory_ = bytes;
  return input;
}

InputBytes::~InputBytes() {
  if (descriptor_ > STDIN_FILENO) close(descriptor_);
}

Expected<size_t> InputBytes::ReadRaw(char* data, size_t size) {
  if (descriptor_ < 0) {
    const size_t taken = memory_.copy(data, size);
    memory_.remove_prefix(taken);
    return taken;
  }
  while (true) {
    const ssize_t got = read(descriptor_, data, size);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno == EINTR) continue;
    return MakeError(ErrorKind::kIo, "{}: can't read: {}", name_,
                     std::generic_category().message(errno));
  }
}

// Adds what the next read gives to `raw_`.
Status InputBytes::FillRaw() {
  raw_.erase(0, raw_at_);
  raw_at_ = 0;
  const size_t before = raw_.size();
  raw_.resize(before + kRawSize);
  const Expected<size_t> got = ReadRaw(raw_.data() + before, kRawSize);
  raw_.resize(before + (got ? *got : 0));
  if (!got) return tl::unexpected(got.error());
  raw_end_ = *got == 0;
  return {};
}

Status InputBytes::Start() {
  started_ = true;
  while (!raw_end_ && raw_.size() < kLeastShown) MORES_RETURN_IF_ERROR(FillRaw());
  if (IsGzip(raw_)) {
    unpacker_ = std::make_unique<Gzip>();
  } else if (IsZstd(raw_)) {
    unpacker_ = std::make_unique<Zstd>();
  } else {
    MORES_RETURN_IF_ERROR(CheckIsText(raw_, name_, /*packed=*/false));
  }
  return {};
}

Expected<size_t> InputBytes::Read(char* data, size_t size) {
  if (!started_) MORES_RETURN_IF_ERROR(Start());
  if (unpacker_ != nullptr) return ReadUnpacked(data, size);
  if (raw_at_ == raw_.size()) return raw_end_ ? 0 : ReadRaw(data, size);
  const size_t taken = std::string_view(raw_).substr(raw_at_).copy(data, size);
  raw_at_ += taken;
  return taken;
}

Expected<size_t> InputBytes::ReadUnpacked(char* data, size_t size) {
  size_t made = 0;
  // The first bytes are looked at, so a few must be there.
  while (made == 0 || (!shown_ && made < std::min(size, kLeastShown))) {
    if (raw_at_ == raw_.size()) {
      if (!raw_end_) MORES_RETURN_IF_ERROR(FillRaw());
      if (raw_end_) {
        // What is finished inside of the unpacker may still have to come out of it.
        const auto rest =
            unpacker_->whole() ? Unpacker::Step() : unpacker_->Run("", {data + made, size - made});
        made += rest.made;
        if (rest.failed || (rest.made == 0 && !unpacker_->whole())) {
          return MakeError(ErrorKind::kInput, "{}: the {} data ends early; was it cut off?", name_,
                           unpacker_->name());
        }
        if (rest.made == 0) break;
        continue;
      }
    }
    const auto step =
        unpacker_->Run(std::string_view(raw_).substr(raw_at_), {data + made, size - made});
    if (step.failed) {
      return MakeError(ErrorKind::kInput, "{}: broken {} data: {}", name_, unpacker_->name(),
                       unpacker_->problem());
    }
    raw_at_ += step.used;
    made += step.made;
  }
  if (!shown_) MORES_RETURN_IF_ERROR(CheckIsText({data, made}, name_, /*packed=*/true));
  shown_ = true;
  return made;
}

Expected<std::string> UnpackedText(std::string bytes, const std::string& name, size_t most) {
  if (!IsGzip(bytes) && !IsZstd(bytes)) {
    MORES_RETURN_IF_ERROR(CheckIsText(bytes, name, /*packed=*/false));
    return bytes;
  }
  const std::unique_ptr<InputBytes> input = InputBytes::Of(bytes, name);
  std::string text, chunk(kRawSize, '\0');
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const size_t got, input->Read(chunk.data(), chunk.size()));
    if (got == 0) return text;
    text.append(chunk, 0, got);
    if (text.size() > most) {
      return MakeError(ErrorKind::kInput, "{}: more than {} MiB, unpacked", name, most >> 20);
    }
  }
}

}  // namespace mores
