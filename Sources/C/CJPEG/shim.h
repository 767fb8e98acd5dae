#ifndef FERRY_CJPEG_H
#define FERRY_CJPEG_H
#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>

/// A libjpeg decoder whose errors end the call in progress instead of the process. Starts as zeros.
struct ferry_jpeg {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf recovery;
    int max_scans;
    char failure[JMSG_LENGTH_MAX], remark[JMSG_LENGTH_MAX];
};
static inline void ferry_jpeg_fail(j_common_ptr info) {
    struct ferry_jpeg *jpeg = (struct ferry_jpeg *)info->client_data;
    jpeg->errors.format_message(info, jpeg->failure);
    longjmp(jpeg->recovery, 1);
}
/// Warnings are failures, except for the three after which every pixel is still as it was coded.
static inline void ferry_jpeg_warn(j_common_ptr info, int level) {
    struct ferry_jpeg *jpeg = (struct ferry_jpeg *)info->client_data;
    int code = jpeg->errors.msg_code;
    if (level >= 0) return;
    if (code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR)
        ferry_jpeg_fail(info);
    jpeg->errors.format_message(info, jpeg->remark);
}
static inline void ferry_jpeg_watch(j_common_ptr info) {
    struct ferry_jpeg *jpeg = (struct ferry_jpeg *)info->client_data;
    if (jpeg->info.input_scan_number <= jpeg->max_scans) return;
    snprintf(jpeg->failure, sizeof jpeg->failure, "more than %d scans", jpeg->max_scans);
    longjmp(jpeg->recovery, 1);
}
/// Both functions below return 0 on failure, leaving the reason in `failure`.
static inline int ferry_jpeg_read_header(
    struct ferry_jpeg *jpeg, const unsigned char *bytes, unsigned long count, long max_memory) {
    if (setjmp(jpeg->recovery)) return 0;
    jpeg->info.err = jpeg_std_error(&jpeg->errors);
    jpeg->errors.error_exit = ferry_jpeg_fail;
    jpeg->errors.emit_message = ferry_jpeg_warn;
    jpeg->progress.progress_monitor = ferry_jpeg_watch;
    jpeg->info.client_data = jpeg;
    jpeg_create_decompress(&jpeg->info);
    jpeg->info.mem->max_memory_to_use = max_memory;
    jpeg->info.progress = &jpeg->progress;
    jpeg_mem_src(&jpeg->info, bytes, count);
    return jpeg_read_header(&jpeg->info, TRUE) == JPEG_HEADER_OK;
}
static inline int ferry_jpeg_decode(struct ferry_jpeg *jpeg, unsigned char *pixels) {
    if (setjmp(jpeg->recovery)) return 0;
    jpeg_start_decompress(&jpeg->info);
    size_t stride = (size_t)jpeg->info.output_width * jpeg->info.output_components;
    for (; jpeg->info.output_scanline < jpeg->info.output_height; pixels += stride)
        jpeg_read_scanlines(&jpeg->info, &pixels, 1);
    return jpeg_finish_decompress(&jpeg->info);
}
#endif
