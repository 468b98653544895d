#include "fetch/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

extern char** environ;

namespace mores::fetch {
namespace {

constexpr size_t kKeptOutput = size_t{1} << 16;
constexpr int kLookMilliseconds = 200;
constexpr int kNotStarted = 127;

// Pointers to texts, for exec; the texts outlive it.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    bool replaced = false;
    for (const std::string& one : added) {
      replaced = replaced || text.starts_with(one.substr(0, one.find('=') + 1));
    }
    if (!replaced) variables.push_back(text);
  }
  variables.insert(variables.end(), added.begin(), added.end());
  return variables;
}

// In the child, after fork: nothing but calls that are safe there.
[[noreturn]] void Become(const std::vector<char*>& arguments, const std::vector<char*>& variables,
                         int output, int failure, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(kNotStarted);
  const int input = open("/dev/null", O_RDONLY);
  if (input >= 0) dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  signal(SIGXFSZ, SIG_DFL);
  execvpe(arguments[0], arguments.data(), variables.data());
  const int error_number = errno;
  (void)!write(failure, &error_number, sizeof(error_number));
  _exit(kNotStarted);
}

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) == 0) read = ends[0], write = ends[1];
  }
  ~Pipe() {
    CloseWriting();
    if (read >= 0) close(read);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void CloseWriting() {
    if (write >= 0) close(write);
    write = -1;
  }
};

void KillGroup(pid_t child) {
  kill(-child, SIGTERM);
  for (int i = 0; i < 10; ++i) {
    if (waitpid(child, nullptr, WNOHANG) != 0) {
      kill(-child, SIGKILL);  // what it started
      return;
    }
    usleep(100'000);
  }
  kill(-child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// Reads until the other end is closed. False where a stop was asked for.
bool Collect(int descriptor, const ChildOptions& options, std::string& output) {
  std::array<char, 4096> buffer{};
  for (;;) {
    if (options.stop.requested()) return false;
    if (options.on_wait) options.on_wait();
    pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, kLookMilliseconds) <= 0) continue;
    const ssize_t got = read(descriptor, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    output.append(buffer.data(), static_cast<size_t>(got));
    if (output.size() > 2 * kKeptOutput) output.erase(0, output.size() - kKeptOutput);
  }
}

}  // namespace

Expected<ChildResult> RunChild(const ChildOptions& options) {
  const std::vector<std::string> environment = Environment(options.variables);
  const std::vector<char*> arguments = Pointers(options.arguments);
  const std::vector<char*> variables = Pointers(environment);
  Pipe output, failure;
  if (output.read < 0 || failure.read < 0) {
    return MakeError(ErrorKind::kIo, "{}: can't be started: no descriptors are left",
                     options.arguments[0]);
  }
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) {
    return MakeError(ErrorKind::kIo, "{}: can't be started: {}", options.arguments[0],
                     std::generic_category().message(errno));
  }
  if (child == 0) Become(arguments, variables, output.write, failure.write, parent);
  setpgid(child, child);  // whichever of the two comes first
  output.CloseWriting();
  failure.CloseWriting();
  ChildResult result;
  if (!Collect(output.read, options, result.output)) {
    KillGroup(child);
    return MakeError(ErrorKind::kCancelled, "stopped");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  int error_number = 0;
  if (read(failure.read, &error_number, sizeof(error_number)) == sizeof(error_number)) {
    return MakeError(ErrorKind::kMissing, "{}: can't be started: {}", options.arguments[0],
                     std::generic_category().message(error_number));
  }
  result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return result;
}

}  // namespace mores::fetch
