// Helpers of emitted modules: linear algebra of matrices, or of each of many.
//
// Invariant: a singular matrix gives NaN or an infinity, as in the Python helpers; no operand is
// changed.
//
// This file is read as text by gradc.

/** f of each matrix, as its rows in one Float64Array, and its size; the results in a shape. */
function per_matrix(a, shape, f) {
    const n = a.shape[a.shape.length - 1];
    const many = size_of(a.shape.slice(0, -2));
    const results = Array.from({ length: many }, (_, k) =>
        f(a.data.slice(k * n * n, (k + 1) * n * n), n, k),
    );
    if (shape.length === 0) return results[0];
    return { shape, data: Float64Array.from(results.flatMap((one) => [one].flat())) };
}

/** LU factors of a matrix, in its place, with the largest pivot of each column.
 *
 * Gives the order of the rows and its parity, 1 or -1; a pivot is 0 where it is singular.
 */
function factored(a, n) {
    const order = Array.from({ length: n }, (_, i) => i);
    let parity = 1;
    for (let k = 0; k < n; k++) {
        let pivot = k;
        for (let i = k + 1; i < n; i++) {
            if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
        }
        if (pivot !== k) {
            parity = -parity;
            [order[k], order[pivot]] = [order[pivot], order[k]];
            for (let j = 0; j < n; j++) {
                [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
            }
        }
        if (a[k * n + k] === 0) continue;
        for (let i = k + 1; i < n; i++) {
            const factor = (a[i * n + k] /= a[k * n + k]);
            for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return { order, parity };
}

/** The diagonal of a square matrix. */
function pivots_of(a, n) {
    return Array.from({ length: n }, (_, i) => a[i * n + i]);
}

/** The solution of a @ x = y for `columns` columns; NaN where the matrix is singular. */
function solved(a, n, y, columns) {
    const { order } = factored(a, n);
    const x = new Array(n * columns);
    if (pivots_of(a, n).includes(0)) return x.fill(NaN);
    for (let c = 0; c < columns; c++) {
        for (let i = 0; i < n; i++) {
            let value = y[order[i] * columns + c];
            for (let j = 0; j < i; j++) value -= a[i * n + j] * x[j * columns + c];
            x[i * columns + c] = value;
        }
        for (let i = n - 1; i >= 0; i--) {
            let value = x[i * columns + c];
            for (let j = i + 1; j < n; j++) value -= a[i * n + j] * x[j * columns + c];
            x[i * columns + c] = value / a[i * n + i];
        }
    }
    return x;
}

/** The solution x of a @ x = y, for each matrix; NaN where it is singular. */
function solve(a, y) {
    const columns = y.shape.length < a.shape.length ? 1 : y.shape[y.shape.length - 1];
    return per_matrix(a, y.shape, (one, n, k) => {
        const size = n * columns;
        return solved(one, n, y.data.slice(k * size, (k + 1) * size), columns);
    });
}

/** The inverse of each matrix; NaN where it is singular. */
function inv(a) {
    return per_matrix(a, a.shape, (one, n) => {
        const identity = new Float64Array(n * n);
        for (let i = 0; i < n; i++) identity[i * n + i] = 1;
        return solved(one, n, identity, n);
    });
}

/** The determinant of each matrix. */
function det(a) {
    return per_matrix(a, a.shape.slice(0, -2), (one, n) => {
        const { parity } = factored(one, n);
        return pivots_of(one, n).reduce((product, pivot) => product * pivot, parity);
    });
}

/** log|det(a)| of each matrix, without overflow; -inf if it is singular. */
function logdet(a) {
    return per_matrix(a, a.shape.slice(0, -2), (one, n) => {
        factored(one, n);
        const pivots = pivots_of(one, n);
        if (pivots.includes(0)) return -Infinity;
        return total(pivots.map((pivot) => Math.log(Math.abs(pivot))));
    });
}

/** The matrix of cofactors, det(a) * inv(a).T, also where a is singular.
 *
 * Cofactors of a product are the products of cofactors, and those of triangular factors with a
 * diagonal of ones are their inverses; so of `a = P L D U Q`, with the largest of all elements
 * as pivots, nothing is divided by a pivot that is zero.
 */
function cofactors(a) {
    return per_matrix(a, a.shape, (one, n) => {
        if (!one.every(Number.isFinite)) return new Array(n * n).fill(NaN);
        const rows = Array.from({ length: n }, (_, i) => i);
        const columns = [...rows];
        const at = (i, j) => rows[i] * n + columns[j];
        let parity = 1;
        for (let k = 0; k < n; k++) {
            let [row, column] = [k, k];
            for (let i = k; i < n; i++) {
                for (let j = k; j < n; j++) {
                    if (Math.abs(one[at(i, j)]) > Math.abs(one[at(row, column)])) [row, column] = [i, j];
                }
            }
            if (row !== k) parity = -parity;
            if (column !== k) parity = -parity;
            [rows[k], rows[row]] = [rows[row], rows[k]];
            [columns[k], columns[column]] = [columns[column], columns[k]];
            const pivot = one[at(k, k)];
            for (let j = k + 1; j < n; j++) one[at(k, j)] = pivot === 0 ? 0 : one[at(k, j)] / pivot;
            for (let i = k + 1; i < n; i++) {
                for (let j = k + 1; j < n; j++) one[at(i, j)] -= one[at(i, k)] * one[at(k, j)];
            }
            for (let i = k + 1; i < n; i++) one[at(i, k)] = pivot === 0 ? 0 : one[at(i, k)] / pivot;
        }
        const pivots = Float64Array.from(rows, (_, k) => one[at(k, k)]);
        const scales = products_of_others(pivots).map((product) => parity * product);
        const out = new Array(n * n);
        for (let c = 0; c < n; c++) {
            // One column of L.T**-1 @ (D's cofactors) @ U.T**-1.
            const x = new Float64Array(n);
            x[c] = 1;
            for (let i = 0; i < n; i++) {
                for (let j = 0; j < i; j++) x[i] -= one[at(j, i)] * x[j];
            }
            for (let i = 0; i < n; i++) x[i] *= scales[i];
            for (let i = n - 1; i >= 0; i--) {
                for (let j = i + 1; j < n; j++) x[i] -= one[at(j, i)] * x[j];
            }
            for (let i = 0; i < n; i++) out[at(i, c)] = x[i];
        }
        return out;
    });
}

/** The lower factor of (a + a.T) / 2; NaN if that is not positive definite. */
function cholesky(a) {
    return per_matrix(a, a.shape, (one, n) => {
        const out = new Array(n * n).fill(0);
        for (let i = 0; i < n; i++) {
            for (let j = 0; j <= i; j++) {
                let value = (one[i * n + j] + one[j * n + i]) / 2;
                for (let k = 0; k < j; k++) value -= out[i * n + k] * out[j * n + k];
                if (i === j && !(value > 0)) return out.fill(NaN);
                out[i * n + j] = i === j ? Math.sqrt(value) : value / out[j * n + j];
            }
        }
        return out;
    });
}

/** The lower triangle, with the diagonal halved. */
function lower_half(a) {
    return per_matrix(a, a.shape, (one, n) =>
        Array.from(one, (value, k) => {
            const [i, j] = [Math.floor(k / n), k % n];
            return i > j ? value : i === j ? value / 2 : 0;
        }),
    );
}
