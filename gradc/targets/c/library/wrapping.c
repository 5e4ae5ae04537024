// Arithmetic of whole numbers that come from data: it wraps around as NumPy's does.

/* The sum. */
G_INLINE int64_t g_addi(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x + (uint64_t)y);
}

/* The difference. */
G_INLINE int64_t g_subi(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x - (uint64_t)y);
}

/* The product. */
G_INLINE int64_t g_muli(int64_t x, int64_t y)
{
    return (int64_t)((uint64_t)x * (uint64_t)y);
}

/* The negative. */
G_INLINE int64_t g_negi(int64_t x)
{
    return (int64_t)(0 - (uint64_t)x);
}
