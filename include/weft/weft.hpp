/* SPDX-License-Identifier: MIT */
/**
 * @file
 * weft for C++17 and later: the names of the C headers, as templates.
 *
 * What start.h, thread.h, group.h, chan.h, select.h and gen.h say of a call holds here too, and handles are
 * of the same types, so that one header may serve both languages. What differs:
 *
 * - Elements are trivially copyable: they are copied bytewise.
 * - A channel's end converts only in the right direction, or does not compile.
 * - go and spawn take any callable, lambdas among them, and arguments of any size and type; both
 *   are kept and passed as std::thread does. What is trivially copyable and small is copied
 *   bytewise; other things are moved to where the thread finds them, and destroyed there when it
 *   ends. go drops any result; that of spawn is void or a scalar of at most 8 bytes.
 * - If go, spawn or group_go fails, no argument was moved from. An exception of an argument's
 *   constructor leaves the call, and nothing was started.
 * - group_go evaluates its arguments before it waits for a place.
 * - A generator's callable and arguments are trivially copyable, since a body that never starts
 *   destroys nothing.
 * - gen_send converts its value.
 * - chan_select takes its clauses in order.
 * - An exception that leaves a thread's function ends the program (std::terminate).
 * - A program in C may load C++ that includes this by dlopen(3): from then on each thread has its own
 *   exceptions in the OS thread that calls dlopen, and in OS threads that first call weft later.
 *   Other OS threads, and other C++, need a program that is linked with the C++ library. That
 *   library must stay loaded, as it does unless a module brings its own and is closed.
 */
#ifndef WEFT_HPP
#define WEFT_HPP

#if __cplusplus < 201703L
#error "weft needs C++17 or later: compile with -std=c++17"
#endif

