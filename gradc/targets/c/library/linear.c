// Linear algebra of matrices, or of each of many.
//
// Invariant: a singular matrix gives NaN or an infinity, as in NumPy's helpers; no operand is changed;
// no memory is allocated.  Elimination goes by blocks of columns, and what is left of the matrix
// is then updated by a product of matrices.

/* The columns that are eliminated at once. */
#define G_BLOCK 32

/* LU factors of a matrix, in its place, with the largest pivot of each column.
 *
 * Rows of x, which has `columns` columns, are exchanged as those of the matrix are.  Returns the
 * parity of the exchanges, 1 or -1; a pivot is 0 where the matrix is singular.
 */
static int g_factored(double *a, int64_t n, double *x, int64_t columns, double *work)
{
    int parity = 1;
    for (int64_t k0 = 0; k0 < n; k0 += G_BLOCK) {
        int64_t k1 = k0 + G_BLOCK < n ? k0 + G_BLOCK : n;
        for (int64_t k = k0; k < k1; k++) {
            int64_t pivot = k;
            double largest = fabs(a[k * n + k]);
            for (int64_t i = k + 1; i < n; i++)
                if (fabs(a[i * n + k]) > largest) {
                    pivot = i;
                    largest = fabs(a[i * n + k]);
                }
            if (pivot != k) {
                parity = -parity;
                for (int64_t j = 0; j < n; j++) {
                    double other = a[k * n + j];
                    a[k * n + j] = a[pivot * n + j];
                    a[pivot * n + j] = other;
                }
                for (int64_t j = 0; j < columns; j++) {
                    double other = x[k * columns + j];
                    x[k * columns + j] = x[pivot * columns + j];
                    x[pivot * columns + j] = other;
                }
            }
            if (a[k * n + k] == 0.0) continue;
            for (int64_t i = k + 1; i < n; i++) {
                double factor = a[i * n + k] /= a[k * n + k];
                for (int64_t j = k + 1; j < k1; j++) a[i * n + j] -= factor * a[k * n + j];
            }
        }
        if (k1 == n) break;
        for (int64_t i = k0 + 1; i < k1; i++)
            for (int64_t p = k0; p < i; p++)
                for (int64_t j = k1; j < n; j++) a[i * n + j] -= a[i * n + p] * a[p * n + j];
        g_matmul(a + k1 * n + k0, a + k0 * n + k1, a + k1 * n + k1, n - k1, n - k1, k1 - k0,
            n, 1, n, 1, n, 1, -1, work);
    }
    return parity;
}

/* Solves with factors by `g_factored`, in the place of x; NaN where a pivot is 0. */
static void g_substituted(const double *a, int64_t n, double *x, int64_t columns, double *work)
{
    for (int64_t i = 0; i < n; i++)
        if (a[i * n + i] == 0.0) {
            for (int64_t j = 0; j < n * columns; j++) x[j] = NAN;
            return;
        }
    for (int64_t k0 = 0; k0 < n; k0 += G_BLOCK) {
        int64_t k1 = k0 + G_BLOCK < n ? k0 + G_BLOCK : n;
        g_matmul(a + k0 * n, x, x + k0 * columns, k1 - k0, columns, k0,
            n, 1, columns, 1, columns, 1, -1, work);
        for (int64_t i = k0; i < k1; i++)
            for (int64_t p = k0; p < i; p++)
                for (int64_t j = 0; j < columns; j++)
                    x[i * columns + j] -= a[i * n + p] * x[p * columns + j];
    }
    for (int64_t k1 = n; k1 > 0; k1 = (k1 - 1) / G_BLOCK * G_BLOCK) {
        int64_t k0 = (k1 - 1) / G_BLOCK * G_BLOCK;
        g_matmul(a + k0 * n + k1, x + k1 * columns, x + k0 * columns, k1 - k0, columns, n - k1,
            n, 1, columns, 1, columns, 1, -1, work);
        for (int64_t i = k1 - 1; i >= k0; i--) {
            for (int64_t p = i + 1; p < k1; p++)
                for (int64_t j = 0; j < columns; j++)
                    x[i * columns + j] -= a[i * n + p] * x[p * columns + j];
            for (int64_t j = 0; j < columns; j++) x[i * columns + j] /= a[i * n + i];
        }
    }
}

