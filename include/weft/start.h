/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Starting green threads: go, spawn, and what they are given.
 *
 * Rules for all calls that start something:
 *
 * - fn(args...) is checked by the compiler as the plain call, and the arguments are converted as
 *   for it. They are evaluated once, by the caller, now; the thread gets copies. Do not leave the
 *   call from within an argument (return, break, goto, longjmp).
 * - At most 13 arguments, each of at most 16 bytes, as declared and as given: pass more by pointer.
 *   A compound literal with commas needs parentheses: go(fn, ((struct point){1, 2})).
 * - fn returns void or a scalar of at most 8 bytes.
 * - The new thread goes to the end of the run queue and gets its stack when it first runs: starting
 *   never parks, and no stack to be had is no error here. It begins with errno 0 and the caller's
 *   floating-point settings.
 * - One exception to that order: when the caller parks and next in line is an older thread that has
 *   not run yet, those that the caller has just started, if they are at most 64 and nobody else has
 *   come to the queue since, go before it, in their order. At most 512 do so until an older one is
 *   taken.
 * - fn may be declared noreturn. Under clang prefer _Noreturn or [[noreturn]]: the GNU attribute is
 *   part of the function's type there, and needs arguments of exactly the parameters' types.
 *
 * How it works, on x86-64, aarch64 and riscv64: the macro calls a stub through fn's own prototype,
 * and the stub keeps the registers and stack words that the call has filled (the processor's ABI
 * document says which). Elsewhere, and wherever WEFT_PORTABLE_START is defined, the arguments are
 * copied as a struct, which WEFT_FN() declares.
 *
 * From C++ use weft.hpp.
 */
#ifndef WEFT_START_H
#define WEFT_START_H

#include "base.h"

#if defined __GNUC__ && !defined __clang__
#pragma GCC system_header /* see base.h */
#endif

/* Where nobody has written a stub. Define it yourself for clang's -fsanitize=cfi, which lets no
 * function be called through another's type. */
#if !defined WEFT_PORTABLE_START && !(defined __x86_64__ && defined __LP64__) && \
    !(defined __aarch64__ && defined __LP64__ && !defined __AARCH64EB__) &&      \
    !(defined __riscv && defined __LP64__ && defined __riscv_float_abi_double)
#define WEFT_PORTABLE_START 1
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * How a thread is to be started, for go_with and spawn_with. All zero but size: as go and
 * spawn do. Without a size: -EINVAL, NULL from spawn_with.
 *
 * It is read during the call only, and may be a temporary.
 */
struct weft_spawn_opts {
    size_t size;        /**< sizeof(struct weft_spawn_opts): later versions may add to it */
    size_t stack_bytes; /**< as in weft_stack_default(); 0: what that one has set */
    const char *name;   /**< for reports: the first 31 bytes are copied; NULL: none */
};

/**
 * Starts fn(copy) detached, copy being the new thread's own copy of the object.
 *
 * The base for callers that have no types to check: foreign functions, other languages. The object
 * is size bytes, copied now; the copy is aligned to 16 bytes and lives until fn returns. Does not
 * park. Results: 0, -ENOMEM. Cost: one copy; an allocation if size is more than some words.
 */
WEFT_API int weft_go_copy(void (*fn)(void *copy), const void *object, size_t size);

/* For the macros alone. */

enum {
    WEFT_START_DETACHED = 1, /* nobody joins it */
    WEFT_START_FLOAT = 2,    /* its result comes in a vector register */
};

/* One start, from weft_start_begin_() or weft_start_copy_() on. */
struct weft_start {
    void (*fn)(void);
    struct weft_thread *task; /* out: NULL, see error */
    struct weft_start *outer; /* the runtime's: the start whose arguments this one is among */
    const char *site;         /* "worker at main.c:12", static */
    const struct weft_spawn_opts *opts;
    struct weft_gen *gen; /* whose body fn is, or NULL */
    uint32_t flags;
    uint32_t stack_bytes; /* more than this the call does not pass on the stack */
    int error;            /* out: 0 or a negative errno value */
};

WEFT_API void weft_start_begin_(struct weft_start *start);
WEFT_API extern void (*const weft_start_stub_)(void);
WEFT_API void weft_start_copy_(struct weft_start *start, void (*fn)(void *object, void *result),
                               const void *object, size_t size);

/* The same in steps, for an object that the caller makes in place: room for it, aligned to 16 bytes;
 * NULL: see error. Then one of the others. */
