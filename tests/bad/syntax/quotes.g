y = 'text'
z = A'
w = “b”