#include "base.h"
#include "start.h"
#include "thread.h"
#include "deadline.h"
#include "group.h"
#include "local.h"
#include "chan.h"
#include "select.h"
#include "gen.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace weft_detail
{

/* ---- exceptions in flight, of which each thread has its own ---- */

#ifdef __cpp_exceptions
/* Weak, since a program that throws nothing may be linked without the C++ library. */
extern "C" void *weft_cxa_get_globals_() __asm__("__cxa_get_globals") __attribute__((__weak__));

static __attribute__((__constructor__)) void tell_of_exceptions()
{
    if (weft_cxa_get_globals_ != nullptr)
        ::weft_exceptions_(weft_cxa_get_globals_);
}
#endif

/* ---- handles ---- */

template <class T> using channel = T (**)(struct ::weft_chan *);
template <class T> using receiving_end = T (*const *)(struct ::weft_chan *);
template <class T> using sending_end = T (*volatile *)(struct ::weft_chan *);
template <class T> using any_end = T (*const volatile *)(struct ::weft_chan *);
template <class R> using task_of = R (**)(struct ::weft_thread *);
template <class Y, class S = struct ::weft_takes_nothing>
using generator = Y (**)(struct ::weft_gen *, S *);

/* A parameter that converts, because T is deduced from the others. */
template <class T> struct identity {
    using type = T;
};
template <class T> using given = typename identity<T>::type;

/* Never defined: their results are what the handles carry. */
template <class T> T element_of(receiving_end<T>);
template <class Y, class S> Y yielded_by(generator<Y, S>);

inline struct ::weft_chan *chan_of(const volatile void *handle)
{
    return static_cast<struct ::weft_chan *>(const_cast<void *>(handle));
}

inline struct ::weft_gen *gen_of(const volatile void *handle)
{
    return static_cast<struct ::weft_gen *>(const_cast<void *>(handle));
}

inline struct ::weft_thread *thread_of(const volatile void *handle)
{
    return static_cast<struct ::weft_thread *>(const_cast<void *>(handle));
}

/* Any handle from what the library returns. */
template <class Handle> Handle handle_from(void *object)
{
    return static_cast<Handle>(object);
}

template <class T> constexpr void check_element()
{
    static_assert(std::is_trivially_copyable_v<T>,
                  "an element is copied bytewise: its type must be trivially copyable");
}

/* What a task's function returns. */
template <class R> constexpr bool is_result()
{
    if constexpr (std::is_void_v<R>)
        return true;
    else
        return std::is_scalar_v<R> && sizeof(R) <= 8;
}

/* ---- a callable and its arguments ---- */

struct from_parts {
};

template <class... Parts> struct bundle;

template <> struct bundle<> {
    explicit bundle(from_parts) {}
};

/* Trivially copyable if its parts are, which std::tuple does not promise. */
template <class Head, class... Rest> struct bundle<Head, Rest...> {
    template <class H, class... R>
    explicit bundle(from_parts from, H &&h, R &&...r)
        : head(std::forward<H>(h)), rest(from, std::forward<R>(r)...)
    {
    }

    Head head;
    bundle<Rest...> rest;
};

template <class... Got> decltype(auto) call(bundle<> &, Got &&...got)
{
    return std::invoke(std::forward<Got>(got)...);
}

template <class Head, class... Rest, class... Got>
decltype(auto) call(bundle<Head, Rest...> &parts, Got &&...got)
{
    return call(parts.rest, std::forward<Got>(got)..., std::move(parts.head));
}

template <class F, class... A> using bundle_of = bundle<std::decay_t<F>, std::decay_t<A>...>;
template <class F, class... A>
using result_of = std::invoke_result_t<std::decay_t<F>, std::decay_t<A>...>;

/* After the assertion nothing more is instantiated, so that it is the only message. */
template <class F, class... A> constexpr bool check_call()
{
    constexpr bool callable = std::is_invocable_v<std::decay_t<F>, std::decay_t<A>...>;

    static_assert(callable, "the function cannot be called with these arguments");
    return callable;
}

/* ---- starting ---- */

/* More than that is not copied onto a stack, which may be small. */
constexpr std::size_t copied_bytes_max = 1024;

template <class Bundle> constexpr bool is_copied()
{
    return std::is_trivially_copyable_v<Bundle> && alignof(Bundle) <= 16 &&
           sizeof(Bundle) <= copied_bytes_max;
}

/* Memory for a bundle is aligned to 16 bytes; of more, there is enough to align within. */
template <class Bundle> constexpr std::size_t room_bytes()
{
    return sizeof(Bundle) + (alignof(Bundle) > 16 ? alignof(Bundle) : 0);
}

template <class Bundle> Bundle *place_in(void *room)
{
    std::size_t bytes = room_bytes<Bundle>();

    return static_cast<Bundle *>(std::align(alignof(Bundle), sizeof(Bundle), room, bytes));
}

template <class R, class Bundle> void run(Bundle &parts, void *result)
{
    if constexpr (std::is_void_v<R>)
        static_cast<void>(call(parts));
    else
        *static_cast<R *>(result) = call(parts);
}

template <class R, class Bundle> void run_copied(void *object, void *result) noexcept
{
    run<R>(*static_cast<Bundle *>(object), result);
}

template <class R, class Bundle> void run_owned(void *object, void *result) noexcept
{
    struct owned {
        Bundle *parts;
        ~owned()
        {
            parts->~Bundle();
        }
    } own = {place_in<Bundle>(object)};

    run<R>(*own.parts, result);
}

/* A thread that is to be, and where its bundle goes. Given back unless it is launched. */
class start_room
{
  public:
    start_room(struct ::weft_start &s, void (*fn)(void *, void *), std::size_t size)
        : start(s), room(::weft_start_room_(&s, fn, size))
    {
    }
    start_room(const start_room &) = delete;
    start_room &operator=(const start_room &) = delete;
    ~start_room()
    {
        if (room)
            ::weft_start_abandon_(&start);
    }

    void *at() const
    {
        return room;
    }
    void launch()
    {
        room = nullptr;
        ::weft_start_launch_(&start);
    }

  private:
    struct ::weft_start &start;
    void *room;
};

/* Starts what returns R, or is to: a detached thread's R is void. Nothing that may fail comes after
 * the first argument was moved from, but the constructors of the others. */
template <class R, class Bundle, class... Parts>
void start(struct ::weft_start &s, Parts &&...given_parts)
{
    if constexpr (is_copied<Bundle>()) {
        Bundle parts(from_parts{}, std::forward<Parts>(given_parts)...);

        ::weft_start_copy_(&s, run_copied<R, Bundle>, &parts, sizeof parts);
    } else {
        start_room room(s, run_owned<R, Bundle>, room_bytes<Bundle>());

        if (room.at()) {
            ::new (static_cast<void *>(place_in<Bundle>(room.at())))
                Bundle(from_parts{}, std::forward<Parts>(given_parts)...);
            room.launch();
        }
    }
}

inline struct ::weft_start start_at(const char *site, std::uint32_t flags,
                                    const struct ::weft_spawn_opts *opts)
{
    struct ::weft_start s = {};

    s.site = site;
    s.flags = flags;
    s.opts = opts;
    return s;
}

template <class F, class... A>
int start_detached(const char *site, const struct ::weft_spawn_opts *opts, F &&f, A &&...a)
{
    struct ::weft_start s = start_at(site, WEFT_START_DETACHED, opts);

    if constexpr (check_call<F, A...>())
        start<void, bundle_of<F, A...>>(s, std::forward<F>(f), std::forward<A>(a)...);
    return s.error;
}

template <class F, class... A>
auto start_joinable(const char *site, const struct ::weft_spawn_opts *opts, F &&f, A &&...a)
{
    if constexpr (check_call<F, A...>()) {
        using R = result_of<F, A...>;
        static_assert(is_result<R>(),
                      "a spawned function must return void or a scalar of at most 8 bytes");
        struct ::weft_start s = start_at(site, 0, opts);

        if constexpr (is_result<R>())
            start<R, bundle_of<F, A...>>(s, std::forward<F>(f), std::forward<A>(a)...);
        return handle_from<task_of<R>>(s.task);
    }
}

/* Gives the slot back if the start fails, or an argument's constructor throws. */
struct group_slot {
    group_slot() = default;
    group_slot(const group_slot &) = delete;
    group_slot &operator=(const group_slot &) = delete;
    ~group_slot()
    {
        ::weft_group_leave_(&slot);
    }

    struct ::weft_group_slot slot = {};
};

template <class F, class... A>
int start_member(const char *site, struct ::weft_group *group, F &&f, A &&...a)
{
    int error = 0;

    if constexpr (check_call<F, A...>()) {
        constexpr bool returns_int = std::is_same_v<result_of<F, A...>, int>;
        static_assert(returns_int, "a function started in a group must return int");
        group_slot held;

        error = ::weft_group_begin_(group, &held.slot);
        if (error == 0) {
            struct ::weft_start s = start_at(site, WEFT_START_DETACHED, nullptr);

            if constexpr (returns_int)
                start<int, bundle_of<F, A...>>(s, std::forward<F>(f), std::forward<A>(a)...);
            error = ::weft_group_started_(&held.slot, &s);
        }
    }
    return error;
}

/* ---- making channels and generators ---- */

template <class T> channel<T> new_channel(const char *site)
{
    check_element<T>();
    return handle_from<channel<T>>(::weft_chan_new_(sizeof(T), site));
}

template <class S> constexpr std::size_t size_taken()
{
    if constexpr (std::is_same_v<S, struct ::weft_takes_nothing>)
        return 0;
    else
        return sizeof(S);
}

template <class Y, class S, class F, class... A>
generator<Y, S> new_generator(const char *site, const char *body_site, F &&f, A &&...a)
{
    using G = generator<Y, S>;
    using Parts = bundle_of<F, G, A...>;
    check_element<Y>();
    static_assert(is_copied<Parts>(), "what a generator's body gets must be trivially copyable, "
                                      "and at most 1024 bytes: pass a pointer");
    struct ::weft_start s = start_at(body_site, 0, nullptr);

    s.gen = ::weft_gen_new_(sizeof(Y), size_taken<S>(), site);
    if (!s.gen)
        return nullptr;
    if constexpr (check_call<F, G, A...>())
        start<void, Parts>(s, std::forward<F>(f), handle_from<G>(s.gen), std::forward<A>(a)...);
    return handle_from<G>(::weft_gen_start_(s.gen, &s));
}

/* The handle of any generator, for a loop that sends it nothing. */
template <class Y, class S> generator<Y> plain(generator<Y, S> gen)
{
    return handle_from<generator<Y>>(gen_of(gen));
}

/* ---- clauses ---- */

inline struct ::weft_case make_case(int op, struct ::weft_chan *chan, void *object,
                                    std::int64_t amount)
{
    struct ::weft_case one = {};

    one.object = object;
    one.chan = chan;
    one.amount = amount;
    one.op = op;
    return one;
}

template <class T> struct ::weft_case receiving(receiving_end<T> channel, T *into)
{
    check_element<T>();
    return make_case(WEFT_OP_RECV, chan_of(channel), into, sizeof(T));
}

/* A clause with its value. The address is filled in where the select can see it. */
template <class T> struct sending_clause {
    struct ::weft_case one;
    T value;
};

inline struct ::weft_case as_case(const struct ::weft_clause &clause)
{
    return clause.one;
}

template <class T> struct ::weft_case as_case(const sending_clause<T> &clause)
{
    struct ::weft_case one = clause.one;

    one.object = const_cast<void *>(static_cast<const void *>(&clause.value));
    return one;
}

} // namespace weft_detail

