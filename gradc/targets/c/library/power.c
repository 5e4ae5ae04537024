// Powers.

/* log(x) for x > 0, to twice the digits: the sum of the result and of *low. */
G_INLINE double g_log_twice(double x, double *low)
{
    double normal = x < 0x1p-1022 ? x * 0x1p54 : x;
    uint64_t bits = g_bits(normal) + UINT64_C(0x00095f6200000000);
    double n = g_of_bits(bits >> 52 | UINT64_C(0x4330000000000000));
    n -= x < 0x1p-1022 ? 0x1p52 + 1077.0 : 0x1p52 + 1023.0;
    bits = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e00000000);
    // x is 2**n * m, and log(m) = 2 * atanh(s) for s = (m - 1) / (m + 1)
    double m = g_of_bits(bits), f = m - 1.0, sum = m + 1.0, lost = m - (sum - 1.0);
    double inverse = 1.0 / sum, s = f * inverse, product = s * sum;
    double s_low = (((f - product) - g_rest(s, sum, product)) - s * lost) * inverse;
    double s2 = s * s, s2_low = g_fma(2.0 * s, s_low, g_rest(s, s, s2));
    // 2 * atanh(s) = s * (2 + s2 * 2 / 3 + s2**2 * (2 / 5 + ...))
    double s4 = s2 * s2;
    double even = g_fma(s4, 0.11706245399111874, 0.15384594968738574);
    double odd = g_fma(s4, 0.11723083884623149, 0.13334804355541482);
    even = g_fma(s4, even, 0.22222222221656143);
    odd = g_fma(s4, odd, 0.18181818335334587);
    even = g_fma(s4, even, 0.4);
    odd = g_fma(s4, odd, 0.28571428571429364);
    double third = s2 * 0x1.5555555555555p-1;
    double third_low = g_rest(s2, 0x1.5555555555555p-1, third);
    third_low = g_fma(s2, 0x1.5555555555555p-55, third_low);
    third_low = g_fma(s2_low, 0x1.5555555555555p-1, third_low);
    double fifth = s4 * g_fma(s2, odd, even), both = third + fifth;
    double both_low = ((third - both) + fifth) + third_low;
    double factor = 2.0 + both, factor_low = ((2.0 - factor) + both) + both_low;
    double log_m = s * factor;
    double log_m_low = g_fma(s, factor_low, g_rest(s, factor, log_m));
    log_m_low = g_fma(s_low, factor, log_m_low);
    double log_2n = n * 0x1.62e42feep-1, value = log_2n + log_m;
    *low = g_fma(n, 0x1.a39ef35793c76p-33, ((log_2n - value) + log_m) + log_m_low);
    return value;
}

/* x**y for x >= 0; `log` + `low` is log(x). */
G_INLINE double g_exp_product(double y, double log, double low)
{
    double product = y * log, rest = g_fma(y, low, g_rest(y, log, product));
    double shifted = g_shifted(product * 0x1.71547652b82fep0), n = shifted - 0x1.8p52;
    double high = g_fma(n, -0x1.62e42feep-1, product);
    rest = g_fma(n, -0x1.a39ef35793c76p-33, rest);
    double r = high + rest, sum = 1.0 + high, lost = (1.0 - sum) + high;
    double value = sum + (lost + g_fma(r * r, g_exp_series(r), rest));
    // 2**n in two factors, because it may be beyond the doubles.
    uint64_t bits = g_bits(shifted) << 52;
    bits += (product < -700.0 ? UINT64_C(1087) : UINT64_C(1022)) << 52;
    value = value * g_of_bits(bits) * (product < -700.0 ? 0x1p-64 : 2.0);
    value = product < -746.0 ? 0.0 : value;
    return product > 710.0 ? INFINITY : value;
}

/* x**y from |x|**y, with the sign and the special cases of C. */
G_INLINE double g_signed_power(double power, double x, double y)
{
    double half = 0.5 * y;
    int whole = floor(y) == y, odd = whole & (floor(half) != half);
    power = fabs(x) == 1.0 ? 1.0 : power;
    power = odd ? copysign(power, x) : power;
    power = ((x < 0.0) & (x > -INFINITY) & !whole) ? NAN : power;
    power = x != x ? x : y != y ? y : power;
    return ((x == 1.0) | (y == 0.0)) ? 1.0 : power;
}

/* x**y, as in C. */
G_INLINE double g_pow(double x, double y)
{
    double size = fabs(x), low, log = g_log_twice(size, &low);
    log = size == 0.0 ? -INFINITY : size == INFINITY ? INFINITY : log;
    return g_signed_power(g_exp_product(y, log, low), x, y);
}
