# A recurrent network reads a sequence and says one number.  Of the hidden states only every
# fourth is stored on the way forward; the reverse sweep computes the others again.
# Source: J. L. Elman, "Finding Structure in Time", Cognitive Science 14, 179-211 (1990);
# A. Griewank, "Achieving Logarithmic Growth of Temporal and Spatial Complexity in Reverse
# Automatic Differentiation", Optimization Methods and Software 1 (1992).

input x[T, D], target
param W[H, H], U[H, D], b[H], v[H]

loop t in T carry h = zeros(H) checkpoint 4 {
    h = tanh(W @ h + U @ x[t] + b)
}
J = (dot(v, h) - target)^2 / 2
