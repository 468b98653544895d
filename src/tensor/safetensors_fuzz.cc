// Any bytes: Parse gives tensors that lie inside of the bytes and fit their shapes, or an error.
#include <vector>

#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "tensor/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = mores::FuzzBytes(data, size);
  const auto tensors = mores::tensor::SafetensorsFile::Parse(bytes, "fuzz");
  if (!tensors) {
    MORES_CHECK(tensors.error().message.find('\n') == std::string::npos);
    return 0;
  }
  for (const auto& [name, view] : *tensors) {
    const int64_t elements = view.elements();
    MORES_CHECK(elements >= 0);
    MORES_CHECK(BytesOf(view.dtype, elements) == static_cast<int64_t>(view.bytes.size()));
    MORES_CHECK(view.bytes.empty() ||
                (view.bytes.data() >= bytes.data() &&
                 view.bytes.data() + view.bytes.size() <= bytes.data() + bytes.size()));
    std::vector<float> values(static_cast<size_t>(elements));
    view.CopyTo(values.data());
  }
  return 0;
}
