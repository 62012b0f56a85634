// SPDX-License-Identifier: MIT
// weft from C++: the same handles, the same meanings, and what only C++ has, destructors above all.
#define WEFT_SHORT_NAMES
#include <weft.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

#include "runtime/calls.h"

namespace
{

int passed, failed;

void check_at(bool holds, const char *what, int line)
{
    if (holds) {
        passed++;
    } else {
        failed++;
        std::printf("test_cxx.cpp:%d: not so: %s\n", line, what);
    }
}

#define check(...) check_at((__VA_ARGS__), #__VA_ARGS__, __LINE__)

struct point {
    int x, y;
};

// A header for both languages may say so.
struct shared {
    chan(int) numbers;
    chan(struct point) points;
    chan(const char *) texts;
    chan_rx(int) rx;
    chan_tx(int) tx;
};

// Counts how many of it are alive.
struct counted {
    explicit counted(int v) : value(v)
    {
        alive++;
    }
    counted(const counted &other) : value(other.value)
    {
        alive++;
    }
    counted(counted &&other) noexcept : value(other.value)
    {
        alive++;
    }
    counted &operator=(const counted &) = delete;
    ~counted()
    {
        alive--;
    }

    static int alive;
    int value;
};

int counted::alive;

void produce(chan_tx(int) out, int n)
{
    for (int i = 0; i < n; i++)
        chan_send(out, i * i);
    chan_close(out);
}

void send_points(chan_tx(point) out)
{
    chan_send(out, point{1, 2});
    chan_send(out, {3, 4});
    chan_close(out);
}

void channels_carry_values()
{
    auto c = chan_new(int);
    chan(point) points = chan_new(point);
    int sum = 0;
    int x = -1;

    check(c != nullptr);
    check(go(produce, c, 4) == 0);
    while (chan_recv(c, &x) == 0)
        sum += x;
    check(sum == 14 && x == 9);
    check(chan_send(c, 1) == -EPIPE);
    check(chan_close(c) == -EPIPE);
    chan_free(c);

    sum = 0;
    check(go(send_points, points) == 0);
    chan_each(p, points)
        sum += p.x * 10 + p.y;
    check(sum == 46);
    chan_free(points);
}

void ends_and_try_forms()
{
    auto c = chan_new(int);
    shared s{c, nullptr, nullptr, c, c};
    int x = 5;

    check(chan_tryrecv(s.rx, &x) == -EAGAIN && x == 5);
    check(chan_trysend(s.tx, 1) == -EAGAIN);
    go([](chan_rx(int) in, int *into) { chan_recv(in, into); }, s.rx, &x);
    weft_yield();
    check(chan_trysend(s.tx, 6) == 0);
    weft_yield();
    check(x == 6);
    go([](chan_tx(int) out, const int *from) { chan_send_from(out, from); }, s.tx, &x);
    check(chan_recv(s.rx, nullptr) == 0);
    check(chan_close(s.rx) == 0);
    check(chan_recv(s.numbers, &x) == -EPIPE);
    check(chan_recv(chan(int){}, &x) == -EINVAL);
    chan_free(s.tx);
}

void select_takes_its_clauses_in_order()
{
    auto numbers = chan_new(int);
    auto points = chan_new(point);
    chan(point) none = nullptr;
    point p = {0, 0};
    int x = 0;

    go(produce, numbers, 1);
    check(chan_select(chan_case_send(none, point{1, 2}), chan_case_recv(numbers, &x),
                      chan_case_timeout(WEFT_SEC(10))) == 1);
    weft_yield();
    check(chan_select(chan_case_send(none, {1, 2}), chan_case_recv(numbers, &x)) == CHAN_CLOSED(1));
    check(chan_select(chan_case_recv(points, &p), chan_case_default) == 1);
    check(chan_select(chan_case_recv(points, &p), chan_case_timeout(WEFT_US(10))) == 1);
    go([](chan_rx(point) in, point *into) { chan_recv(in, into); }, points, &p);
    check(chan_select(chan_case_recv(none, nullptr), chan_case_send(points, {5, 6})) == 1);
    weft_yield();
    check(p.x == 5 && p.y == 6);

    std::array<weft_case, 2> set = {chan_set_recv(none, &p), chan_set_send(points, &p)};
    go([](chan_rx(point) in) { chan_recv(in, nullptr); }, points);
    check(chan_select_n(set.data(), set.size()) == 1);
    chan_free(points);
    chan_free(numbers);
}

int add(int a, int b)
{
    return a + b;
}

void tasks_are_joined()
{
    int sum = 0;
    double d = 0;
    bool truth = false;
    const char *text = nullptr;
    task(int) t = spawn(add, 1, 2);
    task(void) nothing = spawn([] {});
    weft_spawn_opts opts = {sizeof opts, 1 << 18, "named"};

    check(task_join(t, &sum) == 0 && sum == 3);
    check(task_join(nothing) == 0);
    check(task_join(spawn([](double a) { return a / 2; }, 5), &d) == 0 && d > 2.4 && d < 2.6);
    check(task_join(spawn([] { return true; }), &truth) == 0 && truth);
    check(task_join(spawn([](const char *s) { return s + 1; }, "text"), &text) == 0 &&
          std::strcmp(text, "ext") == 0);
    check(task_join(spawn_with(&opts, add, 3, 4), &sum) == 0 && sum == 7);
    check(task_join(task(int){}) == -EINVAL);
    opts.stack_bytes = 1;
    check(go_with(&opts, add, 1, 2) == -EINVAL);
    check(spawn_with(&opts, [c = counted(1)] { return c.value; }) == nullptr);
    check(counted::alive == 0);
}

void callables_and_arguments_are_kept_until_the_thread_ends()
{
    const std::string long_text(1000, 'x');
    std::array<char, 5000> large{};
    std::string gathered;
    int sum = 0;
    auto c = chan_new(int);

    large.back() = 'l';
    go(
        [long_text, &gathered](std::string own, const char *end) {
            weft_yield();
            own = long_text + own + end;
            gathered = own;
        },
        long_text, "end");
    go([large](chan_tx(int) out) { chan_send(out, large.back()); }, c);
    check(chan_recv(c, &sum) == 0 && sum == 'l');
    while (gathered.empty())
        weft_yield();
    check(gathered == long_text + long_text + "end");

    check(task_join(spawn([up = std::make_unique<int>(4)](
                              std::unique_ptr<int> other) { return *up + *other; },
                          std::make_unique<int>(5)),
                    &sum) == 0 &&
          sum == 9);
    check(task_join(spawn(
                        [](counted a, const counted &b) {
                            weft_yield();
                            return a.value + b.value;
                        },
                        counted(1), counted(2)),
                    &sum) == 0 &&
          sum == 3);
    check(counted::alive == 0);
    check(task_join(spawn([](int &by_reference) { by_reference++; }, std::ref(sum))) == 0 &&
          sum == 4);
    check(task_join(spawn(&std::string::size, long_text)) == 0);
    check(go(std::printf, "%s", "") == 0);
    weft_yield();
    chan_free(c);
}

void count(gen(int) self, int from, int to)
{
    for (int i = from; i < to; i++)
        if (gen_yield(self, i) < 0)
            return;
}

void average(gen(double, int) self)
{
    double sum = 0;
    int n = 0;
    int next = 0;

    while (gen_yield_recv(self, &next, n ? sum / n : 0) == 0) {
        sum += next;
        n++;
    }
}

void generators_yield_and_take()
{
    gen(int) counter = gen_new(int, count, 1, 4);
    gen(double, int) averages = gen_new2(double, int, average);
    auto points = gen_new(
        point,
        [](gen(point) self, int n) {
            for (int i = 0; i < n; i++)
                gen_yield(self, {i, i});
        },
        3);
    int digits = 0;
    int x = 0;
    double mean = -1;

    gen_each(i, counter)
        digits = digits * 10 + i;
    check(digits == 123);
    check(gen_next(counter, &x) == -EPIPE && x == 0);
    check(gen_send(averages, &mean, 1) == -EINVAL);
    check(gen_next(averages, &mean) == 0);
    check(gen_send(averages, &mean, 10.0f) == 0); // converts
    check(gen_send(averages, &mean, 20) == 0 && mean > 14.9 && mean < 15.1);
    gen_each(m, averages) {
        check(m > 9.9 && m < 10.1); // zero was sent
        break;
    }
    digits = 0;
    gen_each(p, points)
        digits += p.x + p.y;
    check(digits == 6);
    check(gen_close(counter) == 0 && gen_close(averages) == 0 && gen_close(points) == 0);
    check(gen_close(gen_new(int, count, 0, 1)) == 0);
}

void groups_wait_for_callables()
{
    const std::string long_text(1000, 'x');
    auto g = group_new(2);
    int sum = 0;

    for (int i = 0; i < 10; i++)
        check(group_go(g, [i, &sum] {
                  weft_yield();
                  sum += i;
                  return 0;
              }) == 0);
    check(group_go(
              g,
              [&sum](std::unique_ptr<int> up, const std::string &text) {
                  sum += *up + static_cast<int>(text.size());
                  return 0;
              },
              std::make_unique<int>(5), long_text) == 0);
    check(group_wait(g) == 0);
    check(sum == 45 + 5 + 1000);
    check(group_who(g) == nullptr);
    check(group_go(g, [c = counted(1)] { return c.value; }) == 0);
    check(group_wait(g) == 1);
    check(std::strstr(group_who(g), "group_go at ") != nullptr);
    check(group_go(g, [c = counted(2)] { return c.value; }) == -ECANCELED);
    check(counted::alive == 0);
    check(group_cancel(g) == 0);
    group_free(g);
    check(group_go(nullptr, [] { return 0; }) == -EINVAL);
}

// The n-th allocation of the library's fails, and maybe all that follow.
struct weft__calls real_calls;
int allocations, failing, blocks;
bool fails_on;

bool fails_now()
{
    allocations++;
    return failing > 0 && (fails_on ? allocations >= failing : allocations == failing);
}

void *fail_malloc(std::size_t size)
{
    void *p = fails_now() ? nullptr : real_calls.malloc(size);

    blocks += p != nullptr;
    return p;
}

void *fail_calloc(std::size_t n, std::size_t size)
{
    void *p = fails_now() ? nullptr : real_calls.calloc(n, size);

    blocks += p != nullptr;
    return p;
}

void count_free(void *p)
{
    blocks -= p != nullptr;
    real_calls.free(p);
}

void fail_the(int nth, bool and_on)
{
    fails_on = and_on;
    allocations = blocks = 0;
    failing = nth;
    weft__calls = real_calls;
    weft__calls.malloc = fail_malloc;
    weft__calls.calloc = fail_calloc;
    weft__calls.free = count_free;
}

// As std::move; but whether it has been taken may be asked later.
template <class T> T &&given_away(T &object)
{
    return static_cast<T &&>(object);
}

// Three starts, each with memory of its own, in an OS thread that is new to weft. Answers how many
// failed.
int start_and_look(weft_group *g)
{
    const std::array<char, 2000> large{};
    auto one = std::make_unique<int>(1);
    auto two = std::make_unique<int>(2);
    auto three = std::make_unique<int>(3);
    auto take = [large](const std::unique_ptr<int> &p) { return *p - 3 + large[0]; };
    int gone = go(take, given_away(one));
    task(int) t = spawn(take, given_away(two));
    int member = group_go(g, take, given_away(three));

    fails_on = false; // memory comes back
    check(gone == 0 || gone == -ENOMEM);
    check((gone == 0) == (one == nullptr));
    check((t != nullptr) == (two == nullptr));
    check((member == 0) == (three == nullptr));
    if (t)
        check(task_join(t) == 0);
    if (g)
        check(group_wait(g) == 0);
    weft_yield();
    return (gone != 0) + (t == nullptr) + (member != 0);
}

void what_does_not_start_keeps_its_arguments(bool and_on)
{
    int most = 0;

    failing = 0;
    std::thread(weft_yield).join(); // its records are what the others find
    real_calls = weft__calls;
    for (int n = 1; failing == 0 || allocations >= failing; n++) {
        std::thread([n, and_on, &most] {
            fail_the(n, and_on);
            auto g = group_new(0);
            const int lost = start_and_look(g);
            most = lost > most ? lost : most;
            group_free(g);
        }).join();
        check(blocks == 0);
    }
    weft__calls = real_calls;
    check(failing > 5 && most > 0);
}

void start_more_than_there_are_records()
{
    int n = 0;
    int ended = 0;
    auto kept = std::make_unique<int>(0);

    weft_yield();      // a worker
    fail_the(1, true); // and no more
    for (kept = std::make_unique<int>(n);
         go([&ended](std::unique_ptr<int>) { ended++; }, std::move(kept)) == 0;
         kept = std::make_unique<int>(++n))
        ;
    check(kept && *kept == n);
    weft__calls = real_calls;
    while (ended < n)
        weft_yield();
}

void a_full_queue_and_no_records_keep_the_arguments()
{
    real_calls = weft__calls;
    std::thread(start_more_than_there_are_records).join();
    weft__calls = real_calls;
}

struct alignas(64) cache_line {
    explicit cache_line(int v) : value(v) {}
    cache_line(cache_line &&other) noexcept : value(other.value) {}
    cache_line(const cache_line &) = delete;
    cache_line &operator=(const cache_line &) = delete;
    ~cache_line() = default;

