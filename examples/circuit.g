# The computation graph of an introductory lecture on backpropagation:
# J = 3 (a + b c), one operation to an equation.
# Source: A. Ng, "Neural Networks and Deep Learning", lecture "Computation Graph".

u = b*c; v = a+u; J = 3*v
