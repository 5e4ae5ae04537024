def f(x) {
    return
}
return = 3
def g(x) { return x return y }
