# The largest eigenvalue of a symmetric matrix by power iteration, until the direction no
# longer changes.  Its derivative is v v^T.
# Source: R. von Mises and H. Pollaczek-Geiringer, Zeitschrift fuer Angewandte Mathematik
# und Mechanik 9, 152-164 (1929).

param A[N, N]

loop k in 1000 carry v = ones(N)/sqrt(N), change = 1 while change > 1e-13 {
    u = A @ v
    u_1 = u/norm(u)
    change = norm(u_1 - v)
    v = u_1
}
J = v @ A @ v
