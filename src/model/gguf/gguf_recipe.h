// Which element type each tensor of a GGUF file gets: the common recipes, so that a file is what
// its name says elsewhere (docs/formats/gguf.md).
#ifndef MORES_MODEL_GGUF_GGUF_RECIPE_H_
#define MORES_MODEL_GGUF_GGUF_RECIPE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/weight_format.h"
#include "tensor/gguf.h"

namespace mores::model {

// Types of the tensors of one file. `formats` of none: matrices stay as they are. Vectors are f32:
// what reads such files expects it of norms and biases.
class GgufRecipe {
 public:
  struct Model {
    int64_t layers = 0;
    bool tied_head = false;
  };
  GgufRecipe(std::optional<WeightFormat> format, Model model) : format_(format), model_(model) {}

  // `stored`: what the tensor is in now.
  tensor::DType TypeOf(std::string_view name, const std::vector<int64_t>& shape,
                       tensor::DType stored) const;

 private:
  tensor::DType Mixed(std::string_view name, int64_t columns) const;

  std::optional<WeightFormat> format_;
  Model model_;
};

// general.file_type of a file of such tensors: the format's where there is one, else that of the
// commonest type of matrices. A hint, by which nothing is read.
uint32_t GgufFileType(std::optional<WeightFormat> format,
                      const std::vector<tensor::GgufWriter::Tensor>& tensors);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_RECIPE_H_
