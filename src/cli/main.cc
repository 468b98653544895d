#include "cli/run.h"

int main(int argc, char** argv) { return mores::cli::Run(argc, argv); }