WEFT_API void *weft_start_room_(struct weft_start *start, void (*fn)(void *object, void *result),
                                size_t size);
WEFT_API void weft_start_launch_(struct weft_start *start);
WEFT_API void weft_start_abandon_(struct weft_start *start);

/* For weft.hpp: where the C++ library has what an OS thread has thrown and caught. In a program in C
 * that loads a module in C++ it comes late. */
WEFT_API void weft_exceptions_(void *(*of_os_thread)(void));

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus

/**
 * The type of a task: the joinable handle of a thread whose function returns R, void or a scalar.
 *
 * A pointer that nobody follows; R is in its type. Whoever holds it must join it once, see
 * weft_task_join().
 */
#define weft_task(...) __typeof__(__typeof__(__VA_ARGS__)(**)(struct weft_thread *))

/**
 * Starts fn(args...) as a detached thread: go(fn, args...).
 *
 * Nobody can join it; its result is dropped, and what it needs is freed when it ends. Results: 0;
 * -ENOMEM: nothing was started, and what the arguments own is still the caller's. Cost: no
 * allocation once warm for up to six words of arguments, unless computing them leaves values in
 * registers that hold no argument: then perhaps one.
 */
#define weft_go(...) \
    WEFT_UNIQUE_(WEFT_START_, WEFT_STARTED_, WEFT_START_DETACHED, NULL, __VA_ARGS__)

/**
 * Starts fn(args...) as a thread that is to be joined: a weft_task(R), R being fn's result.
 *
 * The task is the caller's, who joins it exactly once, or hands it to whoever does. NULL: no
 * memory, nothing was started. Cost: as weft_go().
 */
#define weft_spawn(...) WEFT_UNIQUE_(WEFT_START_, WEFT_SPAWNED_, 0, NULL, __VA_ARGS__)

/**
 * Does as weft_go() with options: go_with(opts, fn, args...).
 *
 * opts is a const struct weft_spawn_opts *, or NULL. Results: 0; -ENOMEM; -EINVAL: an option out of
 * range. Cost: as weft_go().
 */
#define weft_go_with(opts, ...) \
    WEFT_UNIQUE_(WEFT_START_, WEFT_STARTED_, WEFT_START_DETACHED, opts, __VA_ARGS__)

/**
 * Does as weft_spawn() with options: spawn_with(opts, fn, args...).
 *
 * opts is a const struct weft_spawn_opts *, or NULL. NULL: no memory, or an option out of range.
 */
#define weft_spawn_with(opts, ...) WEFT_UNIQUE_(WEFT_START_, WEFT_SPAWNED_, 0, opts, __VA_ARGS__)

/**
 * Names the parameter types of a function that is to be started: WEFT_FN(fn, types...); at file
 * scope, below fn's declaration and above the first start.
 *
 * The types are exactly the parameters', a generator's body's first one, gen(Y), among them; none
 * for a function without parameters. Builds with WEFT_PORTABLE_START need one for each function
 * that go, spawn and gen_new start, which must then be given by its name, and may not be variadic.
 * Other builds only check the types. Write it in code that is to compile everywhere.
 */
#define WEFT_FN(...) WEFT_CAT_(WEFT_FN_, WEFT_ARITY_(__VA_ARGS__))(__VA_ARGS__)

/* ------------------------------------------------------------------------------------------------
 * From here on: not for use, only what the macros above are made of.
 *
 * Lists of arguments. WEFT_COUNT_ counts up to 16. WEFT_ARITY_ tells fn alone (0) from fn and
 * arguments (1); digits, since any other word may be a macro of the program's. WEFT_EACH_(m, x, a,
 * b, c) is m(x, 3, a) m(x, 2, b) m(x, 1, c), and WEFT_LIST_ the same with m(x, k), separated by
 * commas: the names of arguments count down. */

#define WEFT_COUNT_(...) \
    WEFT_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ~)
#define WEFT_ARITY_(...) WEFT_PICK_(__VA_ARGS__, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, ~)
#define WEFT_PICK_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, ...) q

