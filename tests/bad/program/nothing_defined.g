input x
