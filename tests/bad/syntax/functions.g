def softplus(t) = log1p(exp(t))
def rotate(r[3], x[3]) {
    theta2 = dot(r, r)
    return theta2
}
sq(x) = x*x
return
J = 2*)
