// Which examples are held out for validation where nobody chose any.
#ifndef MORES_TRAIN_HELD_OUT_H_
#define MORES_TRAIN_HELD_OUT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mores::train {

// Whether each is: about `share` of them, chosen by `seed`, at least one where it is above 0; those
// of one group stay together, and one group is never held out.
std::vector<char> ChooseHeldOut(std::span<const std::string> groups, double share, uint64_t seed);

}  // namespace mores::train

#endif  // MORES_TRAIN_HELD_OUT_H_
