// Products of matrices.
//
// Invariant: the order in which the terms of an element are added depends on the sizes alone; no
// memory is allocated.  Deliberately absent: threads, and products of a matrix and a vector, which
// are loops of the emitted code.
//
// The method is that of K. Goto and R. van de Geijn, "Anatomy of high-performance matrix
// multiplication", ACM Transactions on Mathematical Software 34 (2008), with the left operand read
// where it lies: a tile of the result is held in registers while the shared index runs over
// a panel of the right operand, which is packed and stays in the second-level cache.  For a result of
// few rows the panel is read where it lies, if its rows are whole vectors and near each other.

/* The tile of a product that is held in registers, and the panel that is packed. */
#if defined(__AVX512F__)
#define G_VECTOR_BYTES 64
#define G_TILE_ROWS 8
#define G_TILE_VECTORS 3
#else
#if defined(__AVX__)
#define G_VECTOR_BYTES 32
#else
#define G_VECTOR_BYTES 16
#endif
#define G_TILE_ROWS 6
#define G_TILE_VECTORS 2
#endif
#define G_LANES (G_VECTOR_BYTES / (int64_t)sizeof(double))
#define G_TILE_COLUMNS (G_TILE_VECTORS * G_LANES)
#define G_PANEL_ROWS 256
#define G_PANEL_COLUMNS 240
#define G_FEW_ROWS 64 /* of a result, for which a panel whose rows are vectors is not packed */
typedef double g_vector __attribute__((vector_size(G_VECTOR_BYTES), aligned(sizeof(double)), may_alias));

/* a * b + c, rounded once where the machine does so in one step. */
G_INLINE g_vector g_vector_fma(g_vector a, g_vector b, g_vector c)
{
#if defined(__FMA__) || defined(__aarch64__)
    for (int lane = 0; lane < G_LANES; lane++) c[lane] = fma(a[lane], b[lane], c[lane]);
    return c;
#else
    return a * b + c;
#endif
}

/* One tile of a product: `vectors` of columns, of which the first `columns` are written.
 *
 * Rows of `b` are `b_row` apart, and have whole vectors.  The caller's constants for `vectors` make
 * the loops over the tile unroll.
 */
G_INLINE void g_matmul_tile(int vectors, int64_t rows, int64_t columns, int64_t k,
    const double *a, int64_t a_row, int64_t a_column, const double *b, int64_t b_row,
    double *c, int64_t c_row, int64_t c_column, int add)
{
    const double *row[G_TILE_ROWS];
    const g_vector zero = {0};
    g_vector sum[G_TILE_ROWS][G_TILE_VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < G_TILE_ROWS; i++) {
        row[i] = a + (i < rows ? i : 0) * a_row;
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) sum[i][v] = zero;
    }
    if (c_column == 1) /* it is in the cache when the sums are known */
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < columns && j < vectors * G_LANES; j += G_LANES)
                __builtin_prefetch(c + i * c_row + j, 1);
    for (int64_t p = 0; p < k; p++) {
        g_vector right[G_TILE_VECTORS];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) right[v] = *(const g_vector *)(b + v * G_LANES);
#pragma GCC unroll 8
        for (int i = 0; i < G_TILE_ROWS; i++) {
            g_vector left = row[i][p * a_column] - zero;
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) sum[i][v] = g_vector_fma(left, right[v], sum[i][v]);
        }
        b += b_row;
    }
    if (rows == G_TILE_ROWS && columns == vectors * G_LANES && c_column == 1) {
#pragma GCC unroll 8
        for (int i = 0; i < G_TILE_ROWS; i++)
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++) {
                g_vector *at = (g_vector *)(c + i * c_row + v * G_LANES);
                if (add) *at += sum[i][v];
                else *at = sum[i][v];
            }
        return;
    }
    double part[G_TILE_ROWS * G_TILE_COLUMNS] = {0};
#pragma GCC unroll 8
    for (int i = 0; i < G_TILE_ROWS; i++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            *(g_vector *)(part + i * G_TILE_COLUMNS + v * G_LANES) = sum[i][v];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns && j < vectors * G_LANES; j++) {
            double value = part[i * G_TILE_COLUMNS + j];
            double *at = c + i * c_row + j * c_column;
            *at = add ? *at + value : value;
        }
}

/* The columns of a tile, rounded up to whole vectors. */
G_INLINE int64_t g_whole_vectors(int64_t columns)
{
    int64_t in_tile = columns < G_TILE_COLUMNS ? columns : G_TILE_COLUMNS;
    return (in_tile + G_LANES - 1) / G_LANES;
}

