// A program without an operating system's library: two Linux system calls, and the few functions
// that compilers and the Embedded Swift runtime ask for.
#include <stddef.h>
#include <stdint.h>

void ferry_kernel_bits(void *memory, void (*report)(const char *, uint64_t));

static long call(long number, long a, long b, long c) {
#if defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
#else
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
#endif
}

#if defined(__aarch64__)
enum { WRITE = 64, EXIT = 93 };
#define ENTRY
#else
enum { WRITE = 1, EXIT = 60 };
#define ENTRY __attribute__((force_align_arg_pointer))
#endif

static void leave(int status) {
    call(EXIT, status, 0, 0);
    __builtin_trap();
}

static void report(const char *name, uint64_t hash) {
    char line[18];
    for (int i = 0; i < 16; i++) line[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    line[16] = line[17] = ' ';
    size_t length = 0;
    while (name[length]) length++;
    call(WRITE, 1, (long)line, sizeof line);
    call(WRITE, 1, (long)name, (long)length);
    call(WRITE, 1, (long)"\n", 1);
}

static _Alignas(64) unsigned char memory[16 << 20];

ENTRY void _start(void) {
    ferry_kernel_bits(memory, report);
    leave(0);
}

void *memset(void *to, int value, size_t count) {
    volatile unsigned char *p = to;
    while (count--) *p++ = (unsigned char)value;
    return to;
}

void *memmove(void *to, const void *from, size_t count) {
    volatile unsigned char *p = to;
    const unsigned char *q = from;
    if ((uintptr_t)to > (uintptr_t)from) {
        while (count--) p[count] = q[count];
    } else {
        while (count--) *p++ = *q++;
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t count) { return memmove(to, from, count); }

float sqrtf(float x) { return __builtin_elementwise_sqrt(x); }

// Kernels allocate nothing; whoever calls these has found a defect.
int posix_memalign(void **to, size_t alignment, size_t size) {
    (void)to, (void)alignment, (void)size;
    leave(70);
    return 12;
}

void free(void *p) { (void)p; }

