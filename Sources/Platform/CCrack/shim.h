// The look-up in the dictionary stands in a header that wants to be asked for it.
#define IN_CRACKLIB
#define HAVE_INTTYPES_H
#include <inttypes.h>
#include <packer.h>
