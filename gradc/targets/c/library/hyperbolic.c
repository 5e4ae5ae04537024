// Hyperbolic functions and their inverses.

/* The hyperbolic sine. */
G_INLINE double g_sinh(double x)
{
    return sinh(x);
}

/* The hyperbolic cosine. */
G_INLINE double g_cosh(double x)
{
    return cosh(x);
}

/* The hyperbolic tangent. */
G_INLINE double g_tanh(double x)
{
    return tanh(x);
}

/* The inverse hyperbolic sine. */
G_INLINE double g_asinh(double x)
{
    return asinh(x);
}

/* The inverse hyperbolic cosine. */
G_INLINE double g_acosh(double x)
{
    return acosh(x);
}

/* The inverse hyperbolic tangent. */
G_INLINE double g_atanh(double x)
{
    return atanh(x);
}
