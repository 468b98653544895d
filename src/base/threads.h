// A fixed pool of worker threads. Work is cut into tasks whose results do not depend on which
// thread runs them, so a result never depends on the number of threads.
#ifndef MORES_BASE_THREADS_H_
#define MORES_BASE_THREADS_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace mores {

class ThreadPool {
 public:
  // `threads` counts the calling thread; 0 means one for each processor this process may use.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls task(i) once for each i in [0, tasks), on any thread, in any order, and returns when all
  // are done. Not reentrant: a task must not call ParallelFor on the same pool. `task` must not
  // throw. One caller at a time, but any number of them where the pool is of one thread.
  void ParallelFor(int64_t tasks, const std::function<void(int64_t)>& task);

 private:
  // One call of ParallelFor. A worker that comes late finds no task left and touches nothing of the
  // caller's, so the caller waits for tasks, never for a worker to wake up.
  struct Job {
    const std::function<void(int64_t)>* task;
    int64_t tasks;
    std::atomic<int64_t> next{0};
    std::atomic<int64_t> finished{0};
  };

  void Work();
  void Drain(Job& job);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_;
  std::condition_variable done_;
  std::shared_ptr<Job> job_;
  std::atomic<uint64_t> generation_{0};
  int sleeping_ = 0;
  bool stop_ = false;
};

}  // namespace mores

#endif  // MORES_BASE_THREADS_H_
