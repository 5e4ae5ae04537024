# A transformer's feed-forward block: a function is applied to each token, one row of X.
# Source: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer Normalization" (2016), equation 4;
# D. Hendrycks and K. Gimpel, "Gaussian Error Linear Units" (2016); A. Vaswani et al.,
# "Attention Is All You Need", NIPS 2017, section 3.3.

input X[N, D], Y[N, D]
param gain[D], bias[D], W1[D, H], W2[H, D]

def normalised(x) = (x - mean(x)) / sqrt(var(x) + 1e-5)
def gelu(t) = t*erfc(-t/sqrt(2))/2

def block(x, gain, bias, W1, W2) = x + gelu((gain*normalised(x) + bias) @ W1) @ W2

Z[n] = block(X[n], gain, bias, W1, W2)
J = sum((Z - Y)^2) / (2*N)
