// What the functions of an emitted file call at their beginning and where they fail.

/* The first place in the workspace that a line of the cache begins at. */
G_INLINE double *g_aligned(double *workspace)
{
    return (double *)(void *)(((uintptr_t)workspace + 63) / 64 * 64);
}

/* Notes an index that is out of range, for the caller; the number of the access. */
static int g_outside(int64_t *fault, int access, int64_t index, int64_t size)
{
    if (fault != NULL) {
        fault[0] = index;
        fault[1] = size;
    }
    return access;
}
