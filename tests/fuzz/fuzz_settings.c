/* SPDX-License-Identifier: MIT */
/* Bytes are what a WEFT_ variable holds. Whatever it is, the answer is one of those promised. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "runtime/settings.h"

static void demand(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = strndup((const char *)bytes, n); /* so that a read behind its end is seen */
    const char *unknown;
    int64_t ns;
    int signo;

    demand(text != NULL);
    demand((weft__settings_parse_reports(text, &unknown) & ~(uint32_t)WEFT__REPORT_ALL) == 0);
    demand(!unknown || (unknown >= text && unknown < text + strlen(text)));
    ns = weft__settings_duration(text);
    demand(ns == -1 || ns > 0);
    signo = weft__settings_signal(text);
    demand(signo == -1 || (signo > 0 && signo <= SIGRTMAX));
    free(text);
    return 0;
}
