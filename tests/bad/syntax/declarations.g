input 3
input x[N
param w = 3
output J = 2
output
const lr
dim N[3]
input x, y,