    int value;
};

void arguments_are_as_aligned_as_they_are_to_be()
{
    int bits = 0;

    for (int i = 0; i < 3; i++)
        check(task_join(spawn(
                  [&bits](const cache_line &line, const std::unique_ptr<int> &p) {
                      bits |= static_cast<int>(reinterpret_cast<std::uintptr_t>(&line)) % 64;
                      bits |= line.value - *p;
                  },
                  cache_line(i), std::make_unique<int>(i))) == 0);
    check(bits == 0);
}

#if defined __cpp_exceptions
struct throws_when_copied {
    throws_when_copied() = default;
    throws_when_copied(const throws_when_copied &)
    {
        throw 1;
    }
};

void an_argument_that_cannot_be_copied_gives_the_place_back()
{
    auto g = group_new(1);
    bool caught = false;

    try {
        group_go(
            g, [](const throws_when_copied &) { return 0; }, throws_when_copied());
    } catch (int) {
        caught = true;
    }
    check(caught);
    check(weft_within(0, group_go(g, [] { return 0; })) == 0); // there is room
    check(group_wait(g) == 0);
    group_free(g);
}

// Starts others, and gives way, before it throws.
struct throws_late {
    explicit throws_late(int *ran) : count(ran) {}
    throws_late(const throws_late &other) : count(other.count)
    {
        go([](std::unique_ptr<int> p, int *into) { *into += *p; }, std::make_unique<int>(1), count);
        weft_yield();
        weft_yield();
        throw 1;
    }
    throws_late &operator=(const throws_late &) = delete;
    ~throws_late() = default;

