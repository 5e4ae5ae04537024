/* What the definitions of the library rest on: it is emitted with any of them. */
#include <math.h>
#include <stdint.h>
#include <string.h>

// `&` of what functions return is meant: branches would keep loops out of vector registers.
#if defined(__clang__)
#if __has_warning("-Wbitwise-instead-of-logical")
#pragma clang diagnostic ignored "-Wbitwise-instead-of-logical"
#endif
#endif

#if defined(__GNUC__)
#define G_INLINE static inline __attribute__((always_inline, unused))
#define G_CALLED static __attribute__((noinline, unused))
#else
#define G_INLINE static inline
#define G_CALLED static
#endif

// Compiled once more for loops in vector registers, which call that.
#if defined(__GNUC__) && !defined(__clang__)
#define G_VECTORS _Pragma("omp declare simd notinbranch")
#define G_SHARED G_VECTORS static __attribute__((noinline, unused, const))
#else
#define G_SHARED G_INLINE
#endif
