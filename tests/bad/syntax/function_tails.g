def f(x) = 2*x with dx
def f(x) = 2*x with
def = 3
def f(if) = 3
def f(x) =
def f(x[]) = 2
def f(x y) = 2
def f
J = 2*)
