// Another program, run to its end.
#ifndef MORES_FETCH_CHILD_PROCESS_H_
#define MORES_FETCH_CHILD_PROCESS_H_

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/stop.h"

namespace mores::fetch {

struct ChildOptions {
  std::vector<std::string> arguments;  // the program first, looked for on the PATH
  std::vector<std::string> variables;  // "NAME=VALUE", beside those of this process
  StopToken stop;
  std::function<void()> on_wait;  // called several times a second
};

struct ChildResult {
  int exit_code = 0;   // 128 and the signal's number where one ended it
  std::string output;  // the end of what it wrote, errors included
};

// It has no input, and it and what it starts are ended where this process is, or is asked to stop
// (kCancelled). kMissing where there is no such program.
Expected<ChildResult> RunChild(const ChildOptions& options);

}  // namespace mores::fetch

#endif  // MORES_FETCH_CHILD_PROCESS_H_
