x =
y = a +
z = 