    int *count;
};

void an_exception_gives_the_room_back()
{
    constexpr int times = 3000; // more than there are records at first
    const std::string long_text(1000, 'x');
    const std::array<char, 2000> large{};
    int ran = 0;
    int caught = 0;
    const throws_late late(&ran);

    real_calls = weft__calls;
    fail_the(0, false);
    for (int i = 0; i < times; i++) {
        try {
            go([large](const std::string &, counted, const throws_late &) { return large[0]; },
               long_text, counted(1), late);
        } catch (int) {
            caught++;
        }
        try {
            check(spawn([](const counted &, const throws_late &) {}, counted(1), late) == nullptr);
        } catch (int) {
            caught++;
        }
    }
    weft__calls = real_calls;
    check(caught == 2 * times && ran == 2 * times);
    check(blocks == 0 && allocations == times); // no records more
    check(counted::alive == 0);
}
#endif

void delete_string(void *value)
{
    delete static_cast<std::string *>(value);
}

weft_local own_text = WEFT_LOCAL(delete_string);
weft_local own_counted = WEFT_LOCAL([](void *value) { delete static_cast<counted *>(value); });

void threads_have_values_of_their_own()
{
    for (int i = 0; i < 3; i++)
        check(task_join(spawn([i, keeps = counted(i)] {
                  weft_local_set(&own_text, new std::string(100, static_cast<char>('a' + i)));
                  weft_local_set(&own_counted, new counted(keeps.value));
                  weft_yield();
                  check(static_cast<std::string *>(weft_local_get(&own_text))->at(99) == 'a' + i);
              })) == 0);
    check(counted::alive == 0);
    check(weft_local_get(&own_text) == nullptr);
}

std::string leaves_by_return(chan(int) c)
{
    const counted local(1);

    weft_within(WEFT_FOREVER, __extension__({
                    const counted inner(2);
                    if (c)
                        return std::string("returned");
                    inner.value;
                }));
    return "fell through";
}

void deadlines_are_kept()
{
    auto c = chan_new(int);
    int turns = 0;
    point p = weft_within(WEFT_SEC(1), point{1, 2});
    std::string text = weft_within(WEFT_FOREVER, std::string(100, 'x'));

    check(p.x == 1 && p.y == 2 && text.size() == 100);
    check(weft_within(0, chan_recv(c, nullptr)) == -ETIMEDOUT);
    check(weft_within(WEFT_SEC(100), weft_within(WEFT_US(10), chan_send(c, 1))) == -ETIMEDOUT);
    check(leaves_by_return(c) == "returned");
    check(counted::alive == 0);
    for (int i = 0; i < 3; i++)
        weft_within(0, __extension__({
                        turns++;
                        if (i == 1)
                            break;
                        weft_is_cancelled();
                    }));
    check(turns == 2);
    check(weft_sleep(1) == 0);
    chan_free(c);
}

// Says goodbye when it goes, whatever its thread is told.
class farewell
{
  public:
    explicit farewell(chan_tx(int) to) : out(to) {}
    farewell(const farewell &) = delete;
    farewell &operator=(const farewell &) = delete;
    ~farewell()
    {
        weft_shield(chan_send(out, 7));
    }