#define WEFT_EACH_(m, x, ...) WEFT_CAT_(WEFT_EACH_, WEFT_COUNT_(__VA_ARGS__))(m, x, __VA_ARGS__)
#define WEFT_EACH_1_(m, x, a) m(x, 1, a)
#define WEFT_EACH_2_(m, x, a, ...) m(x, 2, a) WEFT_EACH_1_(m, x, __VA_ARGS__)
#define WEFT_EACH_3_(m, x, a, ...) m(x, 3, a) WEFT_EACH_2_(m, x, __VA_ARGS__)
#define WEFT_EACH_4_(m, x, a, ...) m(x, 4, a) WEFT_EACH_3_(m, x, __VA_ARGS__)
#define WEFT_EACH_5_(m, x, a, ...) m(x, 5, a) WEFT_EACH_4_(m, x, __VA_ARGS__)
#define WEFT_EACH_6_(m, x, a, ...) m(x, 6, a) WEFT_EACH_5_(m, x, __VA_ARGS__)
#define WEFT_EACH_7_(m, x, a, ...) m(x, 7, a) WEFT_EACH_6_(m, x, __VA_ARGS__)
#define WEFT_EACH_8_(m, x, a, ...) m(x, 8, a) WEFT_EACH_7_(m, x, __VA_ARGS__)
#define WEFT_EACH_9_(m, x, a, ...) m(x, 9, a) WEFT_EACH_8_(m, x, __VA_ARGS__)
#define WEFT_EACH_10_(m, x, a, ...) m(x, 10, a) WEFT_EACH_9_(m, x, __VA_ARGS__)
#define WEFT_EACH_11_(m, x, a, ...) m(x, 11, a) WEFT_EACH_10_(m, x, __VA_ARGS__)
#define WEFT_EACH_12_(m, x, a, ...) m(x, 12, a) WEFT_EACH_11_(m, x, __VA_ARGS__)
#define WEFT_EACH_13_(m, x, a, ...) m(x, 13, a) WEFT_EACH_12_(m, x, __VA_ARGS__)
#define WEFT_EACH_14_(m, x, a, ...) m(x, 14, a) WEFT_EACH_13_(m, x, __VA_ARGS__)

#define WEFT_LIST_(m, x, ...) WEFT_CAT_(WEFT_LIST_, WEFT_COUNT_(__VA_ARGS__))(m, x)
#define WEFT_LIST_1_(m, x) m(x, 1)
#define WEFT_LIST_2_(m, x) m(x, 2), WEFT_LIST_1_(m, x)
#define WEFT_LIST_3_(m, x) m(x, 3), WEFT_LIST_2_(m, x)
#define WEFT_LIST_4_(m, x) m(x, 4), WEFT_LIST_3_(m, x)
#define WEFT_LIST_5_(m, x) m(x, 5), WEFT_LIST_4_(m, x)
#define WEFT_LIST_6_(m, x) m(x, 6), WEFT_LIST_5_(m, x)
#define WEFT_LIST_7_(m, x) m(x, 7), WEFT_LIST_6_(m, x)
#define WEFT_LIST_8_(m, x) m(x, 8), WEFT_LIST_7_(m, x)
#define WEFT_LIST_9_(m, x) m(x, 9), WEFT_LIST_8_(m, x)
#define WEFT_LIST_10_(m, x) m(x, 10), WEFT_LIST_9_(m, x)
#define WEFT_LIST_11_(m, x) m(x, 11), WEFT_LIST_10_(m, x)
#define WEFT_LIST_12_(m, x) m(x, 12), WEFT_LIST_11_(m, x)
#define WEFT_LIST_13_(m, x) m(x, 13), WEFT_LIST_12_(m, x)
#define WEFT_LIST_14_(m, x) m(x, 14), WEFT_LIST_13_(m, x)

