def f(t, s, t) = t
J = grad(f, w, mode=forward, mode=reverse)
