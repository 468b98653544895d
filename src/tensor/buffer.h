// Memory aligned to cache lines, left uninitialised: scratch and packed weights.
#ifndef MORES_TENSOR_BUFFER_H_
#define MORES_TENSOR_BUFFER_H_

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

namespace mores::tensor {

template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(int64_t size) { Resize(size); }

  // Grows without keeping the contents; never shrinks the memory held.
  T* Resize(int64_t size) {
    if (size > capacity_) {
      constexpr int64_t kLine = 64;
      const int64_t bytes = (size * static_cast<int64_t>(sizeof(T)) + kLine - 1) / kLine * kLine;
      data_.reset(static_cast<T*>(std::aligned_alloc(kLine, static_cast<size_t>(bytes))));
      if (data_ == nullptr) throw std::bad_alloc();
      capacity_ = size;
    }
    size_ = size;
    return data_.get();
  }
  void FillZero() { std::memset(data_.get(), 0, static_cast<size_t>(size_) * sizeof(T)); }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

}  // namespace mores::tensor

#endif  // MORES_TENSOR_BUFFER_H_
