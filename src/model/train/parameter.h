// Numbers that training changes.
#ifndef MORES_MODEL_TRAIN_PARAMETER_H_
#define MORES_MODEL_TRAIN_PARAMETER_H_

#include <cstdint>
#include <string>
#include <vector>

namespace mores::model {

// One tensor, row-major, named as files have it.
struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> value;
  std::vector<float> gradient;  // same size
  bool decay = false;           // matrices: true; norms and biases: false
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_PARAMETER_H_
