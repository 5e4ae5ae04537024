// Functions of angles and of sides.

/* The sine. */
G_INLINE double g_sin(double x)
{
    return sin(x);
}

/* The cosine. */
G_INLINE double g_cos(double x)
{
    return cos(x);
}

/* The tangent. */
G_INLINE double g_tan(double x)
{
    return tan(x);
}

/* The inverse sine. */
G_INLINE double g_asin(double x)
{
    return asin(x);
}

/* The inverse cosine. */
G_INLINE double g_acos(double x)
{
    return acos(x);
}

/* The inverse tangent. */
G_INLINE double g_atan(double x)
{
    return atan(x);
}

/* The angle of the point (x, y). */
G_INLINE double g_atan2(double y, double x)
{
    return atan2(y, x);
}

/* sqrt(x*x + y*y), without overflow. */
G_INLINE double g_hypot(double x, double y)
{
    return hypot(x, y);
}
