while = 3
y = 2
while y > 3 { y = y/2 }
carry h = 3
checkpoint 3
with dx = 3
y = 3 while x > 3
loop t in 3 { y = x while y > 3 }
def f(x) = 3 while x > 3
loop t in 3 { y = x } with dx = 3
