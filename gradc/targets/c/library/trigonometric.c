// Functions of angles and of sides.

/* Sines, cosines and tangents beyond G_FAR, by the C library: for smaller x it is `value`.

   No compiler puts a branch into a loop in vector registers.  So there is a version of `g_far`
   for as many numbers as a register holds, under the names that the compiler calls it by. */
#ifdef FP_FAST_FMA
#define G_FAR 0x1p30
#else
#define G_FAR 0x1p20
#endif
static double g_far_one(double value, double x, int which)
{
    if (!(fabs(x) > G_FAR)) return value;
    return which == 0 ? sin(x) : which == 1 ? cos(x) : tan(x);
}
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__ELF__) \
    && !defined(__cplusplus)
#define G_HIDDEN __attribute__((weak, visibility("hidden")))
#pragma omp declare simd notinbranch uniform(which)
G_HIDDEN double g_far(double value, double x, int which) __attribute__((const));
G_HIDDEN double g_far_scalar(double value, double x, int which) __asm__("g_far");
G_HIDDEN double g_far_scalar(double value, double x, int which)
{
    return g_far_one(value, x, which);
}
#define G_FAR_LANES(name, count, any)                                                  \
    typedef double name##_lanes __attribute__((vector_size(8 * count)));               \
    G_HIDDEN name##_lanes name(name##_lanes value, name##_lanes x, int which);         \
    G_HIDDEN name##_lanes name(name##_lanes value, name##_lanes x, int which)          \
    {                                                                                  \
        if (__builtin_expect(any, 0))                                                  \
            for (int i = 0; i < count; i++) value[i] = g_far_one(value[i], x[i], which); \
        return value;                                                                  \
    }
G_FAR_LANES(_ZGVbN2vvu_g_far, 2, __builtin_ia32_movmskpd((x > G_FAR) | (x < -G_FAR)))
#ifdef __AVX__
G_FAR_LANES(_ZGVcN4vvu_g_far, 4, __builtin_ia32_movmskpd256((x > G_FAR) | (x < -G_FAR)))
G_FAR_LANES(_ZGVdN4vvu_g_far, 4, __builtin_ia32_movmskpd256((x > G_FAR) | (x < -G_FAR)))
#endif
#ifdef __AVX512F__
G_FAR_LANES(_ZGVeN8vvu_g_far, 8, __builtin_ia32_cmppd512_mask(x * x, (_ZGVeN8vvu_g_far_lanes){0} + G_FAR * G_FAR, 30, -1, 4))
#endif
#else
G_INLINE double g_far(double value, double x, int which)
{
    return g_far_one(value, x, which);
}
#endif

/* The multiple of pi / 2 nearest to x, as by `g_shifted`; x without it is *r + *low. */
G_INLINE uint64_t g_quarters(double x, double *r, double *low)
{
#ifdef FP_FAST_FMA // so that products of 53 bits are exact
    const double first = 0x1.921fb54442d18p+0, second = 0x1.1a62633145c07p-54;
    const double third = -0x1.f1976b7ed8fbcp-110;
#else
    const double first = 0x1.921fb544p+0, second = 0x1.0b4611a6p-34;
    const double third = 0x1.3198a2e037073p-69;
#endif
    double shifted = g_shifted(x * 0x1.45f306dc9c883p-1), n = shifted - 0x1.8p52;
    double high = g_fma(-n, first, x);
    *r = g_fma(-n, second, high);
    *low = g_fma(-n, third, g_fma(-n, second, high - *r));
#ifndef FP_FAST_FMA
    high = *r + *low;
    *low += *r - high;
    *r = high;
#endif
    return g_bits(shifted);
}

/* sin(r + low) for |r| < 0.79. */
G_INLINE double g_sin_near_0(double r, double low)
{
    double r2 = r * r, r3 = r2 * r;
    double series = g_fma(r2, 1.5917988979397435e-10, -2.5051129896450185e-08);
    series = g_fma(r2, series, 2.7557316093198404e-06);
    series = g_fma(r2, series, -0.00019841269836740532);
    series = g_fma(r2, series, 0.008333333333330936);
    series = g_fma(r2, series, -0.16666666666666666);
    return r + g_fma(r3, series, low);
}

/* cos(r + low) for |r| < 0.79. */
G_INLINE double g_cos_near_0(double r, double low)
{
    double r2 = r * r, half = 0.5 * r2, most = 1.0 - half;
    double series = g_fma(r2, -1.138254464534925e-11, 2.087614504941318e-09);
    series = g_fma(r2, series, -2.755731726587808e-07);
    series = g_fma(r2, series, 2.48015872987544e-05);
    series = g_fma(r2, series, -0.0013888888888887389);
    series = g_fma(r2, series, 0.041666666666666664);
    return most + g_fma(r2 * r2, series, ((1.0 - most) - half) - r * low);
}

/* a for an odd n, else b.  By bits: where both functions of one x are asked for, compilers make a
   branch of two choices by one n, and a loop with a branch is not put into vector registers. */
G_INLINE double g_pick(uint64_t n, double a, double b)
{
    uint64_t odd = (uint64_t)0 - (n & 1);
    return g_of_bits((g_bits(a) & odd) | (g_bits(b) & ~odd));
}

/* The sine. */
G_INLINE double g_sin(double x)
{
    double r, low;
    uint64_t n = g_quarters(x, &r, &low);
    double value = g_pick(n, g_cos_near_0(r, low), g_sin_near_0(r, low));
    value = g_of_bits(g_bits(value) ^ (n & 2) << 62);
    return g_far(value == 0.0 ? x : value, x, 0);
}

/* The cosine. */
G_INLINE double g_cos(double x)
{
    double r, low;
    uint64_t n = g_quarters(x, &r, &low);
    double value = g_pick(n, g_sin_near_0(r, low), g_cos_near_0(r, low));
    return g_far(g_of_bits(g_bits(value) ^ ((n + 1) & 2) << 62), x, 1);
}

/* The tangent. */
G_INLINE double g_tan(double x)
{
    double r, low;
    uint64_t n = g_quarters(x, &r, &low);
    double sine = g_sin_near_0(r, low), cosine = g_cos_near_0(r, low);
    double value = g_pick(n, -cosine, sine) / g_pick(n, sine, cosine);
    return g_far(value == 0.0 ? x : value, x, 2);
}

/* sqrt(x*x + y*y), without overflow or underflow. */
G_INLINE double g_hypot(double x, double y)
{
    double a = fabs(x), b = fabs(y);
    double large = a > b ? a : b, small = a > b ? b : a;
    double scale = large > 0x1p500 ? 0x1p-600 : large < 0x1p-450 ? 0x1p600 : 1.0;
    double back = large > 0x1p500 ? 0x1p600 : large < 0x1p-450 ? 0x1p-600 : 1.0;
    large *= scale;
    small *= scale;
    double value = sqrt(g_fma(large, large, small * small)) * back;
    return a == INFINITY || b == INFINITY ? INFINITY : value;
}
