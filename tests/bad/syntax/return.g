return 3
def f(t) { s = t*t }
def g(t) {
    return t
    return 2*t
}
def h(t) {
    return t
    s = 3*t
}
def k(t) { }
loop t in 3 {
    return t
}
