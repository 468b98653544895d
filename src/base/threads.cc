#include "base/threads.h"

#include <immintrin.h>
#include <sched.h>

#include <algorithm>
#include <memory>

namespace mores {
namespace {

// How long a thread spins before it sleeps: about 20 microseconds, less than a small product takes
// and more than the gap between two of them.
constexpr int kSpins = 400;

int AvailableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) threads = AvailableProcessors();
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
    generation_.fetch_add(1);
  }
  start_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Drain(Job& job) {
  while (true) {
    const int64_t i = job.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= job.tasks) return;
    (*job.task)(i);
    if (job.finished.fetch_add(1, std::memory_order_acq_rel) + 1 == job.tasks) {
      std::lock_guard<std::mutex> lock(mutex_);
      done_.notify_one();
    }
  }
}

void ThreadPool::Work() {
  uint64_t seen = 0;
  while (true) {
    for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen;
         ++spin) {
      _mm_pause();
    }
    std::shared_ptr<Job> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      ++sleeping_;
      start_.wait(lock, [&] { return generation_.load() != seen; });
      --sleeping_;
      if (stop_) return;
      seen = generation_.load();
      job = job_;
    }
    Drain(*job);
  }
}

void ThreadPool::ParallelFor(int64_t tasks, const std::function<void(int64_t)>& task) {
  if (tasks <= 0) return;
  if (workers_.empty() || tasks == 1) {
    for (int64_t i = 0; i < tasks; ++i) task(i);
    return;
  }
  auto job = std::make_shared<Job>();
  job->task = &task;
  job->tasks = tasks;
  bool wake = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    job_ = job;
    generation_.fetch_add(1, std::memory_order_release);
    wake = sleeping_ > 0;
  }
  if (wake) start_.notify_all();
  Drain(*job);
  const auto finished = [&] { return job->finished.load(std::memory_order_acquire) == tasks; };
  for (int spin = 0; spin < kSpins && !finished(); ++spin) _mm_pause();
  if (finished()) return;
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, finished);
}

}  // namespace mores
