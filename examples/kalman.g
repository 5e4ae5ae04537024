# The log-likelihood of observations y of a linear dynamical system
#   x_t = A x_{t-1} + N(0, Q),   y_t = C x_t + N(0, R)
# by the Kalman filter: m and V are the mean and the covariance of x_t given y_0 ... y_t.
# Source: R. E. Kalman, Journal of Basic Engineering 82, 35-45 (1960); the likelihood:
# F. C. Schweppe, IEEE Transactions on Information Theory 11, 61-70 (1965).

input y[T, P]
param A[D, D], C[P, D], Q[D, D], R[P, P], m0[D], V0[D, D]

loop t in T carry m = m0, V = V0, J = 0 {
    m_pred = A @ m                                   # prediction
    V_pred = A @ V @ A.T + Q
    r = y[t] - C @ m_pred                            # innovation, and its covariance
    S = C @ V_pred @ C.T + R
    J = J - (dot(r, solve(S, r)) + logdet(S) + P*log(2*pi))/2
    G = solve(S.T, C @ V_pred.T).T                   # gain: V_pred C^T S^-1
    m = m_pred + G @ r
    V = V_pred - G @ C @ V_pred
}
output J