/* ---- types ---- */

#define weft_chan(...) weft_detail::channel<__VA_ARGS__>
#define weft_chan_rx(...) weft_detail::receiving_end<__VA_ARGS__>
#define weft_chan_tx(...) weft_detail::sending_end<__VA_ARGS__>
#define weft_task(...) weft_detail::task_of<__VA_ARGS__>
#define weft_gen(...) weft_detail::generator<__VA_ARGS__>

/* ---- start.h: what needs the place of the call is a macro here too ---- */

#define weft_go(...) weft_detail::start_detached(WEFT_SITE_("go"), nullptr, __VA_ARGS__)
#define weft_go_with(opts, ...) weft_detail::start_detached(WEFT_SITE_("go"), (opts), __VA_ARGS__)
#define weft_spawn(...) weft_detail::start_joinable(WEFT_SITE_("spawn"), nullptr, __VA_ARGS__)
#define weft_spawn_with(opts, ...) \
    weft_detail::start_joinable(WEFT_SITE_("spawn"), (opts), __VA_ARGS__)

/** Nothing to declare in C++. */
#define WEFT_FN(...) static_assert(true, "")

/* ---- thread.h ---- */

template <class R> int weft_task_cancel(weft_detail::task_of<R> task)
{
    return weft_task_cancel_(weft_detail::thread_of(task));
}

