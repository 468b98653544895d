#include "fetch/wheel_member.h"

#include <zip.h>

#include <memory>

namespace mores::fetch {
namespace {

struct DiscardZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};
struct CloseMember {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

std::string Reason(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

Status ReadWheelMember(const std::string& wheel, const std::string& member, int64_t bytes,
                       const std::function<Status(std::string_view)>& take) {
  int code = 0;
  const std::unique_ptr<zip_t, DiscardZip> zip(zip_open(wheel.c_str(), ZIP_RDONLY, &code));
  if (!zip) return MakeError(ErrorKind::kCorrupt, "it can't be unpacked: {}", Reason(code));
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat(zip.get(), member.c_str(), ZIP_FL_ENC_RAW, &stat) != 0) {
    return MakeError(ErrorKind::kCorrupt, "there is no {} in it", member);
  }
  if ((stat.valid & ZIP_STAT_SIZE) == 0 || stat.size != static_cast<zip_uint64_t>(bytes)) {
    return MakeError(ErrorKind::kCorrupt, "{} has {} bytes, not {}", member, stat.size, bytes);
  }
  const std::unique_ptr<zip_file_t, CloseMember> file(
      zip_fopen_index(zip.get(), stat.index, ZIP_FL_UNCHANGED));
  if (!file) {
    return MakeError(ErrorKind::kCorrupt, "{} can't be unpacked: {}", member,
                     zip_strerror(zip.get()));
  }
  constexpr size_t kPieceBytes = size_t{1} << 20;
  std::string piece(kPieceBytes, '\0');
  int64_t done = 0;
  for (;;) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0) {
      return MakeError(ErrorKind::kCorrupt, "{} can't be unpacked: {}", member,
                       zip_file_strerror(file.get()));
    }
    if (got == 0) break;
    done += got;
    if (done > bytes) break;
    MORES_RETURN_IF_ERROR(take({piece.data(), static_cast<size_t>(got)}));
  }
  if (done == bytes) return {};
  return MakeError(ErrorKind::kCorrupt, "{} doesn't unpack to {} bytes", member, bytes);
}

}  // namespace mores::fetch
