loop t in T carry { x = 3 }
loop t in T carry h { h = 2*h }
loop t in T carry h = 0, s { h = 2*h }
loop t in T carry h = 0 s = 0 { h = 2*h }
loop t in T carry h[3] = 0 { h = 2*h }
loop t in T while { h = 2*h }
loop t in T checkpoint { h = 2*h }
loop t in T do { h = 2*h }
loop t, s in T { h = 2*h }
loop if in T { h = 2*h }
loop = 3
J = 2*)
