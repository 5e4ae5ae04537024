# A convolutional network for small images: convolution, rectification, maxima over blocks
# of 2 by 2, and a linear classifier with the cross-entropy of the right class.
# Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-Based Learning Applied
# to Document Recognition", Proceedings of the IEEE 86, 2278-2324 (1998).

input image[C, H, W], label in K
param kernel[F, C, 3, 3], bias[F], V[K, F, (H - 2)//2, (W - 2)//2]

# i and j run over the positions where the kernel fits into the image.
z[f, i, j] = bias[f] + sum[c, a, b](kernel[f, c, a, b] * image[c, i + a, j + b])
h[f, i, j] = relu(z[f, i, j])
pooled[f, i in (H - 2)//2, j in (W - 2)//2] = max[a in 2, b in 2](h[f, 2*i + a, 2*j + b])
score[k] = sum[f, i, j](V[k, f, i, j] * pooled[f, i, j])
J = logsumexp(score) - score[label]
