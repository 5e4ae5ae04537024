loop { x = 2y }
loop in T { x = 3 }
loop (t in T) { x = 3 }
loop t = 0:T { x = 3 }
loop t { x = 3 }
loop t in { x = 3 }
loop t in :T { x = 3 }
loop t in 0: { x = 3 }
loop t in 0:T:1:2 { x = 3 }
loop t in 0:T: { x = 3 }
J = 2*)
