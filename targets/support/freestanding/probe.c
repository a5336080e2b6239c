/* Whether a compiler has the headers of a C library. */
#include <string.h>
