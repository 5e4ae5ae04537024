# Derivatives inside a program
input x[N], s, i in N
J = sum(x^2)
v = x^2
a = grad(v, x)
b = grad(J, s)
c = grad(J, 2*x)
d = grad(J)
e = grad(J, x, mode=sideways)
f = grad(J, x, how=forward)
g = hessian(v, x)
h = jacobian(2, x)
k = grad(J, i)
l = grad(J, missing)
loop t in 3 carry m = 0 {
    w = 2*s
    m = m + grad(J, w)
}
o[n] = grad(x[n]^2, x)[n]
