// Errors as values. Every boundary that touches input, disk, network or model output returns
// Expected<T>; MORES_CHECK (base/check.h) is for programmer error only.
#ifndef MORES_BASE_ERROR_H_
#define MORES_BASE_ERROR_H_

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace mores {

enum class ErrorKind {
  kUsage,        // the call itself is wrong: unknown option, impossible combination
  kInput,        // the caller's data is wrong: broken JSON, missing field, invalid UTF-8
  kMissing,      // a resource is not there: model directory, file, tool
  kCorrupt,      // a resource is there and broken: truncated weights, bad header
  kIo,           // the disk or network failed: full, unwritable, read error
  kUnsupported,  // a resource is well formed and asks for what we can't do
  kCancelled,    // stopped by the user
  kInternal,     // a bug that was caught as a value
};

// One line for a person. `message` names file, line and field where there are any.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
};

template <class T>
using Expected = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

template <class... Args>
tl::unexpected<Error> MakeError(ErrorKind kind, fmt::format_string<Args...> format,
                                Args&&... args) {
  return tl::unexpected<Error>(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

// The process exit code of an error (docs/formats/exit-codes.md): usage and input 2; missing,
// corrupt, io, unsupported and internal 3; cancelled 130.
int ExitCode(ErrorKind kind);

// "usage", "input", ... as used in structured output.
std::string_view Name(ErrorKind kind);

}  // namespace mores

// Evaluates `expr` (an Expected), returns its error from the enclosing function, or declares
// `declaration` from its value.
#define MORES_CONCAT_INNER_(a, b) a##b
#define MORES_CONCAT_(a, b) MORES_CONCAT_INNER_(a, b)
#define MORES_ASSIGN_OR_RETURN(declaration, expr) \
  MORES_ASSIGN_OR_RETURN_IMPL_(MORES_CONCAT_(mores_result_, __LINE__), declaration, expr)
#define MORES_ASSIGN_OR_RETURN_IMPL_(result, declaration, expr)                  \
  auto result = (expr);                                                          \
  if (!result) return tl::unexpected<::mores::Error>(std::move(result.error())); \
  declaration = std::move(*result)
#define MORES_RETURN_IF_ERROR(expr)                                            \
  do {                                                                         \
    if (auto mores_status_ = (expr); !mores_status_)                           \
      return tl::unexpected<::mores::Error>(std::move(mores_status_.error())); \
  } while (false)

#endif  // MORES_BASE_ERROR_H_
