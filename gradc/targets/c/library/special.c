// Special functions.

/* The error function. */
G_INLINE double g_erf(double x)
{
    return erf(x);
}

/* 1 - erf(x), without cancellation. */
G_INLINE double g_erfc(double x)
{
    return erfc(x);
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
