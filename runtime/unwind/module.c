/* SPDX-License-Identifier: MIT */
#include "module.h"

#include <limits.h>
#include <link.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "runtime/calls.h"

#if defined __GLIBC__ && defined __GLIBC_PREREQ && !defined WEFT_PORTABLE_MODULE
#if __GLIBC_PREREQ(2, 35)
#include <dlfcn.h>
#define MODULE_FINDS_OBJECTS 1
#pragma weak _dl_find_object
#endif
#endif

/* ---- the program's own path ---- */

enum module_path { MODULE_PATH_UNKNOWN, MODULE_PATH_BUSY, MODULE_PATH_KNOWN };

static enum module_path module_path_state;
static const char *module_path;
static char module_path_text[PATH_MAX];

void weft__unwind_init(void)
{
    enum module_path unknown = MODULE_PATH_UNKNOWN;
    ssize_t length;

    if (!__atomic_compare_exchange_n(&module_path_state, &unknown, MODULE_PATH_BUSY, false,
                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        return;
    length = weft__calls.readlink("/proc/self/exe", module_path_text, sizeof module_path_text - 1);
    if (length > 0)
        module_path = module_path_text;
    else
        module_path = (const char *)getauxval(AT_EXECFN); /* as it was given to exec */
    __atomic_store_n(&module_path_state, MODULE_PATH_KNOWN, __ATOMIC_RELEASE);
}

static const char *module_program(void)
{
    if (__atomic_load_n(&module_path_state, __ATOMIC_ACQUIRE) != MODULE_PATH_KNOWN || !module_path)
        return "?";
    return module_path;
}

/* ---- where an address lies ---- */

/* The program's own name is empty. */
static void module_fill(struct weft_module *m, const char *name, uintptr_t offset,
                        const void *tables)
{
    m->path = name && name[0] ? name : module_program();
    m->offset = offset;
    m->tables = tables;
}

struct module_search {
    uintptr_t address;
    bool is_first; /* the next is the program itself */
    struct weft_module *out;
};

static int module_visit(struct dl_phdr_info *info, size_t size, void *data)
{
    struct module_search *s = data;
    const char *name = s->is_first ? "" : info->dlpi_name;
    const void *tables = NULL;
    bool has_it = false;

    (void)size;
    s->is_first = false;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        const uintptr_t start = info->dlpi_addr + p->p_vaddr;

        if (p->p_type == PT_LOAD && s->address - start < p->p_memsz)
            has_it = true;
        if (p->p_type == PT_GNU_EH_FRAME)
            tables = (const void *)start;
    }
    if (has_it)
        module_fill(s->out, name, s->address - info->dlpi_addr, tables);
    return has_it;
}

bool weft__unwind_module(uintptr_t address, struct weft_module *out)
{
    struct module_search s = {.address = address, .is_first = true, .out = out};

#ifdef MODULE_FINDS_OBJECTS
    if (_dl_find_object) {
        struct dl_find_object found = {.dlfo_flags = 0};

        if (_dl_find_object((void *)address, &found) != 0)
            return false;
        module_fill(out, found.dlfo_link_map->l_name, address - found.dlfo_link_map->l_addr,
                    found.dlfo_eh_frame);
        return true;
    }
#endif
    return dl_iterate_phdr(module_visit, &s) != 0;
}
