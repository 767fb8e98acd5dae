#ifndef FERRY_CPLATFORM_H
#define FERRY_CPLATFORM_H

/// Whether this CPU and operating system run code compiled for x86-64-v4 (AVX-512).
static inline int ferry_cpu_has_x86_64_v4(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("x86-64-v4");
#else
    return 0;
#endif
}

/// Whether this CPU and operating system run code compiled for x86-64-v3 (AVX2 and FMA).
static inline int ferry_cpu_has_x86_64_v3(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("x86-64-v3");
#else
    return 0;
#endif
}

#endif
