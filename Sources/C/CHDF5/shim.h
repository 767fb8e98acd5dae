#ifndef FERRY_CHDF5_H
#define FERRY_CHDF5_H

// Later libraries keep 1.10's structures under this name.
#define H5_USE_110_API
#include <hdf5.h>
#include <unistd.h>

// HDF5's constants are macros around casts and calls, which Swift does not import.
#define FERRY_CONSTANT(type, name) \
    static inline type ferry_##name(void) { return name; }
FERRY_CONSTANT(hid_t, H5P_FILE_ACCESS) FERRY_CONSTANT(hid_t, H5P_FILE_CREATE)
FERRY_CONSTANT(hid_t, H5P_LINK_ACCESS) FERRY_CONSTANT(hid_t, H5P_LINK_CREATE)
FERRY_CONSTANT(hid_t, H5P_DATASET_CREATE) FERRY_CONSTANT(hid_t, H5T_IEEE_F32LE)
FERRY_CONSTANT(hid_t, H5T_IEEE_F64LE) FERRY_CONSTANT(hid_t, H5T_STD_I8LE)
FERRY_CONSTANT(hid_t, H5T_STD_I16LE) FERRY_CONSTANT(hid_t, H5T_STD_I32LE)
FERRY_CONSTANT(hid_t, H5T_STD_I64LE) FERRY_CONSTANT(hid_t, H5T_STD_U8LE)
FERRY_CONSTANT(hid_t, H5T_STD_U16LE) FERRY_CONSTANT(hid_t, H5T_STD_U32LE)
FERRY_CONSTANT(hid_t, H5T_STD_U64LE) FERRY_CONSTANT(hid_t, H5T_NATIVE_DOUBLE)
FERRY_CONSTANT(hid_t, H5T_C_S1) FERRY_CONSTANT(hid_t, H5T_STD_REF_OBJ)
FERRY_CONSTANT(hid_t, H5T_STD_B8LE) FERRY_CONSTANT(hid_t, H5T_UNIX_D32LE)
FERRY_CONSTANT(unsigned, H5F_ACC_RDONLY) FERRY_CONSTANT(unsigned, H5F_ACC_TRUNC)
FERRY_CONSTANT(haddr_t, HADDR_UNDEF) FERRY_CONSTANT(size_t, H5T_VARIABLE)
#undef FERRY_CONSTANT

/// Swift hides fork, whose copy may only do what its owner's other threads do not disturb.
static inline pid_t ferry_fork(void) { return fork(); }

/// An object's address in the file, its kind (H5O_type_t) and its number of attributes.
static inline herr_t ferry_object_info(
    hid_t object, haddr_t *address, int *kind, hsize_t *attributes) {
    H5O_info_t info;
    herr_t status = H5Oget_info2(object, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS);
    if (status >= 0) *address = info.addr, *kind = info.type, *attributes = info.num_attrs;
    return status;
}

/// Receives a link's name and kind (H5L_type_t); returns 0 to go on.
typedef int (*ferry_link_visitor)(const char *name, int kind, void *context);

struct ferry_link_visit {
    ferry_link_visitor visit;
    void *context;
};

static inline herr_t ferry_visit_link(
    hid_t group, const char *name, const H5L_info_t *info, void *visit) {
    struct ferry_link_visit *v = (struct ferry_link_visit *)visit;
    return v->visit(name, info->type, v->context);
}

/// Visits a group's links by name.
static inline herr_t ferry_visit_links(hid_t group, ferry_link_visitor visit, void *context) {
    struct ferry_link_visit v = {visit, context};
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, ferry_visit_link, &v);
}

#endif
