#ifndef MORES_BASE_HASH_STREAM_H_
#define MORES_BASE_HASH_STREAM_H_

#include <memory>
#include <string>
#include <string_view>

namespace mores {

// SHA-256 of bytes that come piece by piece, such as a file that is being written.
class HashStream {
 public:
  HashStream();
  ~HashStream();
  void Add(std::string_view bytes);
  std::string Hex();  // of all so far; nothing is added after it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mores

#endif  // MORES_BASE_HASH_STREAM_H_
