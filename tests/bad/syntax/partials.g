def f(t, r) = t*r with dx = r, dt = r, dt = r
def g(t) = t with t = 1
