#ifndef FERRY_CZLIB_H
#define FERRY_CZLIB_H
#include <stddef.h>
#include <zlib.h>

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