template <class R> int weft_task_detach(weft_detail::task_of<R> task)
{
    return weft_task_detach_(weft_detail::thread_of(task));
}

template <class R> int weft_task_join(weft_detail::task_of<R> task)
{
    return weft_task_join_(weft_detail::thread_of(task), nullptr, 0);
}

template <class R> int weft_task_join(weft_detail::task_of<R> task, weft_detail::given<R> *into)
{
    static_assert(!std::is_void_v<R>, "this task has no result");
    return weft_task_join_(weft_detail::thread_of(task), into, sizeof(*into));
}

/* ---- group.h ---- */

#define weft_group_go(group, ...) \
    weft_detail::start_member(WEFT_SITE_("group_go"), (group), __VA_ARGS__)

/* ---- chan.h ---- */

#define weft_chan_new(...) \
    (weft_detail::new_channel<__VA_ARGS__>(__FILE__ ":" WEFT_TEXT_(__LINE__)))

#define weft_chan_each(x, channel)                                   \
    for (decltype(weft_detail::element_of(channel)) x,               \
         (*const *weft_each_##x##_)(struct weft_chan *) = (channel); \
         weft_chan_recv(weft_each_##x##_, &x) == 0;)

template <class T>
int weft_chan_send(weft_detail::sending_end<T> channel, const weft_detail::given<T> &value)
{
    weft_detail::check_element<T>();
    return weft_chan_send_(weft_detail::chan_of(channel), &value, sizeof value);
}

template <class T>
int weft_chan_recv(weft_detail::receiving_end<T> channel, weft_detail::given<T> *into)
{
    weft_detail::check_element<T>();
    return weft_chan_recv_(weft_detail::chan_of(channel), into, sizeof *into);
}

template <class T> int weft_chan_close(weft_detail::any_end<T> channel)
{
    return weft_chan_close_(weft_detail::chan_of(channel));
}

template <class T> void weft_chan_free(weft_detail::any_end<T> channel)
{
    weft_chan_free_(weft_detail::chan_of(channel));
}

template <class T>
int weft_chan_send_from(weft_detail::sending_end<T> channel, const weft_detail::given<T> *from)
{
    return weft_chan_send<T>(channel, *from);
}

template <class T>
int weft_chan_trysend(weft_detail::sending_end<T> channel, const weft_detail::given<T> &value)
{
    weft_detail::check_element<T>();
    return weft_chan_trysend_(weft_detail::chan_of(channel), &value, sizeof value);
}

template <class T>
int weft_chan_tryrecv(weft_detail::receiving_end<T> channel, weft_detail::given<T> *into)
{
    weft_detail::check_element<T>();
    return weft_chan_tryrecv_(weft_detail::chan_of(channel), into, sizeof *into);
}

/* ---- select.h ---- */

template <class... Clauses> int weft_chan_select(const Clauses &...clauses)
{
    struct weft_case cases[] = {weft_detail::as_case(clauses)...};

    return weft_chan_select_(cases, sizeof...(clauses), sizeof cases[0]);
}

inline int weft_chan_select_n(struct weft_case *cases, std::size_t n)
{
    return weft_chan_select_(cases, n, sizeof *cases);
}

template <class T>
struct weft_clause weft_chan_case_recv(weft_detail::receiving_end<T> channel,
                                       weft_detail::given<T> *into)
{
    return {weft_detail::receiving<T>(channel, into)};
}

template <class T>
weft_detail::sending_clause<T> weft_chan_case_send(weft_detail::sending_end<T> channel,
                                                   const weft_detail::given<T> &value)
{
    weft_detail::check_element<T>();
    return {weft_detail::make_case(WEFT_OP_SEND, weft_detail::chan_of(channel), nullptr, sizeof(T)),
            value};
}

#define weft_chan_case_default \
    (weft_clause{weft_detail::make_case(WEFT_OP_DEFAULT, nullptr, nullptr, 0)})

inline struct weft_clause weft_chan_case_timeout(std::int64_t ns)
{
    return {weft_detail::make_case(WEFT_OP_TIMEOUT, nullptr, nullptr, ns)};
}

template <class T>
struct weft_case weft_chan_set_recv(weft_detail::receiving_end<T> channel,
                                    weft_detail::given<T> *into)
{
    return weft_detail::receiving<T>(channel, into);
}

template <class T>
struct weft_case weft_chan_set_send(weft_detail::sending_end<T> channel,
                                    const weft_detail::given<T> *from)
{
    void *object = const_cast<void *>(static_cast<const void *>(from));

    weft_detail::check_element<T>();
    return weft_detail::make_case(WEFT_OP_SEND, weft_detail::chan_of(channel), object, sizeof(T));
}

/* ---- gen.h ---- */

#define weft_gen_new(Y, ...)                                                                     \
    (weft_detail::new_generator<Y, struct weft_takes_nothing>(__FILE__ ":" WEFT_TEXT_(__LINE__), \
                                                              WEFT_SITE_("gen_new"), __VA_ARGS__))
#define weft_gen_new2(Y, S, ...)                                                                 \
    (weft_detail::new_generator<Y, S>(__FILE__ ":" WEFT_TEXT_(__LINE__), WEFT_SITE_("gen_new2"), \
                                      __VA_ARGS__))

#define weft_gen_each(y, gen)                                                   \
    for (decltype(weft_detail::yielded_by(gen)) y,                              \
         (**weft_each_##y##_)(struct weft_gen *, struct weft_takes_nothing *) = \
             weft_detail::plain(gen);                                           \
         weft_gen_next(weft_each_##y##_, &y) == 0;)

template <class Y, class S>
int weft_gen_next(weft_detail::generator<Y, S> gen, weft_detail::given<Y> *into)
{
    return weft_gen_next_(weft_detail::gen_of(gen), into, sizeof *into, nullptr, 0);
}

template <class Y, class S>
int weft_gen_yield(weft_detail::generator<Y, S> gen, const weft_detail::given<Y> &value)
{
    return weft_gen_yield_(weft_detail::gen_of(gen), &value, sizeof value, nullptr, 0);
}

template <class Y, class S> int weft_gen_close(weft_detail::generator<Y, S> gen)
{
    return weft_gen_close_(weft_detail::gen_of(gen));
}

template <class Y, class S>
int weft_gen_send(weft_detail::generator<Y, S> gen, weft_detail::given<Y> *into,
                  const weft_detail::given<S> &value)
{
    weft_detail::check_element<S>();
    return weft_gen_next_(weft_detail::gen_of(gen), into, sizeof *into, &value, sizeof value);
}

template <class Y, class S>
int weft_gen_yield_recv(weft_detail::generator<Y, S> gen, weft_detail::given<S> *in,
                        const weft_detail::given<Y> &value)
{
    weft_detail::check_element<S>();
    return weft_gen_yield_(weft_detail::gen_of(gen), &value, sizeof value, in, sizeof *in);
}

#endif
