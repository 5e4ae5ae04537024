// Exponentials, logarithms and powers.

/* a * b + c, rounded once where the machine does that fast. */
G_INLINE double g_fma(double a, double b, double c)
{
#ifdef FP_FAST_FMA
    return fma(a, b, c);
#else
    return a * b + c;
#endif
}

/* What rounding took from the product p of a and b: a * b - p, exactly. */
G_INLINE double g_rest(double a, double b, double p)
{
#ifdef FP_FAST_FMA
    return fma(a, b, -p);
#else
    double a1 = g_of_bits(g_bits(a) & ~UINT64_C(0x7ffffff)), a2 = a - a1;
    double b1 = g_of_bits(g_bits(b) & ~UINT64_C(0x7ffffff)), b2 = b - b1;
    return ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2;
#endif
}

/* x**n for a literal n of -8 .. 8, by multiplications. */
G_INLINE double g_ipow(double x, int n)
{
    double base = n < 0 ? 1.0 / x : x, power = 1.0;
    int left = n < 0 ? -n : n;
    if (left & 1) power = base;
    if (left > 1) base *= base;
    if (left & 2) power = left & 1 ? power * base : base;
    if (left > 3) base *= base;
    if (left & 4) power = left & 3 ? power * base : base;
    if (left > 7) power = base * base;
    if (n >= -1) return power;
    double reciprocal = 1.0 / x; // and what its rounding did to the power
    double rest = n * (g_rest(reciprocal, x, 1.0) * power);
    return rest - rest == 0.0 && power != 0.0 ? power + rest : power;
}

/* e**x. */
G_INLINE double g_exp(double x)
{
    return exp(x);
}

/* e**x - 1, without cancellation near 0. */
G_INLINE double g_expm1(double x)
{
    return expm1(x);
}

/* The natural logarithm. */
G_INLINE double g_log(double x)
{
    return log(x);
}

/* log(1 + x), without cancellation near 0. */
G_INLINE double g_log1p(double x)
{
    return log1p(x);
}

/* log(1 + e**x), without overflow and accurate for x << 0. */
G_INLINE double g_log1pexp(double x)
{
    return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

/* 1 / (1 + e**-x), without overflow and accurate in both tails. */
G_INLINE double g_sigmoid(double x)
{
    double t = exp(-fabs(x));
    return (x >= 0.0 ? 1.0 : t) / (1.0 + t);
}

/* x**y, as in C. */
G_INLINE double g_pow(double x, double y)
{
    return pow(x, y);
}

/* The real cube root. */
G_INLINE double g_cbrt(double x)
{
    return cbrt(x);
}
