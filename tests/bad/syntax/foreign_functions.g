function f(x) {
    return 2x
}
func g(x) = 2*x
h(x) = 2*x
k(x, y) {
    return x*y
}
fn p(x) -> y { return x }
J = 2*)
