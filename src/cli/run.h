// The whole command line: parses, runs the command chosen, and returns the process's exit code
// (docs/formats/exit-codes.md).
#ifndef MORES_CLI_RUN_H_
#define MORES_CLI_RUN_H_

namespace mores::cli {

int Run(int argc, char** argv);

}  // namespace mores::cli

#endif  // MORES_CLI_RUN_H_