#define WEFT_TYPES_(n, ...) WEFT_CAT_(WEFT_TYPES_, WEFT_COUNT_(__VA_ARGS__))(n, __VA_ARGS__)
#define WEFT_TYPES_1_(n, a) WEFT_ARG_TYPE_(n, 1, a)
#define WEFT_TYPES_2_(n, a, ...) WEFT_ARG_TYPE_(n, 2, a), WEFT_TYPES_1_(n, __VA_ARGS__)
#define WEFT_TYPES_3_(n, a, ...) WEFT_ARG_TYPE_(n, 3, a), WEFT_TYPES_2_(n, __VA_ARGS__)
#define WEFT_TYPES_4_(n, a, ...) WEFT_ARG_TYPE_(n, 4, a), WEFT_TYPES_3_(n, __VA_ARGS__)
#define WEFT_TYPES_5_(n, a, ...) WEFT_ARG_TYPE_(n, 5, a), WEFT_TYPES_4_(n, __VA_ARGS__)
#define WEFT_TYPES_6_(n, a, ...) WEFT_ARG_TYPE_(n, 6, a), WEFT_TYPES_5_(n, __VA_ARGS__)
#define WEFT_TYPES_7_(n, a, ...) WEFT_ARG_TYPE_(n, 7, a), WEFT_TYPES_6_(n, __VA_ARGS__)
#define WEFT_TYPES_8_(n, a, ...) WEFT_ARG_TYPE_(n, 8, a), WEFT_TYPES_7_(n, __VA_ARGS__)
#define WEFT_TYPES_9_(n, a, ...) WEFT_ARG_TYPE_(n, 9, a), WEFT_TYPES_8_(n, __VA_ARGS__)
#define WEFT_TYPES_10_(n, a, ...) WEFT_ARG_TYPE_(n, 10, a), WEFT_TYPES_9_(n, __VA_ARGS__)
#define WEFT_TYPES_11_(n, a, ...) WEFT_ARG_TYPE_(n, 11, a), WEFT_TYPES_10_(n, __VA_ARGS__)
#define WEFT_TYPES_12_(n, a, ...) WEFT_ARG_TYPE_(n, 12, a), WEFT_TYPES_11_(n, __VA_ARGS__)
#define WEFT_TYPES_13_(n, a, ...) WEFT_ARG_TYPE_(n, 13, a), WEFT_TYPES_12_(n, __VA_ARGS__)
#define WEFT_TYPES_14_(n, a, ...) WEFT_ARG_TYPE_(n, 14, a), WEFT_TYPES_13_(n, __VA_ARGS__)

/* Kinds of types. __builtin_classify_type gives 1 to 8 for scalars, 5 for pointers, 8 for floating
 * numbers. */
#define WEFT_POINTER_CLASS_ 5
#define WEFT_IS_SCALAR_CLASS_(c) ((c) >= 1 && (c) <= 8)
#define WEFT_CLASS_(T) __builtin_classify_type(*(WEFT_OBJECT_(T) *)0)
#define WEFT_IS_SCALAR_(T) WEFT_IS_SCALAR_CLASS_(WEFT_CLASS_(T))
#define WEFT_IS_FLOAT_(T) (WEFT_CLASS_(T) == 8)

/* What a started function may return. */
#define WEFT_IS_RESULT_(T) \
    (WEFT_IS_VOID_(T) || (sizeof(WEFT_OBJECT_(T)) <= 8 && WEFT_IS_SCALAR_(T)))

/* The type of a pointer to fn, without gcc's noreturn, const and pure, which are part of the type
 * of a pointer, but not of what one gets by following it. */
#define WEFT_FN_POINTER_(fn) __typeof__(&**(__typeof__(fn) *)0)

/* The types of the arguments, after the decay of arrays and functions; what is asked of them. Types
 * stand where they are not evaluated, be they pointers to arrays of variable length: in parameters of
 * a function type, and below sizeof and the like. */
#define WEFT_ARG_TYPE_(n, k, a) __typeof__(((void)0, (a)))
#define WEFT_ARG_SAMPLE_(n, k, a) *(WEFT_ARG_TYPE_(n, k, a) *)0
#define WEFT_ARG_ASK_(n, k, a)                              \
    weft_size##k##_##n = sizeof(WEFT_ARG_SAMPLE_(n, k, a)), \
    weft_class##k##_##n = __builtin_classify_type(WEFT_ARG_SAMPLE_(n, k, a)),
#define WEFT_ARG_FITS_(n, k, a) weft_size##k##_##n <= 16 &&
#define WEFT_ARG_IS_WORD_(n, k, a) weft_size##k##_##n <= 8 &&
#define WEFT_ARG_IS_SCALAR_(n, k, a) WEFT_IS_SCALAR_CLASS_(weft_class##k##_##n) &&
#define WEFT_ARG_IS_NUMBER_(n, k, a) (weft_class##k##_##n != WEFT_POINTER_CLASS_) +

