g = grad(J, w, mode=forward)
