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

/* The smaller of x and y; NaN if either is; -0 is smaller than 0. */
G_INLINE float g_minimumf(float x, float y)
{
    float smaller = x < y ? x : y;
    float equal = g_of_bitsf(g_bitsf(x) | g_bitsf(y));
    return x == y ? equal : x != x ? x : smaller;
}

/* The larger of x and y; NaN if either is; 0 is larger than -0. */
G_INLINE float g_maximumf(float x, float y)
{
    float larger = x > y ? x : y;
    float equal = g_of_bitsf(g_bitsf(x) & g_bitsf(y));
    return x == y ? equal : x != x ? x : larger;
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
    float base = n < 0 ? 1.0f / x : x, power = 1.0f;
    int left = n < 0 ? -n : n;
    if (left & 1) power = base;
    if (left > 1) base *= base;
    if (left & 2) power = left & 1 ? power * base : base;
    if (left > 3) base *= base;
    if (left & 4) power = left & 3 ? power * base : base;
    if (left > 7) power = base * base;
    return power;
}

/* e**x. */
G_INLINE float g_expf(float x)
{
    return (float)g_exp((double)x);
}

/* e**x - 1, without cancellation near 0. */
G_INLINE float g_expm1f(float x)
{
    return (float)g_expm1((double)x);
}

/* The natural logarithm. */
G_INLINE float g_logf(float x)
{
    return (float)g_log((double)x);
}

/* log(1 + x), without cancellation near 0. */
G_INLINE float g_log1pf(float x)
{
    return (float)g_log1p((double)x);
}

/* log(1 + e**x), without overflow and accurate for x << 0. */
G_INLINE float g_log1pexpf(float x)
{
    return (float)g_log1pexp((double)x);
}

/* 1 / (1 + e**-x), without overflow and accurate in both tails. */
G_INLINE float g_sigmoidf(float x)
{
    return (float)g_sigmoid((double)x);
}

/* x**y, as in C. */
G_INLINE float g_powf(float x, float y)
{
    return (float)g_pow((double)x, (double)y);
}

/* The real cube root. */
G_INLINE float g_cbrtf(float x)
{
    return (float)g_cbrt((double)x);
}

/* The sine. */
G_INLINE float g_sinf(float x)
{
    return (float)g_sin((double)x);
}

/* The cosine. */
G_INLINE float g_cosf(float x)
{
    return (float)g_cos((double)x);
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

/* The hyperbolic tangent. */
G_INLINE float g_tanhf(float x)
{
    return (float)g_tanh((double)x);
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
