#ifndef FERRY_CZLIB_H
#define FERRY_CZLIB_H
#include <stddef.h>
#include <zlib.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#include <wmmintrin.h>

/// The 128 bits `state`, moved past the distance that `factors` stand for.
__attribute__((target("pclmul"))) static inline __m128i ferry_crc32_fold(
    __m128i state, __m128i factors, __m128i next) {
    __m128i low = _mm_clmulepi64_si128(state, factors, 0x00);
    __m128i high = _mm_clmulepi64_si128(state, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/// CRC-32 by carry-less products, for `count` bytes, a multiple of 64 and at least that.
///
/// Four states of 128 bits take 64 bytes a turn: state ← state · x^512 mod P ⊕ bytes. At the end
/// they are joined, and what is left is the checksum of 16 bytes. Source: Gopal et al., Fast CRC
/// Computation for Generic Polynomials Using PCLMULQDQ Instruction, Intel 2009.
__attribute__((target("pclmul"))) static inline unsigned long ferry_crc32_folded(
    unsigned long previous, const unsigned char *bytes, size_t count) {
    const __m128i by64 = _mm_set_epi64x(0x1c6e41596, 0x154442bd4);
    const __m128i by16 = _mm_set_epi64x(0x0ccaa009e, 0x1751997d0);
    const __m128i *in = (const __m128i *)bytes;
    __m128i a = _mm_loadu_si128(in), b = _mm_loadu_si128(in + 1);
    __m128i c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);
    a = _mm_xor_si128(a, _mm_cvtsi32_si128((int)~(unsigned)previous));
    for (size_t block = 1; block < count / 64; block++) {
        in += 4;
        a = ferry_crc32_fold(a, by64, _mm_loadu_si128(in));
        b = ferry_crc32_fold(b, by64, _mm_loadu_si128(in + 1));
        c = ferry_crc32_fold(c, by64, _mm_loadu_si128(in + 2));
        d = ferry_crc32_fold(d, by64, _mm_loadu_si128(in + 3));
    }
    b = ferry_crc32_fold(a, by16, b);
    c = ferry_crc32_fold(b, by16, c);
    d = ferry_crc32_fold(c, by16, d);
    unsigned char rest[16];
    _mm_storeu_si128((__m128i *)rest, d);
    // zlib inverts what it is given: the register begins at zero.
    return crc32_z(0xFFFFFFFFul, rest, sizeof rest);
}
#endif

/// CRC-32 of `count` bytes that follow those of the checksum `previous`.
static inline unsigned long ferry_crc32(
    unsigned long previous, const unsigned char *bytes, size_t count) {
#if defined(__x86_64__)
    if (count >= 64 && __builtin_cpu_supports("pclmul")) {
        size_t whole = count / 64 * 64;
        previous = ferry_crc32_folded(previous, bytes, whole);
        bytes += whole;
        count -= whole;
    }
#endif
    return crc32_z(previous, bytes, count);
}

/// What became of a deflate stream.
enum ferry_inflation {
    ferry_inflated,
    ferry_inflation_damaged,
    ferry_inflation_too_short,
    ferry_inflation_too_long,
    ferry_inflation_trailing,
    ferry_inflation_no_memory,
};

/// Inflates a raw deflate stream that should give `out_count` bytes, and writes no more than those.
static inline enum ferry_inflation ferry_inflate(
    const unsigned char *in, size_t in_count, unsigned char *out, size_t out_count) {
    const size_t piece = (size_t)1 << 30;
    unsigned char nothing;
    z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return ferry_inflation_no_memory;
    stream.next_in = (unsigned char *)(in ? in : &nothing);
    stream.next_out = out ? out : &nothing;
    int status = Z_OK;
    while (status == Z_OK) {
        if (stream.avail_in == 0) {
            stream.avail_in = (unsigned)(in_count < piece ? in_count : piece);
            in_count -= stream.avail_in;
        }
        if (stream.avail_out == 0) {
            stream.avail_out = (unsigned)(out_count < piece ? out_count : piece);
            out_count -= stream.avail_out;
        }
        status = inflate(&stream, Z_NO_FLUSH);
    }
    int isFull = stream.avail_out == 0 && out_count == 0;
    int isSpent = stream.avail_in == 0 && in_count == 0;
    inflateEnd(&stream);
    switch (status) {
    case Z_STREAM_END:
        if (!isFull) return ferry_inflation_too_short;
        return isSpent ? ferry_inflated : ferry_inflation_trailing;
    case Z_BUF_ERROR: return isFull && !isSpent ? ferry_inflation_too_long : ferry_inflation_too_short;
    case Z_MEM_ERROR: return ferry_inflation_no_memory;
    default: return ferry_inflation_damaged;
    }
}
#endif
