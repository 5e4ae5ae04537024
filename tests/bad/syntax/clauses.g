loop t in 3 while t < 3 carry h = 0 while h < 2 { h = h + 1 }
loop t in 3 carry t = 1, t = 2 { }
