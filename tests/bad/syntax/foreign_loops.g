for i in range(10) {
    x = 2y
}
for (i = 0; i < n; i++) {
    x = x + i
}
while err > 1 {
    err = err/2
}
for i in range(10):
    x = 2*y
repeat 10 { x = 2*y }
J = 2*)
