def (x) = 2*x
def f x = 2*x
def f[x] = 2*x
def f(2) = 2*x
def f(x*y) = 2*x
def f(x, ) = 2*x
def f(x = 2) = 2*x
def f(x: real) = 2*x
def f(x) 2*x
def f(x)
def f(x) = { return 2*x }
def f(x) -> 2*x
J = 2*)
def f[x] { return 2*x } with dx = 2