/* The solution x of a @ x = y, for each of many matrices; NaN where it is singular. */
static void g_solve(const double *a, const double *y, double *x,
    int64_t many, int64_t n, int64_t columns, double *work)
{
    for (; many > 0; many--, a += n * n, y += n * columns, x += n * columns) {
        for (int64_t i = 0; i < n * n; i++) work[i] = a[i];
        for (int64_t i = 0; i < n * columns; i++) x[i] = y[i];
        g_factored(work, n, x, columns, work + n * n);
        g_substituted(work, n, x, columns, work + n * n);
    }
}

/* The inverse of each of many matrices; NaN where it is singular. */
static void g_inv(const double *a, double *x, int64_t many, int64_t n, double *work)
{
    for (; many > 0; many--, a += n * n, x += n * n) {
        for (int64_t i = 0; i < n * n; i++) {
            work[i] = a[i];
            x[i] = i % (n + 1) == 0 ? 1.0 : 0.0;
        }
        g_factored(work, n, x, n, work + n * n);
        g_substituted(work, n, x, n, work + n * n);
    }
}

/* The determinant of each of many matrices, without overflow of a part of the product. */
static void g_det(const double *a, double *out, int64_t many, int64_t n, double *work)
{
    for (; many > 0; many--, a += n * n, out++) {
        for (int64_t i = 0; i < n * n; i++) work[i] = a[i];
        double product = g_factored(work, n, work, 0, work + n * n);
        int singular = 0, exponent = 0, more;
        for (int64_t i = 0; i < n; i++) {
            singular |= work[i * (n + 1)] == 0.0;
            product *= frexp(work[i * (n + 1)], &more);
            exponent += more;
            product = frexp(product, &more);
            exponent += more;
        }
        *out = singular ? 0.0 : ldexp(product, exponent);
    }
}

/* log|det(a)| of each of many matrices, without overflow; -inf where it is singular. */
static void g_logdet(const double *a, double *out, int64_t many, int64_t n, double *work)
{
    for (; many > 0; many--, a += n * n, out++) {
        double total = 0.0;
        int singular = 0;
        for (int64_t i = 0; i < n * n; i++) work[i] = a[i];
        g_factored(work, n, work, 0, work + n * n);
        for (int64_t i = 0; i < n; i++) {
            singular |= work[i * (n + 1)] == 0.0;
            total += log(fabs(work[i * (n + 1)]));
        }
        *out = singular ? -INFINITY : total;
    }
}

/* The matrix of cofactors of each of many, det(a) * inv(a).T, also where a is singular.
 *
 * Cofactors of a product are the products of cofactors, and those of triangular factors with a
 * diagonal of ones are their inverses; so of `a = P L D U Q`, with the largest of all elements
 * as pivots, nothing is divided by a pivot that is zero.  Rows and columns are exchanged in
 * the copy of the matrix; `rows` and `columns` hold their places in a.
 */
