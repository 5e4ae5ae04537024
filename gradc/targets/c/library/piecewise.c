// Functions with kinks or steps, and remainders.  Signs of zeros and NaN are those of NumPy.
// Every definition here, and in the files beside, is cut out and emitted where it is used; it
// stands alone but for the definitions that it calls by name.  See `targets.c.helpers`.

/* The bits of a number. */
G_INLINE uint64_t g_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The number of these bits. */
G_INLINE double g_of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The absolute value. */
G_INLINE double g_abs(double x)
{
    return fabs(x);
}

/* 1, 0 or -1 by the sign of x; NaN for NaN. */
G_INLINE double g_sign(double x)
{
    return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x == 0.0 ? 0.0 : x;
}

/* x where it is positive, else 0; NaN for NaN. */
G_INLINE double g_relu(double x)
{
    return x <= 0.0 ? 0.0 : x;
}

/* The smaller of x and y; NaN if either is; of 0 and -0 it is y. */
G_INLINE double g_minimum(double x, double y)
{
    double smaller = x < y ? x : y;
    return x != x ? x : smaller;
}

/* The larger of x and y; NaN if either is; of 0 and -0 it is y. */
G_INLINE double g_maximum(double x, double y)
{
    double larger = x > y ? x : y;
    return x != x ? x : larger;
}

/* The remainder with the sign of y; NaN where y is 0. */
G_INLINE double g_mod(double x, double y)
{
    double rest = fmod(x, y);
    if (rest == 0.0) return copysign(0.0, y);
    return (rest < 0.0) != (y < 0.0) ? rest + y : rest;
}

/* The quotient rounded down, and x / y where y is 0. */
G_INLINE double g_floordiv(double x, double y)
{
    if (y == 0.0) return x / y;
    double rest = fmod(x, y);
    double quotient = (x - rest) / y; // whole but for rounding
    if (rest != 0.0 && (rest < 0.0) != (y < 0.0)) quotient -= 1.0;
    if (quotient == 0.0) return copysign(0.0, x / y);
    double below = floor(quotient);
    return quotient - below > 0.5 ? below + 1.0 : below;
}
