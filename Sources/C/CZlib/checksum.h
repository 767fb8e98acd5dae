#ifndef FERRY_CZLIB_CHECKSUM_H
#define FERRY_CZLIB_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define FERRY_CARRYLESS __attribute__((target("pclmul")))

/// `sum` moved on by as many bits as the constants stand for, and `next` added to it.
FERRY_CARRYLESS static inline __m128i ferry_fold(__m128i sum, __m128i by, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(sum, by, 0x00), high = _mm_clmulepi64_si128(sum, by, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// The CRC-32 of at least 64 bytes by carry-less products, ten times as fast as by tables.
///
/// Bytes are a polynomial over one bit, and what is congruent modulo the checksum's polynomial has
/// the same checksum: each 64 bytes are folded into the next, the last into 16 bytes, whose checksum
/// zlib tells. The constants are x to the 544, 480, 160 and 96 modulo the polynomial, bits reversed.
/// Source: V. Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ, 2009.
FERRY_CARRYLESS static inline unsigned long ferry_crc32_folded(
    const unsigned char *bytes, size_t count) {
    const __m128i by64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const unsigned char *end = bytes + count / 64 * 64;
    __m128i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm_loadu_si128((const __m128i *)bytes + i);
    sum[0] = _mm_xor_si128(sum[0], _mm_cvtsi32_si128(-1));
    for (bytes += 64; bytes < end; bytes += 64) {
        for (int i = 0; i < 4; i++)
            sum[i] = ferry_fold(sum[i], by64, _mm_loadu_si128((const __m128i *)bytes + i));
    }
    for (int i = 1; i < 4; i++) sum[i] = ferry_fold(sum[i - 1], by16, sum[i]);
    unsigned char rest[16];
    _mm_storeu_si128((__m128i *)rest, sum[3]);
    // The initial state was added above: this begins with none.
    return crc32_z(crc32_z(0xFFFFFFFF, rest, sizeof rest), end, count % 64);
}
#endif

/// The CRC-32 of zip archives: zlib's, computed by the CPU's fastest means.
static inline unsigned long ferry_crc32(const unsigned char *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64 && __builtin_cpu_supports("pclmul")) return ferry_crc32_folded(bytes, count);
#endif
    return crc32_z(0, bytes, count);
}
#endif
