#ifndef CARESYNC_CMAGIC_SHIM_H
#define CARESYNC_CMAGIC_SHIM_H

/* Types and constants of libmagic. The library itself is not linked but opened with the first upload: an idle server would
   otherwise hold its tables (Documentation/decisions/0031-file-types.md). */
#include <magic.h>

#endif
