y = a <> b
z = a => b
u <- 3
v = 1 if a === b else 0
w = a =< b
