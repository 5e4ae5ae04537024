A = [[a, b], [c]]
B = [a, [b]]
J = a
