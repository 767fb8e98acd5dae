#ifndef FERRY_CCRYPTO_H
#define FERRY_CCRYPTO_H
#include <openssl/evp.h>

/// A SHA-256 digest of nothing yet; NULL when there is no memory for it.
static inline EVP_MD_CTX *ferry_sha256_start(void) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1) return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

/// Writes the digest of everything so far, 32 bytes; more may follow. Returns 0 without memory.
static inline int ferry_sha256_digest(const EVP_MD_CTX *context, unsigned char *digest) {
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    int done = copy && EVP_MD_CTX_copy_ex(copy, context) == 1
        && EVP_DigestFinal_ex(copy, digest, NULL) == 1;
    EVP_MD_CTX_free(copy);
    return done;
}
#endif