static void g_cofactors(const double *a, double *out, int64_t many, int64_t n, double *work)
{
    double *rows = work + n * n, *columns = rows + n, *scales = columns + n, *x = scales + n;
    for (; many > 0; many--, a += n * n, out += n * n) {
        int finite = 1;
        double parity = 1.0;
        for (int64_t i = 0; i < n * n; i++) {
            finite &= isfinite(a[i]) != 0;
            work[i] = a[i];
        }
        if (!finite) {
            for (int64_t i = 0; i < n * n; i++) out[i] = NAN;
            continue;
        }
        for (int64_t i = 0; i < n; i++) rows[i] = columns[i] = (double)i;
        for (int64_t k = 0; k < n; k++) {
            int64_t row = k, column = k;
            for (int64_t i = k; i < n; i++)
                for (int64_t j = k; j < n; j++)
                    if (fabs(work[i * n + j]) > fabs(work[row * n + column])) {
                        row = i;
                        column = j;
                    }
            if (row != k) {
                parity = -parity;
                double other = rows[k];
                rows[k] = rows[row];
                rows[row] = other;
                for (int64_t j = 0; j < n; j++) {
                    other = work[k * n + j];
                    work[k * n + j] = work[row * n + j];
                    work[row * n + j] = other;
                }
            }
            if (column != k) {
                parity = -parity;
                double other = columns[k];
                columns[k] = columns[column];
                columns[column] = other;
                for (int64_t i = 0; i < n; i++) {
                    other = work[i * n + k];
                    work[i * n + k] = work[i * n + column];
                    work[i * n + column] = other;
                }
            }
            double pivot = work[k * n + k];
            for (int64_t j = k + 1; j < n; j++) work[k * n + j] = pivot == 0.0 ? 0.0 : work[k * n + j] / pivot;
            for (int64_t i = k + 1; i < n; i++) {
                for (int64_t j = k + 1; j < n; j++) work[i * n + j] -= work[i * n + k] * work[k * n + j];
                work[i * n + k] = pivot == 0.0 ? 0.0 : work[i * n + k] / pivot;
            }
        }
        double before = parity, after = 1.0;
        for (int64_t k = 0; k < n; k++) {
            scales[k] = before;
            before *= work[k * (n + 1)];
        }
        for (int64_t k = n - 1; k >= 0; k--) {
            scales[k] *= after;
            after *= work[k * (n + 1)];
        }
        for (int64_t c = 0; c < n; c++) {
            /* One column of L.T**-1 @ (D's cofactors) @ U.T**-1. */
            for (int64_t i = 0; i < n; i++) {
                x[i] = i == c ? 1.0 : 0.0;
                for (int64_t j = 0; j < i; j++) x[i] -= work[j * n + i] * x[j];
            }
            for (int64_t i = 0; i < n; i++) x[i] *= scales[i];
            for (int64_t i = n - 1; i >= 0; i--)
                for (int64_t j = i + 1; j < n; j++) x[i] -= work[j * n + i] * x[j];
            for (int64_t i = 0; i < n; i++) out[(int64_t)rows[i] * n + (int64_t)columns[c]] = x[i];
        }
    }
}

/* The lower factor of (a + a.T) / 2, for each of many matrices; NaN if that is not positive definite.
 *
 * A matrix with NaN has it in what is computed of it. */
static void g_cholesky(const double *a, double *out, int64_t many, int64_t n, double *work)
{
    for (; many > 0; many--, a += n * n, out += n * n) {
        int positive = 1;
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++)
                out[i * n + j] = j <= i ? (a[i * n + j] + a[j * n + i]) / 2 : 0.0;
        for (int64_t k0 = 0; k0 < n && positive; k0 += G_BLOCK) {
            int64_t k1 = k0 + G_BLOCK < n ? k0 + G_BLOCK : n;
            for (int64_t i = k0; i < n && positive; i++)
                for (int64_t j = k0; j <= i && j < k1; j++) {
                    double value = out[i * n + j];
                    for (int64_t p = k0; p < j; p++) value -= out[i * n + p] * out[j * n + p];
                    if (i == j && value <= 0.0) {
                        positive = 0;
                        break;
                    }
                    out[i * n + j] = i == j ? sqrt(value) : value / out[j * n + j];
                }
            for (int64_t j = k1; j < n && positive; j += G_BLOCK) {
                int64_t columns = n - j < G_BLOCK ? n - j : G_BLOCK;
                g_matmul(out + j * n + k0, out + j * n + k0, out + j * n + j, n - j, columns, k1 - k0,
                    n, 1, 1, n, n, 1, -1, work);
            }
        }
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = positive ? i + 1 : 0; j < n; j++) out[i * n + j] = positive ? 0.0 : NAN;
    }
}
