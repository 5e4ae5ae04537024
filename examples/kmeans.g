# The cost of clustering: each point counts the squared distance to its nearest centroid.
# Source: S. P. Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on
# Information Theory 28, 129-137 (1982).

input x[N, D]
param c[K, D]

J = sum[n](min[k](sum[d]((x[n, d] - c[k, d])^2)))
