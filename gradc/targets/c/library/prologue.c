/* What the definitions of the library rest on: it is emitted with any of them. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define G_INLINE static inline __attribute__((always_inline, unused))
#define G_CALLED static __attribute__((noinline, unused))
#else
#define G_INLINE static inline
#define G_CALLED static
#endif
