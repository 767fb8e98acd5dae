#ifndef FERRY_CFILES_H
#define FERRY_CFILES_H
#include <errno.h>
#include <stdint.h>

// Linux's own ways with files, which Swift's view of the C library does not show. Elsewhere they fail,
// and change nothing.
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

/// Lets the kernel copy up to `count` bytes from one file into another. Returns how many it copied,
/// or −1 with the reason in errno.
static inline long ferry_copy(int source, int64_t from, int target, int64_t to, uint64_t count) {
#if defined(__linux__) && defined(SYS_copy_file_range)
    return syscall(SYS_copy_file_range, source, &from, target, &to, count, 0u);
#else
    errno = ENOSYS;
    return -1;
#endif
}

/// Begins to write a range of a file to its disk, and waits for nothing. Its pages stay in memory.
static inline void ferry_begin_writing(int file, int64_t offset, int64_t count) {
#if defined(__linux__) && defined(SYS_sync_file_range)
    const unsigned int write = 2; // SYNC_FILE_RANGE_WRITE
    syscall(SYS_sync_file_range, file, offset, count, write);
#endif
}
#endif
