// Special functions.

/* erf(x) - x for |x| < 1. */
G_INLINE double g_erf_near_0(double x)
{
    double z = x * x, z2 = z * z;
    double even = g_fma(z2, 5.957176147748911e-11, 1.4659775274047436e-08);
    double odd = g_fma(z2, -1.1372848856791674e-09, -1.6350312701054695e-07);
    even = g_fma(z2, even, 1.6461000484121368e-06);
    odd = g_fma(z2, odd, -1.4925595266831182e-05);
    even = g_fma(z2, even, 0.0001205533111164271);
    odd = g_fma(z2, odd, -0.000854832698083379);
    even = g_fma(z2, even, 0.0052239776248180145);
    odd = g_fma(z2, odd, -0.026866170645076792);
    even = g_fma(z2, even, 0.11283791670954879);
    odd = g_fma(z2, odd, -0.3761263890318375);
    even = g_fma(z2, even, 0.1283791670955126);
    return x * g_fma(z, odd, even);
}

/* 1 - erf(x) for x of 0.49 .. 27.5. */
G_INLINE double g_erfc_far(double x)
{
    // (1 + 2 * x) * exp(x * x) * erfc(x) is smooth in t
    double t = (x - 3.0) / (x + 3.0), t2 = t * t;
    double even = g_fma(t2, 2.2468089176083285e-08, -1.2056283427239134e-07);
    double odd = g_fma(t2, -1.501690540526875e-08, 1.108745670716524e-07);
    even = g_fma(t2, even, 3.4363663051575934e-07);
    odd = g_fma(t2, odd, -6.290576480821557e-07);
    even = g_fma(t2, even, -7.263682580303418e-07);
    odd = g_fma(t2, odd, 3.4812534958691545e-06);
    even = g_fma(t2, even, 4.948210279130459e-06);
    odd = g_fma(t2, odd, -2.0104330093431283e-05);
    even = g_fma(t2, even, -0.00010515959938278569);
    odd = g_fma(t2, odd, 0.00012510035357005882);
    even = g_fma(t2, even, 0.001888690339619542);
    odd = g_fma(t2, odd, -0.0007798324386080954);
    even = g_fma(t2, even, -0.02377051491750709);
    odd = g_fma(t2, odd, 0.0025293918327207636);
    even = g_fma(t2, even, -0.11927366341534465);
    odd = g_fma(t2, odd, 0.06830802734306013);
    even = g_fma(t2, even, -0.047562294353450274);
    odd = g_fma(t2, odd, 0.12964515870278392);
    even = g_fma(t2, even, 1.2530080582697296);
    odd = g_fma(t2, odd, -0.13562110612458134);
    return g_exp_product(-x, x, 0.0) * g_fma(t, odd, even) / (1.0 + 2.0 * x);
}

/* The error function. */
G_INLINE double g_erf(double x)
{
    double size = fabs(x);
    double value = size < 1.0 ? size + g_erf_near_0(size) : 1.0 - g_erfc_far(size);
    return copysign(size > 6.0 ? 1.0 : value, x);
}

/* 1 - erf(x), without cancellation. */
G_INLINE double g_erfc(double x)
{
    double size = fabs(x), far = g_erfc_far(size);
    double value = x < 0.0 ? 2.0 - far : far;
    value = size < 0.5 ? 1.0 - (x + g_erf_near_0(x)) : value;
    return x > 27.3 ? 0.0 : x < -6.0 ? 2.0 : value;
}

/* log|Gamma(x)|; inf at 0, -1, -2, ... */
G_INLINE double g_lgamma(double x)
{
    return lgamma(x);
}

/* Bernoulli numbers B(2k) / (2k)!. */
static const double G_BERNOULLI[8] = {
    1.0 / 12,      -1.0 / 720,           1.0 / 30240,       -1.0 / 1209600,
    1.0 / 47900160, -691.0 / 1307674368000, 1.0 / 74724249600, -3617.0 / 10670622842880000,
};

/* Derivative n of pi * cot(pi * x), a polynomial in the cotangent; x no whole number. */
static double g_cot_derivative(int n, double x)
{
    const double pi = 3.141592653589793;
    double cot = 1.0 / tan(pi * (x - nearbyint(x)));
    double factor = pow(pi, n + 1);
    // Coefficient k of step n + 1 is that of the derivative: cot' = -pi * (1 + cot**2).
    double coefficients[256] = {0.0, 1.0};
    int degree = 1;
    for (int step = 0; step < n; step++, degree++) {
        double below = 0.0; // coefficient k - 1 before this step
        for (int k = 0; k <= degree + 1; k++) {
            double old = k <= degree ? coefficients[k] : 0.0;
            double above = k < degree ? coefficients[k + 1] : 0.0;
            coefficients[k] = -(k + 1) * above - (k - 1) * below;
            below = old;
        }
    }
    double value = coefficients[degree];
    for (int k = degree - 1; k >= 0; k--) value = value * cot + coefficients[k];
    return factor * value;
}

/* Derivative n of digamma, n <= 250; at 0, -1, ... inf for odd n, else NaN (-inf at 0). */
static double g_polygamma(int n, double x)
{
    int odd = n % 2;
    if (x <= 0.0 && !(x - floor(x) > 0.0)) {
        if (odd) return INFINITY;
        return x < 0.0 ? NAN : copysign(INFINITY, -x);
    }
    double reflected = x < 0.0 ? g_cot_derivative(n, x) : 0.0;
    int negative = x < 0.0;
    if (negative) x = 1.0 - x;
    // Raise x by recurrence until the asymptotic series (Euler-Maclaurin) is exact.
    double series = 0.0;
    for (; x < 12 + n; x += 1.0) series += pow(x, -n - 1);
    series += n > 0 ? pow(x, -n) / n : -log(x);
    series += pow(x, -n - 1) / 2.0;
    double term = (n + 1) * pow(x, -n - 2), factorial = 1.0;
    for (int k = 0; k < 8; k++) {
        series += G_BERNOULLI[k] * term;
        term *= (n + 2 * k + 2) * (double)(n + 2 * k + 3) / (x * x);
    }
    for (int k = 2; k <= n; k++) factorial *= k;
    double value = (odd ? factorial : -factorial) * series;
    return negative ? (odd ? -value : value) - reflected : value;
}
