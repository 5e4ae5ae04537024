// What the functions of an emitted file call at their beginning and where they fail.

/* The first place in the workspace that a line of the cache begins at.  It is found by counting on
   from the pointer: of a pointer made from an integer, GCC takes what lies apart to be one. */
G_INLINE double *g_aligned(double *workspace)
{
    double *first = workspace + (64 - (uintptr_t)workspace % 64) % 64 / sizeof(double);
#if defined(__GNUC__)
    first = (double *)__builtin_assume_aligned(first, 64);
#endif
    return first;
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
