# Bundle adjustment: where cameras see points of space, against where they were observed.
# A camera is its rotation r as angle times axis, its centre c, focal length f, principal
# point u and coefficients k of radial distortion: cam = [r1 r2 r3 c1 c2 c3 f u1 u2 k1 k2].
# Each observation has a weight w; 1 - w^2 keeps weights from vanishing.
# Source: B. Triggs, P. McLauchlan, R. Hartley and A. Fitzgibbon, "Bundle Adjustment: A
# Modern Synthesis", Vision Algorithms 1999; weights: C. Zach, "Robust Bundle Adjustment
# Revisited", ECCV 2014.  Rotation: O. Rodrigues, Journal de mathematiques 5 (1840).

input feat[P, 2]                        # the image coordinates of each observation,
input camera[P] in C, point[P] in M     # by which camera, and of which point
param cam[C, 11], X[M, 3], w[P]

def cross(a[3], b[3]) = [a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]]

# x turned by the angle |r| about r.  At r = 0 the axis is undefined, but the derivative is
# not: it is that of x + r cross x.
def rotate(r[3], x[3]) {
    theta = norm(r)
    k = r / theta
    turned = x*cos(theta) + cross(k, x)*sin(theta) + k*(dot(k, x)*(1 - cos(theta)))
    return turned if theta > 0 else x + cross(r, x)
}

def distort(p[2], k[2]) {
    rho = dot(p, p)
    return p * (1 + k[0]*rho + k[1]*rho^2)
}

def project(cam[11], X[3]) {
    x = rotate(cam[0:3], X - cam[3:6])
    return cam[6]*distort(x[0:2] / x[2], cam[9:11]) + cam[7:9]
}

# What an observation depends on: 11 parameters of its camera, 3 of its point, its weight
own[p] = concat(cam[camera[p]], X[point[p]], [w[p]])
seen[p] = project(own[p, 0:11], own[p, 11:14])
reprojection[p, i] = own[p, 14] * (seen[p, i] - feat[p, i])
weight = 1 - w^2

# The derivative of the sum of one coordinate over all observations, with respect to what each
# depends on, has a row of each observation's block of the Jacobian.
across = sum[p](reprojection[p, 0])
down = sum[p](reprojection[p, 1])
d_across = grad(across, own)
d_down = grad(down, own)
block[p] = stack(d_across[p], d_down[p])
total = sum(weight)
d_weight = grad(total, w)
output block, d_weight
