// Replies of tasks, whose material stands before the first zero byte.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "chat/task.h"
#include "support/base/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = mores::FuzzBytes(data, size);
  const size_t sign = bytes.find('\0');
  const std::string_view given[] = {sign == bytes.npos ? std::string_view()
                                                       : bytes.substr(0, sign)};
  const std::string_view reply = sign == bytes.npos ? bytes : bytes.substr(sign + 1);
  for (const mores::chat::Task& task : mores::chat::Tasks()) {
    (void)mores::chat::ReadReply(task, reply, given);
  }
  return 0;
}
