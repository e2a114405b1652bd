// The parts of the system's OpenSSL 3 in use, and inline functions for what Swift cannot import: macros, variadic
// functions, and the BIO that joins an SSL object to memory.
#ifndef SEGLER_OPENSSL_SHIM_H
#define SEGLER_OPENSSL_SHIM_H

#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

// A BIO over borrowed memory. Reads take from `in`. Writes go to `out`, the caller's memory, while it has room, and
// after that to `spill`, which grows as needed; so a write never fails for want of room.
typedef struct {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len, out_cap;
    unsigned char *spill;
    size_t spill_len, spill_cap;
} tls_pipe;

static inline int tls_pipe_read(BIO *bio, char *data, size_t len, size_t *done) {
    tls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (pipe->in_len == 0) {
        BIO_set_retry_read(bio);
        *done = 0;
        return 0;
    }
    size_t n = len < pipe->in_len ? len : pipe->in_len;
    memcpy(data, pipe->in, n);
    pipe->in += n;
    pipe->in_len -= n;
    *done = n;
    return 1;
}

static inline int tls_pipe_write(BIO *bio, const char *data, size_t len, size_t *done) {
    tls_pipe *pipe = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    *done = len;
    if (pipe->spill_len == 0 && pipe->out_cap - pipe->out_len >= len) {
        memcpy(pipe->out + pipe->out_len, data, len);
        pipe->out_len += len;
        return 1;
    }
    if (pipe->spill_cap - pipe->spill_len < len) {
        size_t cap = (pipe->spill_len + len) * 2;
        unsigned char *grown = realloc(pipe->spill, cap);
        if (grown == NULL) {
            *done = 0;
            return 0;
        }
        pipe->spill = grown;
        pipe->spill_cap = cap;
    }
    memcpy(pipe->spill + pipe->spill_len, data, len);
    pipe->spill_len += len;
    return 1;
}

static inline long tls_pipe_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    tls_pipe *pipe = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_PENDING: return (long)pipe->in_len;
    default: return 0;
    }
}

static inline BIO_METHOD *tls_pipe_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "memory pipe");
    if (method == NULL) return NULL;
    BIO_meth_set_read_ex(method, tls_pipe_read);
    BIO_meth_set_write_ex(method, tls_pipe_write);
    BIO_meth_set_ctrl(method, tls_pipe_ctrl);
    return method;
}

// Gives `ssl` a BIO over `pipe`, which must outlive it.
static inline int tls_pipe_attach(SSL *ssl, BIO_METHOD *method, tls_pipe *pipe) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, pipe);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}

// Macros as functions.
// No renegotiation, no compression, the server's choice of cipher (ChaCha20 for clients without AES instructions), no
// chain guessed from the trust store; buffers given back while a connection is idle.
static inline void tls_ctx_harden(SSL_CTX *ctx) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
        | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
}
static inline int tls_ctx_set_min_version(SSL_CTX *ctx, int v) { return (int)SSL_CTX_set_min_proto_version(ctx, v); }
static inline int tls_ctx_set_max_version(SSL_CTX *ctx, int v) { return (int)SSL_CTX_set_max_proto_version(ctx, v); }
static inline int tls_ctx_set_groups(SSL_CTX *ctx, const char *list) { return (int)SSL_CTX_set1_groups_list(ctx, list); }
static inline int tls_ctx_add_chain(SSL_CTX *ctx, X509 *x) { return (int)SSL_CTX_add1_chain_cert(ctx, x); }
static inline long tls_ctx_set_cache_mode(SSL_CTX *ctx, long mode) { return SSL_CTX_set_session_cache_mode(ctx, mode); }
static inline int tls_ctx_get_ticket_keys(SSL_CTX *ctx, void *keys, long len) {
    return (int)SSL_CTX_get_tlsext_ticket_keys(ctx, keys, len);
}
static inline int tls_ctx_set_ticket_keys(SSL_CTX *ctx, void *keys, long len) {
    return (int)SSL_CTX_set_tlsext_ticket_keys(ctx, keys, len);
}
typedef int (*tls_server_name_callback)(SSL *, int *, void *);
static inline void tls_ctx_set_server_name_callback(SSL_CTX *ctx, tls_server_name_callback callback, void *argument) {
    SSL_CTX_set_tlsext_servername_callback(ctx, callback);
    SSL_CTX_set_tlsext_servername_arg(ctx, argument);
}
static inline void tls_ctx_set_owner(SSL_CTX *ctx, void *owner) { SSL_CTX_set_app_data(ctx, owner); }
static inline void *tls_owner(SSL *ssl) { return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)); }
static inline int tls_set_server_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }

static inline EVP_PKEY *pki_generate_p256(void) { return EVP_EC_gen("P-256"); }
static inline int pki_is_p256(const EVP_PKEY *key) {
    char name[64] = {0};
    size_t len = 0;
    return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, name, sizeof name, &len)
        && (strcmp(name, "prime256v1") == 0 || strcmp(name, "P-256") == 0);
}
static inline long pki_bio_bytes(BIO *bio, char **data) { return BIO_get_mem_data(bio, data); }
static inline X509_EXTENSION *pki_extension(X509 *issuer, X509 *subject, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, subject, NULL, NULL, 0);
    return X509V3_EXT_conf_nid(NULL, &context, nid, value);
}
static inline int pki_general_names_count(void *names) { return sk_GENERAL_NAME_num((GENERAL_NAMES *)names); }
static inline void pki_general_names_free(void *names) { GENERAL_NAMES_free((GENERAL_NAMES *)names); }
// The bytes of a name that is a string or an address, else NULL.
static inline const unsigned char *pki_general_name(void *names, int index, int *kind, int *count) {
    GENERAL_NAME *name = sk_GENERAL_NAME_value((GENERAL_NAMES *)names, index);
    *kind = name->type;
    if (name->type != GEN_DNS && name->type != GEN_IPADD && name->type != GEN_URI && name->type != GEN_EMAIL) return NULL;
    *count = ASN1_STRING_length(name->d.ia5);
    return ASN1_STRING_get0_data(name->d.ia5);
}
// The subject alternative names a certificate request asks for, or NULL.
static inline void *pki_request_names(X509_REQ *request) {
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    void *names = extensions ? X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL) : NULL;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return names;
}
// Adds the subject alternative names, as OpenSSL's configuration writes them, to a certificate request.
static inline int pki_request_add_names(X509_REQ *request, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, NULL, NULL, request, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, value);
    if (!extension) return 0;
    STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
    int done = list && sk_X509_EXTENSION_push(list, extension) && X509_REQ_add_extensions(request, list);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    return done;
}
static inline int pki_error_reason(unsigned long code) { return ERR_GET_REASON(code); }

#endif
