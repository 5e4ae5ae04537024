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

/* Multiplies the sum of *x and *x_low by that of y and y_low. */
G_INLINE void g_multiply(double *x, double *x_low, double y, double y_low)
{
    double product = *x * y;
    *x_low = g_rest(*x, y, product) + g_fma(*x, y_low, *x_low * y);
    *x = product;
}

/* x**n for a literal n of -8 .. 8, by multiplications. */
G_INLINE double g_ipow(double x, int n)
{
    if (n == -1) return 1.0 / x;
    if (n == -2) return (1.0 / x) * (1.0 / x);
    if (n == 0) return 1.0;
    if (n == 1) return x;
    if (n == 2) return x * x;
    if (n == 3) return x * x * x;
    if (n == 4) return (x * x) * (x * x);
    // To twice the digits, so that errors do not add up.
    double base = n < 0 ? 1.0 / x : x, base_low = n < 0 ? -base * g_rest(base, x, 1.0) : 0.0;
    double power = 1.0, low = 0.0;
    int left = n < 0 ? -n : n;
    if (left & 1) g_multiply(&power, &low, base, base_low);
    if (left > 1) g_multiply(&base, &base_low, base, base_low);
    if (left & 2) g_multiply(&power, &low, base, base_low);
    if (left > 3) g_multiply(&base, &base_low, base, base_low);
    if (left & 4) g_multiply(&power, &low, base, base_low);
    if (left > 7) g_multiply(&base, &base_low, base, base_low);
    if (left & 8) g_multiply(&power, &low, base, base_low);
    return low - low == 0.0 && power != 0.0 ? power + low : power;
}

/* The whole number nearest to x for |x| < 2**51, plus 1.5 * 2**52, whose lowest bits are its own. */
G_INLINE double g_shifted(double x)
{
    return x + 0x1.8p52;
}

/* 2**n for the whole number n of -1022 .. 1023 that is in the lowest bits. */
G_INLINE double g_power_of_2(uint64_t bits)
{
    return g_of_bits((bits + 1023) << 52);
}

/* (e**x - 1 - x) / x**2 for |x| < 0.35: a polynomial of degree 9. */
G_INLINE double g_exp_series(double x)
{
    double x2 = x * x;
    double odd = g_fma(x2, 2.5045889847727712e-08, 2.7557425213587614e-06);
    double even = g_fma(x2, 2.762225610851955e-07, 2.4801516284629623e-05);
    odd = g_fma(x2, odd, 0.00019841269709103162);
    even = g_fma(x2, even, 0.0013888888920551225);
    odd = g_fma(x2, odd, 0.008333333333388515);
    even = g_fma(x2, even, 0.041666666666619896);
    odd = g_fma(x2, odd, 0.16666666666666602);
    even = g_fma(x2, even, 0.5);
    return g_fma(x, odd, even);
}

/* e**x over 2**n, less 1, for the whole number n nearest to x / log(2): in the lowest bits of *n. */
G_INLINE double g_exp_rest(double x, uint64_t *n)
{
    double shifted = g_fma(x, 0x1.71547652b82fep0, 0x1.8p52), whole = shifted - 0x1.8p52;
    // x is n * log(2) + high + low
    double high = g_fma(whole, -0x1.62e42feep-1, x), low = whole * -0x1.a39ef35793c76p-33;
    double r = high + low;
    *n = g_bits(shifted);
    return high + g_fma(r * r, g_exp_series(r), low);
}

/* e**x for x that are not above 0. */
G_INLINE double g_exp_below_0(double x)
{
    uint64_t n;
    double value = 1.0 + g_exp_rest(x, &n);
    // 2**n in two factors, because it may be below the doubles.
    value = value * g_power_of_2(n + 64) * 0x1p-64;
    return x < -745.5 ? 0.0 : value;
}

/* e**x. */
G_INLINE double g_exp(double x)
{
    uint64_t n;
    double value = 1.0 + g_exp_rest(x, &n);
    // 2**n, which may be beyond the doubles: most of it is added to the exponent.
    uint64_t bits = g_bits(value) + (n << 52) + ((x < -700.0 ? UINT64_C(64) : -UINT64_C(1)) << 52);
    value = g_of_bits(bits) * (x < -700.0 ? 0x1p-64 : 2.0);
    value = x < -745.5 ? 0.0 : value;
    return x <= 0x1.62e42fefa39efp9 ? value : x + INFINITY;
}

/* e**x - 1, without cancellation near 0. */
G_INLINE double g_expm1(double x)
{
    uint64_t n;
    double rest = g_exp_rest(x, &n);
    double half = g_power_of_2(n - 1); // half of 2**n, which may be beyond the doubles
    double value = 2.0 * g_fma(half, rest, half - 0.5);
    value = fabs(x) < 0x1p-54 ? x : value;
    value = x < -40.0 ? -1.0 : value;
    return x > 0x1.62e42fefa39efp9 ? INFINITY : value;
}

