J = f x
