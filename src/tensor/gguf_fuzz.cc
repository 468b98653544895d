// Any bytes: Parse gives keys and tensors that lie inside of the bytes and fit what they say, or an
// error of one line; Open says the same of a file.
#include <vector>

#include "base/check.h"
#include "support/base/fuzz_input.h"
#include "tensor/gguf.h"

namespace mores::tensor {
namespace {

bool Within(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckArray(const GgufArray& array, std::string_view bytes) {
  MORES_CHECK(Within(array.bytes, bytes));
  switch (array.kind) {
    case GgufArray::Kind::kString: {
      const std::vector<std::string_view> strings = array.Strings();
      MORES_CHECK(strings.size() == array.count);
      for (const std::string_view text : strings) MORES_CHECK(Within(text, array.bytes));
      return;
    }
    case GgufArray::Kind::kFloat:
      MORES_CHECK(array.Floats().size() == array.count);
      return;
    case GgufArray::Kind::kInteger:
      MORES_CHECK(array.Floats().size() == array.count);
      [[fallthrough]];
    case GgufArray::Kind::kBool:
      MORES_CHECK(array.Integers().size() == array.count);
      return;
  }
}

void CheckKeys(const GgufKeys& keys, std::string_view bytes) {
  for (const auto& [key, value] : keys.values()) {
    if (const auto* array = std::get_if<GgufArray>(&value)) CheckArray(*array, bytes);
    if (const auto* text = std::get_if<std::string_view>(&value)) MORES_CHECK(Within(*text, bytes));
    // One of them has it, and the others say what it is instead.
    const auto integer = keys.Integer(key);
    const auto truth = keys.Bool(key);
    const auto string = keys.String(key);
    const auto strings = keys.Array(key, GgufArray::Kind::kString);
    MORES_CHECK(!integer || keys.Float(key));
    MORES_CHECK((integer ? 1 : 0) + (truth ? 1 : 0) + (string ? 1 : 0) + (strings ? 1 : 0) <= 1);
  }
}

void CheckTensors(const GgufContents& contents, std::string_view bytes) {
  MORES_CHECK(contents.order.size() == contents.tensors.size());
  for (const std::string& name : contents.order) {
    const TensorView& view = contents.tensors.at(name);
    MORES_CHECK(view.elements() > 0);
    MORES_CHECK(BytesOf(view.dtype, view.elements()) == static_cast<int64_t>(view.bytes.size()));
    MORES_CHECK(Within(view.bytes, bytes));
  }
}

void CheckFile(std::string_view bytes) {
  const auto contents = GgufFile::Parse(bytes, "fuzz");
  const FuzzFile written(bytes);
  const auto file = GgufFile::Open(written.path());
  if (!contents) {
    MORES_CHECK(contents.error().message.find('\n') == std::string::npos);
    MORES_CHECK(!file);
    return;
  }
  CheckKeys(contents->keys, bytes);
  CheckTensors(*contents, bytes);
  if (!file) {  // a part of a split model, whose others aren't there
    MORES_CHECK(file.error().message.find("split.") != std::string::npos ||
                file.error().message.find("part") != std::string::npos);
    return;
  }
  for (const auto& [name, view] : (*file)->tensors()) {
    (*file)->Release(view);
    MORES_CHECK(view.bytes == contents->tensors.at(name).bytes);
  }
}

}  // namespace
}  // namespace mores::tensor

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mores::tensor::CheckFile(mores::FuzzBytes(data, size));
  return 0;
}
