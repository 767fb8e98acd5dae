#ifndef FERRY_CPREFETCH_H
#define FERRY_CPREFETCH_H

/// Asks for the cache line that holds `address`; any address will do. Swift has no word for it.
static inline void ferry_prefetch(const void *address) {
    __builtin_prefetch(address, 0, 3);
}

#endif