/* log((1 + s) / (1 - s)) - 2 * s over s, for s2 = s * s and |s| < 0.1716. */
G_INLINE double g_log_series(double s2)
{
    double s4 = s2 * s2;
    double even = g_fma(s4, 0.14616484638725868, 0.18182889210338452);
    double odd = g_fma(s4, 0.15331718772652658, 0.22222211133627373);
    even = g_fma(s4, even, 0.28571428625982637);
    odd = g_fma(s4, odd, 0.3999999999989949);
    even = g_fma(s4, even, 0.666666666666667);
    return s2 * g_fma(s2, odd, even);
}

/* The natural logarithm. */
G_INLINE double g_log(double x)
{
    double normal = x < 0x1p-1022 ? x * 0x1p54 : x;
    uint64_t bits = g_bits(normal) + UINT64_C(0x00095f6200000000);
    double n = g_of_bits(bits >> 52 | UINT64_C(0x4330000000000000));
    n -= x < 0x1p-1022 ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0;
    // x is 2**n * (1 + f), and 1 + f from sqrt(1/2) to sqrt(2)
    bits = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e00000000);
    double f = g_of_bits(bits) - 1.0;
    double s = f / (2.0 + f), square = 0.5 * f * f;
    double low = g_fma(s, square + g_log_series(s * s), n * 0x1.a39ef35793c76p-33);
    double value = g_fma(n, 0x1.62e42feep-1, f - (square - low));
    return x > 0.0 ? (x < INFINITY ? value : x) : x == 0.0 ? -INFINITY : NAN;
}

/* log(1 + x), without cancellation near 0. */
G_INLINE double g_log1p(double x)
{
    double sum = 1.0 + x;
    double lost = x > 1.0 ? 1.0 - (sum - x) : x - (sum - 1.0);
    uint64_t bits = g_bits(sum) + UINT64_C(0x00095f6200000000);
    double n = g_of_bits(bits >> 52 | UINT64_C(0x4330000000000000)) - (0x1p52 + 1023.0);
    uint64_t scaled = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e00000000);
    // 1 + x is 2**n * (1 + f + rest)
    double f = n == 0.0 ? x : g_of_bits(scaled) - 1.0;
    double scale = g_of_bits(scaled - g_bits(sum) + UINT64_C(0x3ff0000000000000));
    double rest = n == 0.0 || sum > 0x1p60 ? 0.0 : lost * scale;
    double s = f / (2.0 + f), square = 0.5 * f * f;
    double low = g_fma(s, square + g_log_series(s * s), n * 0x1.a39ef35793c76p-33);
    low = g_fma(rest, g_fma(f, f - 1.0, 1.0), low); // rest / (1 + f)
    double value = g_fma(n, 0x1.62e42feep-1, f - (square - low));
    value = x > -1.0 ? (x < INFINITY ? value : x) : x == -1.0 ? -INFINITY : NAN;
    return x == 0.0 ? x : value;
}

/* log(1 + e**x), without overflow and accurate for x << 0. */
G_INLINE double g_log1pexp(double x)
{
    double t = g_exp_below_0(-fabs(x));
    // 1 + t is 2**n * (1 + f), and f from -1/4 to 1/2
    double n = g_shifted(t) - 0x1.8p52, f = (t - n) * (1.0 - 0.5 * n);
    double s = f / (2.0 + f), s2 = s * s, square = 0.5 * f * f;
    double series = g_fma(s2, 0.13609030262858499, 0.13209708242059462);
    series = g_fma(s2, series, 0.15388867805613718);
    series = g_fma(s2, series, 0.18181737626302938);
    series = g_fma(s2, series, 0.2222222304835159);
    series = g_fma(s2, series, 0.28571428567275936);
    series = g_fma(s2, series, 0.4000000000000794);
    series = g_fma(s2, series, 0.6666666666666666);
    double low = g_fma(s, g_fma(s2, series, square), n * 0x1.a39ef35793c76p-33);
    double value = g_fma(n, 0x1.62e42feep-1, f - (square - low));
    return x > 0.0 ? x + value : value;
}

/* 1 / (1 + e**-x), without overflow and accurate in both tails. */
G_INLINE double g_sigmoid(double x)
{
    double t = g_exp_below_0(-fabs(x));
    return (x < 0.0 ? t : 1.0) / (1.0 + t);
}

/* The smaller one of sigmoid(x) and 1 - sigmoid(x). */
G_INLINE double g_sigmoid_tail(double x)
{
    double t = g_exp_below_0(-fabs(x));
    return t / (1.0 + t);
}

/* The real cube root. */
G_INLINE double g_cbrt(double x)
{
    return cbrt(x);
}
