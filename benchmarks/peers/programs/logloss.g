# The logistic loss of logits: one pass over much memory.
param z[N]
input y[N]
J = sum(log1pexp(z) - y*z)
