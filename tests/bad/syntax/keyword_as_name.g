dim = 3
if = 2
y = 2*param
return = 1
input carry