/* A function that stays one: within another, accumulators would not stay in registers. */
#if defined(__GNUC__)
#define G_APART __attribute__((noinline))
#else
#define G_APART
#endif

/* Copies `sign` times a panel, one tile of columns after another, with zeros up to whole vectors. */
static void g_pack(int64_t rows, int64_t columns, int sign,
    const double *b, int64_t b_row, int64_t b_column, double *to)
{
    for (int64_t j = 0; j < columns; j += G_TILE_COLUMNS) {
        int64_t here = columns - j, width = g_whole_vectors(here) * G_LANES;
        const double *from = b + j * b_column;
        if (sign > 0 && b_column == 1 && here >= G_TILE_COLUMNS) {
            for (int64_t p = 0; p < rows; p++)
                for (int64_t l = 0; l < G_TILE_COLUMNS; l++)
                    to[p * G_TILE_COLUMNS + l] = from[p * b_row + l];
        } else if (b_row == 1 && b_column != 1) {
            for (int64_t l = 0; l < width; l++)
                for (int64_t p = 0; p < rows; p++)
                    to[p * width + l] = l < here ? sign * from[p + l * b_column] : 0.0;
        } else {
            for (int64_t p = 0; p < rows; p++)
                for (int64_t l = 0; l < width; l++)
                    to[p * width + l] = l < here ? sign * from[p * b_row + l * b_column] : 0.0;
        }
        to += rows * width;
    }
}

/* c = a @ b, or c += or -= a @ b, for a of shape [m, k] and b of shape [k, n].
 *
 * Element (i, p) of a is a[i * a_row + p * a_column], and so for b and c.  `accumulate` is 0, 1 or -1.  `work` has room for min(k, 256) rows of n rounded up to
 * a tile, or 240, numbers.
 */
static G_APART void g_matmul(const double *a, const double *b, double *c, int64_t m, int64_t n, int64_t k,
    int64_t a_row, int64_t a_column, int64_t b_row, int64_t b_column, int64_t c_row,
    int64_t c_column, int accumulate, double *work)
{
    if (k == 0 && accumulate == 0)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) c[i * c_row + j * c_column] = 0.0;
    for (int64_t j0 = 0; j0 < n; j0 += G_PANEL_COLUMNS) {
        int64_t columns = n - j0 < G_PANEL_COLUMNS ? n - j0 : G_PANEL_COLUMNS;
        for (int64_t p0 = 0; p0 < k; p0 += G_PANEL_ROWS) {
            int64_t depth = k - p0 < G_PANEL_ROWS ? k - p0 : G_PANEL_ROWS;
            int add = p0 > 0 || accumulate != 0;
            const double *panel = b + p0 * b_row + j0 * b_column;
            int in_place = accumulate >= 0 && m <= G_FEW_ROWS && b_column == 1
                && b_row <= G_PANEL_COLUMNS && columns % G_LANES == 0;
            if (!in_place) {
                g_pack(depth, columns, accumulate < 0 ? -1 : 1, panel, b_row, b_column, work);
                panel = work;
            }
            for (int64_t i = 0; i < m; i += G_TILE_ROWS) {
                const double *left = a + i * a_row + p0 * a_column, *right = panel;
                for (int64_t j = 0; j < columns; j += G_TILE_COLUMNS) {
                    int64_t here = columns - j < G_TILE_COLUMNS ? columns - j : G_TILE_COLUMNS;
                    double *at = c + i * c_row + (j0 + j) * c_column;
                    int64_t step = in_place ? b_row : g_whole_vectors(here) * G_LANES;
                    switch (g_whole_vectors(here)) {
                    case 1:
                        g_matmul_tile(1, m - i < G_TILE_ROWS ? m - i : G_TILE_ROWS, here, depth,
                            left, a_row, a_column, right, step, at, c_row, c_column, add);
                        break;
                    case G_TILE_VECTORS:
                        g_matmul_tile(G_TILE_VECTORS, m - i < G_TILE_ROWS ? m - i : G_TILE_ROWS, here,
                            depth, left, a_row, a_column, right, step, at, c_row, c_column, add);
                        break;
                    default:
                        g_matmul_tile(2, m - i < G_TILE_ROWS ? m - i : G_TILE_ROWS, here, depth,
                            left, a_row, a_column, right, step, at, c_row, c_column, add);
                    }
                    right += in_place ? here : depth * step;
                }
            }
        }
    }
}
