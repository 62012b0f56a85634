/* SPDX-License-Identifier: MIT */
/* A program in C, without the C++ library, that loads a module in C++ after its first call of weft.
 * Prints what is wrong. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include <weft.h>

static int (*mixes_up)(void);

static void *in_another_os_thread(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)mixes_up();
}

static int check(const char *where, int wrong)
{
    if (wrong != 0)
        printf("%s: %d threads caught what others had thrown\n", where, wrong);
    return wrong;
}

int main(int argc, char **argv)
{
    void *plugin, *wrong = NULL;
    pthread_t other;

    weft_yield();
    if (argc != 2 || dlsym(RTLD_DEFAULT, "__cxa_get_globals")) {
        printf("usage: test_plugin MODULE, without the C++ library\n");
        return 1;
    }
    plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!plugin) {
        printf("%s\n", dlerror());
        return 1;
    }
    *(void **)&mixes_up = dlsym(plugin, "plugin_mixes_exceptions_up");
    if (!mixes_up || pthread_create(&other, NULL, in_another_os_thread, NULL) != 0)
        return 1;
    pthread_join(other, &wrong);
    return check("the OS thread that loaded it", mixes_up()) +
               check("a later one", (int)(intptr_t)wrong) >
           0;
}
