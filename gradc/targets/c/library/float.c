// Functions of float32: those of float64, rounded once, but where a shorter form is as accurate.

/* The bits of a number. */
G_INLINE uint32_t g_bitsf(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The number of these bits. */
G_INLINE float g_of_bitsf(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The absolute value. */
G_INLINE float g_absf(float x)
{
    return fabsf(x);
}

/* 1, 0 or -1 by the sign of x; NaN for NaN. */
G_INLINE float g_signf(float x)
{
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x == 0.0f ? 0.0f : x;
}

/* x where it is positive, else 0; NaN for NaN. */
G_INLINE float g_reluf(float x)
{
    return x <= 0.0f ? 0.0f : x;
}

/* The smaller of x and y; NaN if either is; of 0 and -0 it is y. */
G_INLINE float g_minimumf(float x, float y)
{
    float smaller = x < y ? x : y;
    return x != x ? x : smaller;
}

/* The larger of x and y; NaN if either is; of 0 and -0 it is y. */
G_INLINE float g_maximumf(float x, float y)
{
    float larger = x > y ? x : y;
    return x != x ? x : larger;
}

/* The remainder with the sign of y; NaN where y is 0. */
G_INLINE float g_modf(float x, float y)
{
    return (float)g_mod((double)x, (double)y);
}

/* The quotient rounded down, and x / y where y is 0. */
G_INLINE float g_floordivf(float x, float y)
{
    return (float)g_floordiv((double)x, (double)y);
}

/* x**n for a literal n of -8 .. 8, by multiplications. */
G_INLINE float g_ipowf(float x, int n)
{
    return n == 2 ? x * x : (float)g_ipow((double)x, n);
}

/* a * b + c, rounded once where the machine does that fast. */
G_INLINE float g_fmaf(float a, float b, float c)
{
#ifdef FP_FAST_FMAF
    return fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

/* (e**x - 1 - x) / x**2 for |x| < 0.35. */
G_INLINE float g_exp_seriesf(float x)
{
    float series = g_fmaf(x, 0.0001989108f, 0.0013933731f);
    series = g_fmaf(x, series, 0.0083333105f);
    series = g_fmaf(x, series, 0.041666463f);
    series = g_fmaf(x, series, 0.16666667f);
    return g_fmaf(x, series, 0.5f);
}

/* e**x for x that do not overflow. */
G_INLINE float g_exp_finitef(float x)
{
    float shifted = x * 0x1.715476p0f + 0x1.8p23f, n = shifted - 0x1.8p23f;
    float high = g_fmaf(n, -0x1.63p-1f, x), low = n * 0x1.bd0106p-13f;
    float r = high + low;
    float value = 1.0f + (high + g_fmaf(r * r, g_exp_seriesf(r), low));
    // 2**n in two factors, because it may be beyond the range.
    uint32_t bits = g_bitsf(shifted) << 23;
    bits += (x < -80.0f ? UINT32_C(191) : UINT32_C(126)) << 23;
    value = value * g_of_bitsf(bits) * (x < -80.0f ? 0x1p-64f : 2.0f);
    return x < -104.5f ? 0.0f : value;
}

/* e**x. */
G_INLINE float g_expf(float x)
{
    float value = g_exp_finitef(x);
    return x > 0x1.62e42ep6f ? INFINITY : value;
}

/* e**x - 1, without cancellation near 0. */
G_INLINE float g_expm1f(float x)
{
    float shifted = x * 0x1.715476p0f + 0x1.8p23f, n = shifted - 0x1.8p23f;
    float high = g_fmaf(n, -0x1.63p-1f, x), low = n * 0x1.bd0106p-13f;
    float r = high + low;
    float rest = high + g_fmaf(r * r, g_exp_seriesf(r), low);
    float half = g_of_bitsf((g_bitsf(shifted) + 126) << 23);
    float value = 2.0f * g_fmaf(half, rest, half - 0.5f);
    value = fabsf(x) < 0x1p-25f ? x : value;
    value = x < -20.0f ? -1.0f : value;
    return x > 0x1.62e42ep6f ? INFINITY : value;
}

/* (log(1 + f) - f + f**2 / 2) / f**3 for f from sqrt(1/2) - 1 to sqrt(2) - 1. */
G_INLINE float g_log_seriesf(float f)
{
    float f2 = f * f;
    float even = g_fmaf(f2, 0.06971585f, 0.1168558f);
    float odd = g_fmaf(f2, -0.114800684f, -0.124256544f);
    even = g_fmaf(f2, even, 0.1424904f);
    odd = g_fmaf(f2, odd, -0.16667803f);
    even = g_fmaf(f2, even, 0.20000716f);
    odd = g_fmaf(f2, odd, -0.24999997f);
    even = g_fmaf(f2, even, 0.3333333f);
    return g_fmaf(f, odd, even);
}

/* The natural logarithm. */
G_INLINE float g_logf(float x)
{
    float normal = x < 0x1p-126f ? x * 0x1p24f : x;
    uint32_t bits = g_bitsf(normal) + UINT32_C(0x004afb0d);
    float n = (float)(int32_t)(bits >> 23) - (x < 0x1p-126f ? 151.0f : 127.0f);
    // x is 2**n * (1 + f), and 1 + f from sqrt(1/2) to sqrt(2)
    float f = g_of_bitsf((bits & UINT32_C(0x007fffff)) + UINT32_C(0x3f3504f3)) - 1.0f;
    float square = 0.5f * f * f;
    float low = g_fmaf(n, -0x1.bd0106p-13f, f * (f * f) * g_log_seriesf(f));
    float value = g_fmaf(n, 0x1.63p-1f, f - (square - low));
    return x > 0.0f ? (x < INFINITY ? value : x) : x == 0.0f ? -INFINITY : NAN;
}

/* log(1 + x), without cancellation near 0. */
G_INLINE float g_log1pf(float x)
{
    return (float)g_log1p((double)x);
}

/* log(1 + e**x), without overflow and accurate for x << 0. */
G_INLINE float g_log1pexpf(float x)
{
    float t = g_exp_finitef(-fabsf(x));
    // 1 + t is 2**n * (1 + f), and 1 + f from sqrt(1/2) to sqrt(2)
    float n = ((t + 0.0858f) + 0x1.8p23f) - 0x1.8p23f, f = (t - n) * (1.0f - 0.5f * n);
    float square = 0.5f * f * f;
    float low = g_fmaf(n, -0x1.bd0106p-13f, f * (f * f) * g_log_seriesf(f));
    float value = g_fmaf(n, 0x1.63p-1f, f - (square - low));
    return x > 0.0f ? x + value : value;
}

/* 1 / (1 + e**-x), without overflow and accurate in both tails. */
G_INLINE float g_sigmoidf(float x)
{
    float t = g_exp_finitef(-fabsf(x));
    return (x < 0.0f ? t : 1.0f) / (1.0f + t);
}

/* The smaller one of sigmoid(x) and 1 - sigmoid(x). */
G_INLINE float g_sigmoid_tailf(float x)
{
    float t = g_exp_finitef(-fabsf(x));
    return t / (1.0f + t);
}

/* x**y, as in C. */
G_INLINE float g_powf(float x, float y)
{
    double power = g_exp((double)y * g_log(fabs((double)x)));
    return (float)g_signed_power(power, (double)x, (double)y);
}

/* The real cube root. */
G_INLINE float g_cbrtf(float x)
{
    return (float)g_cbrt((double)x);
}

/* The multiple of pi / 2 nearest to x, as by `g_shifted`; x without it is *r. */
G_INLINE uint64_t g_quartersf(float x, double *r)
{
    double low;
    return g_quarters((double)x, r, &low);
}

/* sin(r) for |r| < 0.79, to the digits of float32. */
G_INLINE double g_sin_near_0f(double r)
{
    double r2 = r * r;
    double series = g_fma(r2, 2.724962008007533e-06, -0.00019840084376422702);
    series = g_fma(r2, series, 0.008333331870341349);
    series = g_fma(r2, series, -0.16666666663844049);
    return g_fma(r2 * r, series, r);
}

/* cos(r) for |r| < 0.79, to the digits of float32. */
G_INLINE double g_cos_near_0f(double r)
{
    double r2 = r * r;
    double series = g_fma(r2, 2.446345266350529e-05, -0.0013887586565783845);
    series = g_fma(r2, series, 0.04166665059655034);
    series = g_fma(r2, series, -0.4999999996899589);
    return g_fma(r2, series, 1.0);
}

/* The sine. */
G_INLINE float g_sinf(float x)
{
    double r;
    uint64_t n = g_quartersf(x, &r);
    double value = g_pick(n, g_cos_near_0f(r), g_sin_near_0f(r));
    value = g_of_bits(g_bits(value) ^ (n & 2) << 62);
    return (float)g_far(value == 0.0 ? (double)x : value, (double)x, 0);
}

/* The cosine. */
G_INLINE float g_cosf(float x)
{
    double r;
    uint64_t n = g_quartersf(x, &r);
    double value = g_pick(n, g_sin_near_0f(r), g_cos_near_0f(r));
    return (float)g_far(g_of_bits(g_bits(value) ^ ((n + 1) & 2) << 62), (double)x, 1);
}

/* The tangent. */
G_INLINE float g_tanf(float x)
{
    return (float)g_tan((double)x);
}

/* The inverse sine. */
G_INLINE float g_asinf(float x)
{
    return (float)g_asin((double)x);
}

/* The inverse cosine. */
G_INLINE float g_acosf(float x)
{
    return (float)g_acos((double)x);
}

/* The inverse tangent. */
G_INLINE float g_atanf(float x)
{
    return (float)g_atan((double)x);
}

/* The angle of the point (x, y). */
G_INLINE float g_atan2f(float y, float x)
{
    return (float)g_atan2((double)y, (double)x);
}

/* sqrt(x*x + y*y), without overflow. */
G_INLINE float g_hypotf(float x, float y)
{
    return (float)g_hypot((double)x, (double)y);
}

/* The hyperbolic sine. */
G_INLINE float g_sinhf(float x)
{
    return (float)g_sinh((double)x);
}

/* The hyperbolic cosine. */
G_INLINE float g_coshf(float x)
{
    return (float)g_cosh((double)x);
}

/* The hyperbolic tangent, by e**(-2 * |x|) - 1. */
G_INLINE float g_tanhf(float x)
{
    float twice = -2.0f * fabsf(x);
    float shifted = twice * 0x1.715476p0f + 0x1.8p23f, n = shifted - 0x1.8p23f;
    float high = g_fmaf(n, -0x1.63p-1f, twice), low = n * 0x1.bd0106p-13f;
    float r = high + low;
    float rest = high + g_fmaf(r * r, g_exp_seriesf(r), low);
    float power = g_of_bitsf((g_bitsf(shifted) + 127) << 23);
    float value = g_fmaf(power, rest, power - 1.0f) / -g_fmaf(power, rest, power + 1.0f);
    return copysignf(twice < -20.0f ? 1.0f : value, x);
}

/* tanh(|x|) near 0, and the negative tanh(|x|) - 1 elsewhere. */
G_INLINE float g_tanh_partf(float x)
{
    float t = g_exp_finitef(-2.0f * fabsf(x));
    return fabsf(x) < 0.55f ? g_tanhf(fabsf(x)) : -2.0f * t / (1.0f + t);
}

/* The inverse hyperbolic sine. */
G_INLINE float g_asinhf(float x)
{
    return (float)g_asinh((double)x);
}

/* The inverse hyperbolic cosine. */
G_INLINE float g_acoshf(float x)
{
    return (float)g_acosh((double)x);
}

/* The inverse hyperbolic tangent. */
G_INLINE float g_atanhf(float x)
{
    return (float)g_atanh((double)x);
}

/* The error function. */
G_INLINE float g_erff(float x)
{
    return (float)g_erf((double)x);
}

/* 1 - erf(x), without cancellation. */
G_INLINE float g_erfcf(float x)
{
    return (float)g_erfc((double)x);
}

/* log|Gamma(x)|; inf at 0, -1, -2, ... */
G_INLINE float g_lgammaf(float x)
{
    return (float)g_lgamma((double)x);
}

/* Derivative n of digamma. */
G_INLINE float g_polygammaf(int n, float x)
{
    return (float)g_polygamma(n, (double)x);
}
