J = grad(mode=forward, K, w)
