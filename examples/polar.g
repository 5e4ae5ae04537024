# From polar to Cartesian coordinates: two outputs, so the derivative is a matrix.
#
#     gradc run examples/polar.g --inputs examples/polar.json --jacobian

param r, phi

x = r*cos(phi)
y = r*sin(phi)
output x, y
