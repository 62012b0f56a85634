/* SPDX-License-Identifier: MIT */
/* Each object file of the library tells where its code begins and ends, by distances, so that
 * backtraces can leave the library's own frames out. The build puts this before every file in C;
 * asm.h has it for those in assembly. What is sent to the last subsection of a section stands at its
 * end, wherever in the file it is said. R: a linker that leaves out what nobody uses keeps it. */
#ifndef WEFT_RUNTIME_OWN_H
#define WEFT_RUNTIME_OWN_H

/* Where the compiler puts what is cold. */
#if defined __clang__ && __clang_major__ >= 11
#define WEFT__OWN_COLD ".text.unlikely."
#else
#define WEFT__OWN_COLD ".text.unlikely"
#endif

__asm__(".pushsection .text,8191\n"
        "771:\n"
        ".popsection\n"
        ".pushsection " WEFT__OWN_COLD ",8191,\"ax\",%progbits\n"
        "772:\n"
        ".popsection\n"
        ".pushsection weft_own_code,\"aR\",%progbits\n"
        ".balign 4\n"
        ".long .text - ., 771b - .\n"
        ".long " WEFT__OWN_COLD " - ., 772b - .\n"
        ".popsection\n");

#endif
