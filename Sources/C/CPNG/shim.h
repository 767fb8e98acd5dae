#ifndef FERRY_CPNG_H
#define FERRY_CPNG_H
#include <png.h>
#include <setjmp.h>
#include <stdio.h>

/// A libpng decoder reading `count` bytes. Errors end the call in progress and fill `failure`.
struct ferry_png {
    png_structp png;
    png_infop info;
    const unsigned char *bytes;
    size_t count, offset;
    png_uint_32 passes, rows;
    char failure[256];
};
static inline void ferry_png_fail(png_structp png, png_const_charp text) {
    struct ferry_png *self = (struct ferry_png *)png_get_error_ptr(png);
    snprintf(self->failure, sizeof self->failure, "%s", text);
    png_longjmp(png, 1);
}
static inline void ferry_png_ignore(png_structp png, png_const_charp text) {}
static inline void ferry_png_read(png_structp png, png_bytep out, size_t count) {
    struct ferry_png *self = (struct ferry_png *)png_get_io_ptr(png);
    if (count > self->count - self->offset) png_error(png, "end of file");
    for (size_t i = 0; i < count; i++) out[i] = self->bytes[self->offset++];
}
/// Reads up to the pixels; rows will be RGB, or two bytes a pixel for 16-bit grey.
static inline int ferry_png_read_header(struct ferry_png *self) {
    self->png = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, self, ferry_png_fail, ferry_png_ignore);
    if (!self->png || !(self->info = png_create_info_struct(self->png))) return 0;
    if (setjmp(png_jmpbuf(self->png))) return 0;
    png_set_user_limits(self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_crc_action(self->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(self->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_read_fn(self->png, self, ferry_png_read);
    png_read_info(self->png, self->info);
    int type = png_get_color_type(self->png, self->info);
    int depth = png_get_bit_depth(self->png, self->info);
    if (type != PNG_COLOR_TYPE_GRAY || depth < 16) {
        png_set_expand(self->png);
        if (depth == 16) png_set_strip_16(self->png);
        png_set_strip_alpha(self->png);
        png_set_gray_to_rgb(self->png);
    }
    self->passes = png_set_interlace_handling(self->png);
    png_read_update_info(self->png, self->info);
    return 1;
}
static inline int ferry_png_decode(struct ferry_png *self, unsigned char *pixels) {
    if (setjmp(png_jmpbuf(self->png))) return 0;
    size_t stride = png_get_rowbytes(self->png, self->info);
    png_uint_32 height = png_get_image_height(self->png, self->info);
    for (png_uint_32 pass = 0; pass < self->passes; pass++)
        for (self->rows = 0; self->rows < height; self->rows++)
            png_read_row(self->png, pixels + stride * self->rows, NULL);
    png_read_end(self->png, NULL);
    return 1;
}
#endif
