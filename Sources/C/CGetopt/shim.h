#ifndef FERRY_CGETOPT_SHIM_H
#define FERRY_CGETOPT_SHIM_H

#include <getopt.h>

// getopt_long speaks through global variables, which Swift 6 does not import.

/// Makes the next call of getopt_long start over, silently.
static inline void ferry_getopt_reset(void) {
#if defined(__GLIBC__)
    optind = 0;
#else
    optind = 1;
#endif
#if defined(__APPLE__)
    optreset = 1;
#endif
    opterr = 0;
    optopt = 0;
}

/// Index of the next argument to look at.
static inline int ferry_getopt_index(void) { return optind; }

/// The value of the option, or the argument that is none.
static inline const char *ferry_getopt_argument(void) { return optarg; }

/// The code of the option that was refused; 0 for an unknown long one.
static inline int ferry_getopt_refused(void) { return optopt; }

#endif
