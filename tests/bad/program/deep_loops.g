loop t0 in 2 carry h0 = a {
loop t1 in 2 carry h1 = h0 {
loop t2 in 2 carry h2 = h1 {
loop t3 in 2 carry h3 = h2 {
loop t4 in 2 carry h4 = h3 {
loop t5 in 2 carry h5 = h4 {
loop t6 in 2 carry h6 = h5 {
loop t7 in 2 carry h7 = h6 {
loop t8 in 2 carry h8 = h7 {
loop t9 in 2 carry h9 = h8 {
loop t10 in 2 carry h10 = h9 {
loop t11 in 2 carry h11 = h10 {
loop t12 in 2 carry h12 = h11 {
loop t13 in 2 carry h13 = h12 {
loop t14 in 2 carry h14 = h13 {
loop t15 in 2 carry h15 = h14 {
loop t16 in 2 carry h16 = h15 {
h16 = h16*a
}
h15 = h16
}
h14 = h15
}
h13 = h14
}
h12 = h13
}
h11 = h12
}
h10 = h11
}
h9 = h10
}
h8 = h9
}
h7 = h8
}
h6 = h7
}
h5 = h6
}
h4 = h5
}
h3 = h4
}
h2 = h3
}
h1 = h2
}
h0 = h1
}
J = h0
