y = 2*x }
}
z = (2*x }
loop t in 3 { y = (2*t }
loop t in (T { y = 2*t }
loop t in 3 { y = 2*t ) }
loop t in 3 { y = 2* }
loop t in 3 { y = 2*t } }
