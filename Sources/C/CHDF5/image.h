#ifndef FERRY_CHDF5_IMAGE_H
#define FERRY_CHDF5_IMAGE_H

#include "shim.h"

// An image that stays where it is: "allocated" by handing it out, never copied, never freed.
static inline void *ferry_image_get(size_t size, H5FD_file_image_op_t op, void *image) {
    (void)size, (void)op;
    return image;
}
static inline void *ferry_image_keep(
    void *to, const void *from, size_t size, H5FD_file_image_op_t op, void *image) {
    (void)from, (void)size, (void)op, (void)image;
    return to;
}
static inline void *ferry_image_grow(void *p, size_t size, H5FD_file_image_op_t op, void *image) {
    (void)p, (void)size, (void)op, (void)image;
    return NULL;
}
static inline herr_t ferry_image_leave(void *p, H5FD_file_image_op_t op, void *image) {
    (void)p, (void)op, (void)image;
    return 0;
}
static inline void *ferry_image_same(void *image) { return image; }
static inline herr_t ferry_image_done(void *image) {
    (void)image;
    return 0;
}

/// Makes files be read from `count` bytes of memory, which must outlive them.
static inline herr_t ferry_read_image(hid_t access, void *image, size_t count) {
    H5FD_file_image_callbacks_t callbacks = {
        ferry_image_get, ferry_image_keep, ferry_image_grow, ferry_image_leave,
        ferry_image_same, ferry_image_done, image};
    if (H5Pset_fapl_core(access, 1 << 16, 0) < 0) return -1;
    if (H5Pset_file_image_callbacks(access, &callbacks) < 0) return -1;
    return H5Pset_file_image(access, image, count);
}

#endif
