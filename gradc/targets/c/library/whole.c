// Functions of whole numbers, which wrap around as NumPy's do, and divide by 0 to 0.

/* The absolute value. */
G_INLINE int64_t g_absi(int64_t x)
{
    return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

/* The smaller of x and y. */
G_INLINE int64_t g_minimumi(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

/* The larger of x and y. */
G_INLINE int64_t g_maximumi(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

/* The quotient rounded down; 0 where y is 0. */
G_INLINE int64_t g_floordivi(int64_t x, int64_t y)
{
    if (y == 0) return 0;
    if (y == -1) return (int64_t)(0 - (uint64_t)x);
    return x / y - (x % y != 0 && (x < 0) != (y < 0));
}

/* The remainder with the sign of y; 0 where y is 0. */
G_INLINE int64_t g_modi(int64_t x, int64_t y)
{
    if (y == 0 || y == -1) return 0;
    int64_t rest = x % y;
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}
