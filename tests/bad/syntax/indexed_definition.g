C[i,j] = sum[k](A[i,k] * B[k,j])
L[i in D] = 2