/* First of all the call itself, so that a mistake in it is reported as one in the plain call. */
#define WEFT_CHECK_CALL_(n, fn, call)                \
    typedef __typeof__((fn)call) weft_result_##n;    \
    _Static_assert(WEFT_IS_RESULT_(weft_result_##n), \
                   "a started function must return void or a scalar of at most 8 bytes");
#define WEFT_CHECK_ARGS_(n, ...)                                 \
    enum { WEFT_EACH_(WEFT_ARG_ASK_, n, __VA_ARGS__) };          \
    _Static_assert(WEFT_EACH_(WEFT_ARG_FITS_, n, __VA_ARGS__) 1, \
                   "an argument of a started function is larger than 16 bytes: pass a pointer");

/* Starting: the statements after which weft_start_n tells how it went. */
#define WEFT_START_(n, value, flags, opts, ...) \
    WEFT_CAT_(WEFT_START_, WEFT_ARITY_(__VA_ARGS__))(n, value, flags, opts, __VA_ARGS__)
#define WEFT_START_0_(n, value, flags, opts, fn) \
    __extension__({ WEFT_BEGIN_0_(n, flags, opts, NULL, fn) value(n); })
#define WEFT_START_1_(n, value, flags, opts, fn, ...) \
    __extension__({ WEFT_BEGIN_1_(n, flags, opts, NULL, fn, __VA_ARGS__) value(n); })
#define WEFT_STARTED_(n) weft_start_##n.error |= 0 /* clang finds an assignment never unused */
#define WEFT_SPAWNED_(n) (weft_task(weft_result_##n))(void *)weft_start_##n.task

#define WEFT_RECORD_(n, flags_, opts_, gen_, fn_, bytes)                              \
    struct weft_start weft_start_##n = {                                              \
        .fn = (void (*)(void))(fn_),                                                  \
        .site = WEFT_SITE_(#fn_),                                                     \
        .opts = (opts_),                                                              \
        .gen = (gen_),                                                                \
        .flags = (flags_) | (WEFT_IS_FLOAT_(weft_result_##n) ? WEFT_START_FLOAT : 0), \
        .stack_bytes = (bytes),                                                       \
    };

#ifndef WEFT_PORTABLE_START

/* The stub is called with fn's own type; where the arguments' types are exactly the parameters',
 * with that type made anew, which loses clang's noreturn. */
#define WEFT_BEGIN_0_(n, flags, opts, gen, fn) \
    WEFT_CHECK_CALL_(n, fn, ())                \
    typedef weft_result_##n weft_fn_##n(void); \
    WEFT_RECORD_(n, flags, opts, gen, fn, 0)   \
    WEFT_CAPTURE_(n, fn, WEFT_IS_EXACT_(n, fn), ())
#define WEFT_BEGIN_1_(n, flags, opts, gen, fn, ...)                                       \
    WEFT_CHECK_CALL_(n, fn, (__VA_ARGS__))                                                \
    WEFT_CHECK_ARGS_(n, __VA_ARGS__)                                                      \
    typedef weft_result_##n weft_fn_##n(WEFT_TYPES_(n, __VA_ARGS__));                     \
    enum {                                                                                \
        weft_exact_##n = WEFT_IS_EXACT_(n, fn),                                           \
        weft_words_##n = WEFT_EACH_(WEFT_ARG_IS_WORD_, n, __VA_ARGS__) 1,                 \
        weft_scalars_##n = WEFT_EACH_(WEFT_ARG_IS_SCALAR_, n, __VA_ARGS__) 1,             \
        weft_numbers_##n = WEFT_EACH_(WEFT_ARG_IS_NUMBER_, n, __VA_ARGS__) 0,             \
    };                                                                                    \
    WEFT_RECORD_(n, flags, opts, gen, fn, WEFT_STACK_BYTES_(n, WEFT_COUNT_(__VA_ARGS__))) \
    WEFT_CAPTURE_(n, fn, weft_exact_##n, (__VA_ARGS__))
#define WEFT_CAPTURE_(n, fn, exact, call)                                             \
    typedef __typeof__(__builtin_choose_expr(exact, (weft_fn_##n *)0,                 \
                                             (WEFT_FN_POINTER_(fn))0)) weft_call_##n; \
    weft_start_begin_(&weft_start_##n);                                               \
    (void)((weft_call_##n)weft_start_stub_)call;
#define WEFT_IS_EXACT_(n, fn) \
    __builtin_types_compatible_p(__typeof__(*(WEFT_FN_POINTER_(fn))0), weft_fn_##n)

/* An upper bound of the bytes of stack that the call fills. Every argument takes at most 16, and
 * each ABI has at least 6 registers for words. Where the types are exact, scalars of one word fill
 * registers first; a struct may go to the stack although some are left, as a packed one does.
 * Otherwise a pointer is still passed as one word, but a number may have become a long double,
 * which is on the stack, or take two registers. */
#define WEFT_STACK_BYTES_(n, count)                                                           \
    (!weft_words_##n  ? 16 * count                                                            \
     : weft_exact_##n ? 8 * (weft_scalars_##n ? WEFT_BEYOND_6_(count) : count)                \
     : weft_scalars_##n                                                                       \
         ? 16 * weft_numbers_##n + 8 * WEFT_LESSER_(2 * (count - weft_numbers_##n),           \
                                                    WEFT_BEYOND_6_(count + weft_numbers_##n)) \
         : 16 * count)
#define WEFT_BEYOND_6_(x) ((x) > 6 ? -6 + (x) : 0)
#define WEFT_LESSER_(x, y) ((x) < (y) ? (x) : (y))

#define WEFT_FN_THUNK_(fn, values)

#else

/* The arguments travel in the struct that WEFT_FN has declared, and its thunk makes the call. */
#define WEFT_BEGIN_0_(n, flags, opts, gen, fn) \
    WEFT_CHECK_CALL_(n, fn, ())                \
    struct fn##_weft_args weft_args_##n = {0}; \
    WEFT_RECORD_(n, flags, opts, gen, fn, 0)   \
    WEFT_COPY_(n, fn)
#define WEFT_BEGIN_1_(n, flags, opts, gen, fn, ...) \
    WEFT_CHECK_CALL_(n, fn, (__VA_ARGS__))          \
    WEFT_CHECK_ARGS_(n, __VA_ARGS__)                \
    struct fn##_weft_args weft_args_##n;            \
    WEFT_EACH_(WEFT_ARG_STORE_, n, __VA_ARGS__)     \
    WEFT_RECORD_(n, flags, opts, gen, fn, 0)        \
    WEFT_COPY_(n, fn)
#define WEFT_ARG_STORE_(n, k, value) weft_args_##n.a##k = (value);
#define WEFT_COPY_(n, fn) \
    weft_start_copy_(&weft_start_##n, fn##_weft_thunk, &weft_args_##n, sizeof weft_args_##n);

/* One text for functions with and without a result: of the two calls, one is never made. */
#define WEFT_FN_THUNK_(fn, values)                                                        \
    static __attribute__((__unused__)) void fn##_weft_thunk(void *object, void *result)   \
    {                                                                                     \
        struct fn##_weft_args *weft_args = object;                                        \
        typedef __typeof__(fn values) weft_result;                                        \
        WEFT_OBJECT_(weft_result) *weft_into = result;                                    \
                                                                                          \
        (void)weft_args;                                                                  \
        if (WEFT_IS_VOID_(weft_result))                                                   \
            (void)fn values;                                                              \
        else                                                                              \
            *weft_into = __builtin_choose_expr(WEFT_IS_VOID_(weft_result), 0, fn values); \
    }

#endif

#define WEFT_FN_0_(fn)      \
    struct fn##_weft_args { \
        char none;          \
    };                      \
    WEFT_FN_THUNK_(fn, ())  \
    WEFT_FN_CHECK_(fn, (), (void))
#define WEFT_FN_1_(fn, ...)                                           \
    struct fn##_weft_args {                                           \
        WEFT_EACH_(WEFT_FN_FIELD_, fn, __VA_ARGS__)                   \
    };                                                                \
    WEFT_FN_THUNK_(fn, (WEFT_LIST_(WEFT_FN_VALUE_, fn, __VA_ARGS__))) \
    WEFT_FN_CHECK_(fn, (WEFT_LIST_(WEFT_FN_SAMPLE_, fn, __VA_ARGS__)), (__VA_ARGS__))
#define WEFT_FN_FIELD_(fn, k, type) __typeof__(type) a##k;
#define WEFT_FN_VALUE_(fn, k) weft_args->a##k
#define WEFT_FN_SAMPLE_(fn, k) ((struct fn##_weft_args *)0)->a##k
#define WEFT_FN_CHECK_(fn, values, types)                                             \
    _Static_assert(__builtin_types_compatible_p(__typeof__(*(WEFT_FN_POINTER_(fn))0), \
                                                __typeof__(fn values) types),         \
                   "WEFT_FN: these are not the types of the parameters")

#endif

#endif