  private:
    chan_tx(int) out;
};

int wait_and_say_farewell(chan_rx(int) in, chan_tx(int) out)
{
    const farewell last(out);

    return chan_recv(in, nullptr);
}

void tasks_are_cancelled_and_detached()
{
    auto in = chan_new(int);
    auto out = chan_new(int);
    task(int) t = spawn(wait_and_say_farewell, in, out);
    auto detached = spawn([](chan_rx(int) c) { chan_recv(c, nullptr); }, in);
    auto counting = spawn([](const counted &) { weft_yield(); }, counted(1));
    int result = 0;
    int said = 0;

    weft_yield();
    check(task_cancel(t) == 0 && task_cancel(t) == 0);
    check(chan_recv(out, &said) == 0 && said == 7);
    check(task_join(t, &result) == 0 && result == -ECANCELED);
    check(task_cancel(t) == -ESRCH);
    check(task_detach(detached) == 0 && task_detach(counting) == 0);
    check(task_cancel(detached) == 0);
    for (int i = 0; i < 3; i++)
        weft_yield();
    check(task_cancel(detached) == -ESRCH && task_cancel(counting) == -ESRCH);
    check(counted::alive == 0);
    check(task_cancel(task(int){}) == -EINVAL && task_detach(task(void){}) == -EINVAL);
    check(weft_set_name("main") == 0 && weft_is_cancelled() == 0);
    chan_free(in);
    chan_free(out);
}

std::string leaves_a_shield_by_return(chan(int) c)
{
    const counted local(1);

    weft_shield(__extension__({
        const counted inner(2);
        if (c)
            return std::string("returned");
        inner.value;
    }));
    return "fell through";
}

void shields_keep_off_deadlines()
{
    auto c = chan_new(int);
    int turns = 0;
    point p = weft_shield(point{1, 2});
    std::string text = weft_shield(std::string(100, 'x'));

    check(p.x == 1 && p.y == 2 && text.size() == 100);
    check(weft_within(0, weft_shield(weft_sleep(1))) == 0);
    check(weft_shield(weft_within(0, weft_sleep(1))) == -ETIMEDOUT);
    check(weft_within(0, weft_remaining()) == 0);
    check(weft_within(0, weft_shield(weft_remaining())) == WEFT_FOREVER);
    check(leaves_a_shield_by_return(c) == "returned");
    check(counted::alive == 0);
    for (int i = 0; i < 3; i++)
        weft_shield(__extension__({
            turns++;
            if (i == 1)
                break;
            weft_is_cancelled();
        }));
    check(turns == 2);
    check(weft_remaining() == WEFT_FOREVER);
    chan_free(c);
}

#if defined __cpp_exceptions
void an_exception_leaves_a_shield_behind_it()
{
    int caught = 0;

    try {
        weft_within(0, __extension__({
                        try {
                            weft_shield(throw 1);
                        } catch (int n) {
                            caught += n;
                        }
                        check(weft_sleep(1) == -ETIMEDOUT);
                        weft_shield(throw 2);
                    }));
    } catch (int n) {
        caught += n;
    }
    check(caught == 3);
    check(weft_sleep(1) == 0);
}

void an_exception_leaves_a_deadline_behind_it()
{
    auto c = chan_new(int);
    bool caught = false;

    try {
        weft_within(0, throw 1);
    } catch (int) {
        caught = true;
    }
    check(caught);
    check(weft_sleep(1) == 0);
    chan_free(c);
}
#endif

// sync.h is plain functions and structs, the same in both languages.
weft_semaphore three = WEFT_SEMAPHORE(3);
weft_mutex mutex;
weft_condition changed;
struct weft_once once; // a function has that name, too

void count_up(void *count)
{
    ++*static_cast<int *>(count);
}

#if defined __cpp_exceptions
// Parks while it handles an exception, and while it handles another within; so do others meanwhile,
// and some end there. What a thread rethrows is its own. (The C++ library has one list of such
// exceptions for an OS thread.)
int rethrow(int mine, int rounds)
{
    int right = 0;

    for (int i = 0; i < rounds; i++)
        try {
            try {
                throw mine;
            } catch (int) {
                weft_yield();
                try {
                    throw -mine;
                } catch (int inner) {
                    weft_yield();
                    right += inner == -mine && std::uncaught_exceptions() == 0;
                }
                weft_yield();
                throw;
            }
        } catch (int outer) {
            right += outer == mine;
        }
    return right;
}

void end_while_handling(int n)
{
    try {
        throw std::string(100, static_cast<char>('a' + n % 26));
    } catch (const std::string &) {
        weft_sleep(n % 3); // wakes among the others
    }
}

struct parks_at_its_end {
    int *uncaught;
    ~parks_at_its_end()
    {
        weft_yield();
        *uncaught = std::uncaught_exceptions();
    }
};

// Parks while an exception is on its way.
int park_in_destructors(int rounds)
{
    int right = 0;

    for (int i = 0; i < rounds; i++) {
        int uncaught = 0;

        try {
            const parks_at_its_end last{&uncaught};

            throw i;
        } catch (int n) {
            right += n == i && uncaught == 1;
        }
    }
    return right;
}

void exceptions_belong_to_their_threads()
{
    enum { ROUNDS = 2500, THREADS = 4 };
    task(int) rethrowing[THREADS];
    task(int) parking[THREADS];
    int ends = 0;

    for (int i = 0; i < THREADS; i++) {
        rethrowing[i] = spawn(rethrow, i + 1, ROUNDS);
        parking[i] = spawn(park_in_destructors, +ROUNDS);
    }
    for (int i = 0; i < 100; i++)
        go([&ends, i] {
            end_while_handling(i);
            ends++;
        });
    check(rethrow(100, ROUNDS) == 2 * ROUNDS);
    for (int i = 0; i < THREADS; i++) {
        int right = 0;

        check(task_join(rethrowing[i], &right) == 0 && right == 2 * ROUNDS);
        check(task_join(parking[i], &right) == 0 && right == ROUNDS);
    }
    weft_sleep(3);
    check(ends == 100);
}

// An exception that nobody catches ends the program, as in any thread.
void an_exception_may_not_leave_its_thread()
{
    int how = 0;
    const pid_t child = fork();

    if (child == 0) {
        close(STDERR_FILENO);
        std::signal(SIGABRT, SIG_DFL);
        go([] { throw 1; });
        weft_yield();
        _exit(0);
    }
    check(waitpid(child, &how, 0) == child);
    check(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}
#endif

void mutex_and_the_others_work()
{
    weft_waitgroup group{};
    weft_completion made = {};
    int count = 0;

    weft_waitgroup_add(&group, 4);
    for (int i = 0; i < 4; i++)
        go([&] {
            weft_semaphore_acquire(&three);
            weft_mutex_lock(&mutex);
            weft_once(&once, count_up, &count);
            weft_yield();
            weft_condition_signal(&changed);
            weft_mutex_unlock(&mutex);
            weft_waitgroup_done(&group);
        });
    weft_mutex_lock(&mutex);
    check(weft_condition_wait(&changed, &mutex) == 0);
    weft_mutex_unlock(&mutex);
    check(weft_within(WEFT_MS(1), weft_waitgroup_wait(&group)) == -ETIMEDOUT);
    weft_semaphore_release(&three);
    check(weft_waitgroup_wait(&group) == 0 && count == 1);
    weft_completion_set(&made);
    check(weft_completion_wait(&made) == 0 && weft_completion_is_set(&made) == 1);
}

} // namespace

int main()
{
    channels_carry_values();
    ends_and_try_forms();
    select_takes_its_clauses_in_order();
    tasks_are_joined();
    callables_and_arguments_are_kept_until_the_thread_ends();
    generators_yield_and_take();
    groups_wait_for_callables();
    what_does_not_start_keeps_its_arguments(false);
    what_does_not_start_keeps_its_arguments(true);
    a_full_queue_and_no_records_keep_the_arguments();
    arguments_are_as_aligned_as_they_are_to_be();
    threads_have_values_of_their_own();
    deadlines_are_kept();
    mutex_and_the_others_work();
    tasks_are_cancelled_and_detached();
    shields_keep_off_deadlines();
#if defined __cpp_exceptions
    an_exception_leaves_a_deadline_behind_it();
    an_argument_that_cannot_be_copied_gives_the_place_back();
    an_exception_gives_the_room_back();
    an_exception_leaves_a_shield_behind_it();
    exceptions_belong_to_their_threads();
    an_exception_may_not_leave_its_thread();
#endif
    // The names of the standard library that weft must not take.
    std::this_thread::yield();
    check(std::chrono::steady_clock::now().time_since_epoch().count() != 0);
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
