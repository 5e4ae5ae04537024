y = a .* b
z = a.b
