# The determinant of a 4 by 4 matrix by expansion along the first row: the sum of its
# elements, with alternating signs, times the determinants of their minors.
# Source: P. S. Laplace, "Recherches sur le calcul integral et sur le systeme du monde",
# Histoire de l'Academie royale des sciences (1772), part 2.

param A[4, 4]

def alternating(j) = 1 if j % 2 == 0 else -1

# The matrix without its first row and without column j.
def minor3(A[3, 3], j) {
    M[a in 2, b in 2] = A[a + 1, b if b < j else b + 1]
    return M
}
def minor4(A[4, 4], j) {
    M[a in 3, b in 3] = A[a + 1, b if b < j else b + 1]
    return M
}

def det2(A[2, 2]) = A[0, 0]*A[1, 1] - A[0, 1]*A[1, 0]
def det3(A[3, 3]) = sum[j](alternating(j) * A[0, j] * det2(minor3(A, j)))
def det4(A[4, 4]) = sum[j](alternating(j) * A[0, j] * det3(minor4(A, j)))

J = det4(A)
