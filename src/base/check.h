// MORES_CHECK stops the process on programmer error. Nothing a user can pass may reach one.
#ifndef MORES_BASE_CHECK_H_
#define MORES_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

#define MORES_CHECK(condition)                                                           \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

#endif  // MORES_BASE_CHECK_H_
