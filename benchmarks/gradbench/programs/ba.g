# Bundle adjustment: where cameras see points of space, against where they were observed.
# A camera is its rotation r as angle times axis, its centre c, focal length f, principal
# point u and coefficients k of radial distortion: cam = [r1 r2 r3 c1 c2 c3 f u1 u2 k1 k2].
# Each quantity has one element for each observation: the parts of a vector have names of their own.
# Each observation has a weight w; 1 - w^2 keeps weights from vanishing.
# Source: B. Triggs, P. McLauchlan, R. Hartley and A. Fitzgibbon, "Bundle Adjustment: A
# Modern Synthesis", Vision Algorithms 1999; weights: C. Zach, "Robust Bundle Adjustment
# Revisited", ECCV 2014.  Rotation: O. Rodrigues, Journal de mathematiques 5 (1840).

input feat[P, 2]                        # the image coordinates of each observation,
input camera[P] in C, point[P] in M     # by which camera, and of which point
param cam[C, 11], X[M, 3], w[P]

r1[p] = cam[camera[p], 0]
r2[p] = cam[camera[p], 1]
r3[p] = cam[camera[p], 2]
c1[p] = cam[camera[p], 3]
c2[p] = cam[camera[p], 4]
c3[p] = cam[camera[p], 5]
f[p] = cam[camera[p], 6]
u1[p] = cam[camera[p], 7]
u2[p] = cam[camera[p], 8]
k1[p] = cam[camera[p], 9]
k2[p] = cam[camera[p], 10]
X1[p] = X[point[p], 0]
X2[p] = X[point[p], 1]
X3[p] = X[point[p], 2]

# X - c turned by the angle |r| about r.  At r = 0 the axis is undefined, but the limits of these
# coefficients are not: 1, 1, 0, and the derivative is that of x + r cross x.
x1 = X1 - c1
x2 = X2 - c2
x3 = X3 - c3
square = r1^2 + r2^2 + r3^2
angle = sqrt(square)
straight = cos(angle) if square > 0 else 1
across = sin(angle)/angle if square > 0 else 1
along = (1 - cos(angle))/square*(r1*x1 + r2*x2 + r3*x3) if square > 0 else 0
t1 = straight*x1 + across*(r2*x3 - r3*x2) + along*r1
t2 = straight*x2 + across*(r3*x1 - r1*x3) + along*r2
t3 = straight*x3 + across*(r1*x2 - r2*x1) + along*r3

a1 = t1/t3
a2 = t2/t3
rho = a1^2 + a2^2
scale = f*(1 + k1*rho + k2*rho^2)
e1[p] = w[p]*(scale[p]*a1[p] + u1[p] - feat[p, 0])
e2[p] = w[p]*(scale[p]*a2[p] + u2[p] - feat[p, 1])
reprojection[p] = [e1[p], e2[p]]
weight = 1 - w^2

# The derivative of the sum of one coordinate over all observations, with respect to what each
# depends on, has a row of each observation's block of the Jacobian.
sum_1 = sum(e1)
sum_2 = sum(e2)
r1_1 = grad(sum_1, r1)
r2_1 = grad(sum_1, r2)
r3_1 = grad(sum_1, r3)
c1_1 = grad(sum_1, c1)
c2_1 = grad(sum_1, c2)
c3_1 = grad(sum_1, c3)
f_1 = grad(sum_1, f)
u1_1 = grad(sum_1, u1)
k1_1 = grad(sum_1, k1)
k2_1 = grad(sum_1, k2)
X1_1 = grad(sum_1, X1)
X2_1 = grad(sum_1, X2)
X3_1 = grad(sum_1, X3)
w_1 = grad(sum_1, w)
r1_2 = grad(sum_2, r1)
r2_2 = grad(sum_2, r2)
r3_2 = grad(sum_2, r3)
c1_2 = grad(sum_2, c1)
c2_2 = grad(sum_2, c2)
c3_2 = grad(sum_2, c3)
f_2 = grad(sum_2, f)
u2_2 = grad(sum_2, u2)
k1_2 = grad(sum_2, k1)
k2_2 = grad(sum_2, k2)
X1_2 = grad(sum_2, X1)
X2_2 = grad(sum_2, X2)
X3_2 = grad(sum_2, X3)
w_2 = grad(sum_2, w)
block[p] = [[r1_1[p], r2_1[p], r3_1[p], c1_1[p], c2_1[p], c3_1[p], f_1[p], u1_1[p],
             0, k1_1[p], k2_1[p], X1_1[p], X2_1[p], X3_1[p], w_1[p]],
            [r1_2[p], r2_2[p], r3_2[p], c1_2[p], c2_2[p], c3_2[p], f_2[p], 0,
             u2_2[p], k1_2[p], k2_2[p], X1_2[p], X2_2[p], X3_2[p], w_2[p]]]
total = sum(weight)
w_weight = grad(total, w)
output block, w_weight
