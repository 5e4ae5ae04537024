// Hyperbolic functions and their inverses.

/* sinh(r) for r = high + low, |r| < 0.35, and cosh(r) - 1. */
G_INLINE double g_sinh_near_0(double high, double low, double *even)
{
    double r = high + low, r2 = r * r;
    double of_even = g_fma(r2, 2.0914686968086876e-09, 2.75572736431103e-07);
    double of_odd = g_fma(r2, 2.5105217004720745e-08, 2.7557255400206422e-06);
    of_even = g_fma(r2, of_even, 2.4801587325547743e-05);
    of_odd = g_fma(r2, of_odd, 0.00019841269874820627);
    of_even = g_fma(r2, of_even, 0.0013888888888883748);
    of_odd = g_fma(r2, of_odd, 0.008333333333326136);
    of_even = g_fma(r2, of_even, 0.04166666666666667);
    of_odd = g_fma(r2, of_odd, 0.1666666666666667);
    *even = r2 * g_fma(r2, of_even, 0.5);
    return high + g_fma(r2 * r, of_odd, low);
}

/* The hyperbolic sine. */
G_INLINE double g_sinh(double x)
{
    double size = fabs(x);
    double shifted = g_shifted(size * 0x1.71547652b82fep0), n = shifted - 0x1.8p52;
    double high = g_fma(n, -0x1.62e42feep-1, size), low = n * -0x1.a39ef35793c76p-33;
    double even, odd = g_sinh_near_0(high, low, &even);
    // With quarters of 2**n and 2**-n, because 2**n may be beyond the doubles.
    double up = g_power_of_2(g_bits(shifted) - 2);
    double down = size < 40.0 ? g_power_of_2(0 - g_bits(shifted) - 2) : 0.0;
    double value = 2.0 * (g_fma(up + down, odd, (up - down) * even) + (up - down));
    value = size < 0x1p-28 ? size : size > 0x1.633ce8fb9f87dp+9 ? INFINITY : value;
    return copysign(value, x);
}

/* The hyperbolic cosine. */
G_INLINE double g_cosh(double x)
{
    double size = fabs(x);
    double shifted = g_shifted(size * 0x1.71547652b82fep0), n = shifted - 0x1.8p52;
    double high = g_fma(n, -0x1.62e42feep-1, size), low = n * -0x1.a39ef35793c76p-33;
    double even, odd = g_sinh_near_0(high, low, &even);
    double up = g_power_of_2(g_bits(shifted) - 2);
    double down = size < 40.0 ? g_power_of_2(0 - g_bits(shifted) - 2) : 0.0;
    double value = 2.0 * (g_fma(up - down, odd, (up + down) * even) + (up + down));
    return size > 0x1.633ce8fb9f87dp+9 ? INFINITY : value;
}

/* The hyperbolic tangent, by e**(-2 * |x|) - 1. */
G_INLINE double g_tanh(double x)
{
    double twice = -2.0 * fabs(x);
    uint64_t n;
    double rest = g_exp_rest(twice, &n), power = g_power_of_2(n);
    double value = g_fma(power, rest, power - 1.0) / -g_fma(power, rest, power + 1.0);
    return copysign(twice < -40.0 ? 1.0 : value, x);
}

/* tanh(|x|) near 0, and the negative tanh(|x|) - 1 elsewhere. */
G_INLINE double g_tanh_part(double x)
{
    double twice = -2.0 * fabs(x), t = g_exp_below_0(twice);
    uint64_t n;
    double rest = g_exp_rest(twice, &n), power = g_power_of_2(n);
    double near = fabs(g_fma(power, rest, power - 1.0)), far = -2.0 * t;
    return (fabs(x) < 0.55 ? near : far) / (1.0 + t);
}

/* The inverse hyperbolic sine. */
G_INLINE double g_asinh(double x)
{
    double size = fabs(x), square = size * size;
    double near = size + square / (1.0 + sqrt(1.0 + square));
    double value = g_log1p(size > 0x1p28 ? size - 1.0 : near) + (size > 0x1p28 ? 0x1.62e42fefa39efp-1 : 0.0);
    return copysign(value, x);
}

/* The inverse hyperbolic cosine. */
G_INLINE double g_acosh(double x)
{
    double above = x - 1.0;
    double near = above + sqrt(2.0 * above + above * above);
    double value = g_log1p(x > 0x1p28 ? above : near) + (x > 0x1p28 ? 0x1.62e42fefa39efp-1 : 0.0);
    return x < 1.0 ? NAN : value;
}

/* The inverse hyperbolic tangent. */
G_INLINE double g_atanh(double x)
{
    double size = fabs(x);
    return copysign(0.5 * g_log1p(2.0 * size / (1.0 - size)), x);
}
