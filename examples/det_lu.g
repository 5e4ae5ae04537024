# The determinant by Gaussian elimination with partial pivoting.  Step k takes as pivot the
# largest element of column k and subtracts multiples of its row, which makes column k and
# the row itself zero; the determinant is the product of the pivots times the sign of the
# permutation that the rows form, one factor -1 for each pair out of order.
# Source: G. H. Golub and C. F. Van Loan, "Matrix Computations", 4th ed., Johns Hopkins
# 2013, section 3.4.

param A[N, N]

loop k in N carry U = A {
    p = argmax[i](abs(U[i, k]))
    pivot[k] = U[p, k]
    row[k] = p
    U = U - outer(U[:, k]/U[p, k], U[p])
}
sign = prod[k, m in 0:k](-1 if row[m] > row[k] else 1)
J = sign * prod(pivot)
