s = sum(j)(x[j])
s = sum[j] x[j]
s = sum[j]
s = sum[](x)
s = sum[j](x[j], y[j])
s = sum[j]()
s = sum(x[i] for i in 0:n)
s = [2*i for i in 0:n]
s = sum[i](x[i])(y)
s = sum[i in :n](x[i])
s = sum[i in 0:](x[i])
s = sum[i in 0:n:](x[i])
s = sum[i in 0:n:1:2](x[i])
s = sum[i in](x[i])
s = sum[i = 0:n](x[i])
