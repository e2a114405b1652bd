#include <zlib.h>

// deflateInit2 is a macro, which Swift does not see. 16 + 15: with the gzip header of RFC 1952.
static inline int segler_gzip_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY);
}
