#ifndef CARESYNC_CZLIB_SHIM_H
#define CARESYNC_CZLIB_SHIM_H

#include <zlib.h>

/* inflateInit is a macro, which Swift does not see. */
static inline int caresync_inflate_init(z_stream *stream) { return inflateInit(stream); }

#endif
