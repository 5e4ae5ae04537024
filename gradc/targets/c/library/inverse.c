// Inverse functions of angles.

/* asin(s) - s for 0 <= s <= 1/2. */
G_INLINE double g_asin_near_0(double s)
{
    double z = s * s, z2 = z * z;
    double even = g_fma(z2, 0.028757851367421566, 0.01740087944269402);
    double odd = g_fma(z2, -0.014851887071247204, 0.005457506718640358);
    even = g_fma(z2, even, 0.01032281435018578);
    odd = g_fma(z2, odd, 0.011479177415184906);
    even = g_fma(z2, even, 0.013971212973552933);
    odd = g_fma(z2, odd, 0.017352392720869973);
    even = g_fma(z2, even, 0.02237217294214989);
    odd = g_fma(z2, odd, 0.030381944138531247);
    even = g_fma(z2, even, 0.04464285714635543);
    odd = g_fma(z2, odd, 0.07499999999998433);
    even = g_fma(z2, even, 0.16666666666666669);
    return s * z * g_fma(z, odd, even);
}

/* The inverse sine. */
G_INLINE double g_asin(double x)
{
    double size = fabs(x);
    double s = size > 0.5 ? sqrt(0.5 - 0.5 * size) : size;
    double more = g_asin_near_0(s);
    // pi / 2 - 2 * asin(s)
    double half_pi = 0x1.921fb54442d18p+0, rest = half_pi - 2.0 * s;
    double low = ((half_pi - rest) - 2.0 * s) - (2.0 * more - 0x1.1a62633145c07p-54);
    return copysign(size > 0.5 ? rest + low : s + more, x);
}

/* The inverse cosine. */
G_INLINE double g_acos(double x)
{
    double size = fabs(x);
    double s = size > 0.5 ? sqrt(0.5 - 0.5 * size) : x;
    double value = s + copysign(g_asin_near_0(fabs(s)), s);
    double middle = 0x1.921fb54442d18p+0 - (value - 0x1.1a62633145c07p-54);
    double left = 0x1.921fb54442d18p+1 - (2.0 * value - 0x1.1a62633145c07p-53);
    return size > 0.5 ? (x > 0.0 ? 2.0 * value : left) : x == x ? middle : x;
}

/* atan(y / x) for x and y of 0 .. infinity, not both of them infinite or 0. */
G_INLINE double g_atan_ratio(double y, double x)
{
    // atan(y / x) is atan(t) and a multiple of pi / 4, for |t| <= 1/2
    int flat = y <= 0.5 * x, steep = !(y <= 2.0 * x);
    double above = flat ? y : steep ? -x : y - x, below = flat ? x : steep ? y : y + x;
    double base = flat ? 0.0 : steep ? 0x1.921fb54442d18p+0 : 0x1.921fb54442d18p-1;
    double base_low = flat ? 0.0 : steep ? 0x1.1a62633145c07p-54 : 0x1.1a62633145c07p-55;
    double inverse = 1.0 / below, t = above * inverse, product = t * below;
    double rest = (above - product) - g_rest(t, below, product);
    double lost = (flat | steep) ? 0.0 : (y > x ? (y - below) + x : (x - below) + y);
    rest = (rest - t * lost) * inverse;
    rest = rest - rest == 0.0 ? rest : 0.0;
    double z = t * t, z2 = z * z;
    double even = g_fma(z2, -0.009211063504627926, -0.03806224794996687);
    double odd = g_fma(z2, 0.024999689507521367, 0.04627870086418654);
    even = g_fma(z2, even, -0.052400641544110685);
    odd = g_fma(z2, odd, 0.05879573107799684);
    even = g_fma(z2, even, -0.06666435144143137);
    odd = g_fma(z2, odd, 0.07692294677482635);
    even = g_fma(z2, even, -0.09090908618865388);
    odd = g_fma(z2, odd, 0.11111111100881761);
    even = g_fma(z2, even, -0.1428571428559874);
    odd = g_fma(z2, odd, 0.19999999999999485);
    even = g_fma(z2, even, -0.3333333333333333);
    double low = g_fma(t * z, g_fma(z, odd, even), rest + base_low);
    return base + (t + low);
}

/* The inverse tangent. */
G_INLINE double g_atan(double x)
{
    double value = g_atan_ratio(fabs(x), 1.0);
    return copysign(x == 0.0 ? 0.0 : value, x);
}

/* The angle of the point (x, y). */
G_INLINE double g_atan2(double y, double x)
{
    double a = fabs(y), b = fabs(x), large = a > b ? a : b;
    double scale = large > 0x1p1000 ? 0.125 : large < 0x1p-900 ? 0x1p200 : 1.0;
    double value = g_atan_ratio(a * scale, b * scale);
    value = a == 0.0 && b == b ? 0.0 : value;
    value = a == INFINITY && b == INFINITY ? 0x1.921fb54442d18p-1 : value;
    double left = 0x1.921fb54442d18p+1 - (value - 0x1.1a62633145c07p-53);
    return copysign(copysign(1.0, x) < 0.0 ? left : value, y);
}
