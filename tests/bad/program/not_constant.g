input x
const k = 2*x, m = k*3
J = x
