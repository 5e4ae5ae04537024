# The logarithm of a sum of exponentials from its primitives, with the maximum taken out.
# Source: P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the
# log-sum-exp and softmax functions", IMA Journal of Numerical Analysis 41 (2021), eq. 1.7.

param x[N]

A = max(x)
y = x + 0                           # x, apart from where A comes from
J = A + log(sum(exp(y - A)))

# Whatever A is, J is the same: its derivative in x is that in y.
g = grad(J, y)
output g
