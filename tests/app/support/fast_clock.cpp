// A clock that runs faster for one program, to be loaded before the C library (LD_PRELOAD). Linux only.
//
//   UPKEEP_FAST_CLOCK   "factor real told": `real` milliseconds after the beginning of 1970 it tells `told`, and runs `factor` times as fast since
//   UPKEEP_CLOCK_SET    a file of 8 bytes: how many seconds somebody has set it forward, as a little-endian number

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace {

using nanoseconds = long long;
constexpr nanoseconds second = 1'000'000'000;

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct fast_clock {
  nanoseconds factor = 1, real = 0, told = 0;
  const volatile nanoseconds* set = nullptr;

  fast_clock() {
    const char* const text = std::getenv("UPKEEP_FAST_CLOCK");
    if (text == nullptr || std::sscanf(text, "%lld %lld %lld", &factor, &real, &told) != 3) factor = 1;
    real *= second / 1000;
    told *= second / 1000;
    const char* const file = std::getenv("UPKEEP_CLOCK_SET");
    const int opened = file != nullptr ? ::open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (opened < 0) return;
    void* const seen = ::mmap(nullptr, sizeof(nanoseconds), PROT_READ, MAP_SHARED, opened, 0);
    if (seen != MAP_FAILED) set = static_cast<const volatile nanoseconds*>(seen);
    ::close(opened);
  }
  [[nodiscard]] nanoseconds forward() const { return set != nullptr ? *set * second : 0; }
  // The other clocks have no beginning that anybody knows.
  [[nodiscard]] nanoseconds shown(clockid_t clock, nanoseconds t) const {
    return clock == CLOCK_REALTIME ? told + (t - real) * factor + forward() : t * factor;
  }
  [[nodiscard]] nanoseconds hidden(clockid_t clock, nanoseconds t) const {
    return clock == CLOCK_REALTIME ? real + (t - forward() - told) / factor : t / factor;
  }
};

const fast_clock& the_clock() {
  static const fast_clock* const clock = new fast_clock;
  return *clock;
}

nanoseconds number(const timespec& t) { return t.tv_sec * second + t.tv_nsec; }
timespec spec(nanoseconds t) {
  timespec result{};
  result.tv_sec = static_cast<time_t>(t / second);
  result.tv_nsec = static_cast<long>(t % second);
  return result;
}
bool runs(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC; }

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* to) {
  const int result = next<int(clockid_t, timespec*)>("clock_gettime")(clock, to);
  if (result == 0 && runs(clock)) *to = spec(the_clock().shown(clock, number(*to)));
  return result;
}
time_t time(time_t* to) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (to != nullptr) *to = now.tv_sec;
  return now.tv_sec;
}
int nanosleep(const timespec* length, timespec* left) {
  const timespec real = spec(number(*length) / the_clock().factor);
  const int result = next<int(const timespec*, timespec*)>("nanosleep")(&real, left);
  if (result != 0 && left != nullptr) *left = spec(number(*left) * the_clock().factor);
  return result;
}
int usleep(useconds_t length) {
  const timespec whole = spec(static_cast<nanoseconds>(length) * 1000);
  return ::nanosleep(&whole, nullptr);
}
int clock_nanosleep(clockid_t clock, int flags, const timespec* length, timespec* left) {
  if (runs(clock) && (flags & TIMER_ABSTIME) != 0) {
    const timespec real = spec(the_clock().hidden(clock, number(*length)));
    return next<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep")(clock, flags, &real, left);
  }
  return ::nanosleep(length, left) == 0 ? 0 : errno;
}
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
  const timespec real = spec(the_clock().hidden(CLOCK_REALTIME, number(*until)));
  return next<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait")(condition, mutex, &real);
}
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until) {
  const timespec real = spec(the_clock().hidden(clock, number(*until)));
  return next<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>("pthread_cond_clockwait")(condition, mutex, clock, &real);
}
}
