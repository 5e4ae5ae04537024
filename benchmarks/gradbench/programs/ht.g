# Hand tracking: a mesh of skin on a skeleton, against measured points.  Each bone turns by
# angles of `theta` in the frame of its parent; a vertex moves as the weighted mean of its
# bones; the whole hand is turned and shifted.  A point was measured on a triangle of the mesh,
# at coordinates u of the triangle, or at a vertex.
# Source: J. Taylor et al., "User-Specific Hand Modeling from Monocular Depth Sequences",
# CVPR 2014; in the form of F. Srajer, Z. Kukelova and A. Fitzgibbon, Optimization Methods and
# Software 33 (2018), section 4.3.

dim B = 22                                          # wrist, five fingers of four, forearm
input parent[B] in B + 1                            # 0: the hand, b + 1: bone b
input relative[B, 4, 4], inverse[B, 4, 4]           # frames of the bones at rest
input rest[V, 4], weight[V, B], mirror              # the vertices that the points refer to
input point[N, 3], corner[N, 3] in V
param theta[26], u[N, 2]

# Bones 2, 6, 10, 14 and 18 bend and spread, the next two of each finger bend.
bend[b in B] = theta[6 + 4*((b - 2)//4) + (b - 2)%4 + ((b - 2)%4 + 1)//2] if b >= 2 and (b - 2)%4 < 3 else 0
spread[b in B] = theta[7 + 4*((b - 2)//4)] if b >= 2 and (b - 2)%4 == 0 else 0

def turn(x, z) = [[cos(z), -sin(z)*cos(x), sin(z)*sin(x), 0],
                  [sin(z), cos(z)*cos(x), -cos(z)*sin(x), 0],
                  [0, sin(x), cos(x), 0],
                  [0, 0, 0, 1]]
posed[b] = relative[b] @ turn(bend[b], spread[b])

# frame[0] is that of the hand, frame[b + 1] that of bone b.
first[b in B + 1, i in 4, j in 4] = 1 if b == 0 and i == j else 0
loop b in B carry frame = first {
    here = frame[parent[b]] @ posed[b]
    frame[a in B + 1, i in 4, j in 4] = here[i, j] if a == b + 1 else frame[a, i, j]
}
moved[b in B] = frame[b + 1] @ inverse[b]
skin[v, i in 3] = sum[b, j](weight[v, b]*rest[v, j]*moved[b, i, j])
seen[v, i in 3] = (mirror if i == 0 else 1)*skin[v, i]

# The turn of the whole hand, by the angle |r| about r
def rotation(r[3]) {
    angle = norm(r)
    k = r/angle
    cross = [[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]]
    turned = outer(k, k) + cos(angle)*(eye(3) - outer(k, k)) + sin(angle)*cross
    return turned if angle >= 0.0001 else eye(3)
}
R = rotation(theta[0:3])
vertex[v, i in 3] = sum[j](R[i, j]*seen[v, j]) + theta[3 + i]

# One coordinate of all points against those of the corners of their triangles
def residual(point[N], at[N, 3], u[N, 2]) {
    e[n] = point[n] - (u[n, 0]*at[n, 0] + u[n, 1]*at[n, 1] + (1 - u[n, 0] - u[n, 1])*at[n, 2])
    return e
}
at_x[n, c] = vertex[corner[n, c], 0]
at_y[n, c] = vertex[corner[n, c], 1]
at_z[n, c] = vertex[corner[n, c], 2]
e_x = residual(point[:, 0], at_x, u)
e_y = residual(point[:, 1], at_y, u)
e_z = residual(point[:, 2], at_z, u)
residuals[n] = [e_x[n], e_y[n], e_z[n]]

# A residual depends on its own u, and on theta through the corners of its triangle: the
# derivatives in these by reverse mode of the sum over all points, those of the vertices in
# theta by forward mode, and the chain rule between the two.
moves = jacobian(vertex, theta, mode=forward)
sum_x = sum(e_x)
sum_y = sum(e_y)
sum_z = sum(e_z)
x_at = grad(sum_x, at_x)
y_at = grad(sum_y, at_y)
z_at = grad(sum_z, at_z)
x_theta[n, t] = sum[c](x_at[n, c]*moves[corner[n, c], 0, t])
y_theta[n, t] = sum[c](y_at[n, c]*moves[corner[n, c], 1, t])
z_theta[n, t] = sum[c](z_at[n, c]*moves[corner[n, c], 2, t])
J_theta[n] = stack(x_theta[n], y_theta[n], z_theta[n])
x_u = grad(sum_x, u)
y_u = grad(sum_y, u)
z_u = grad(sum_z, u)
J[n] = stack(concat(x_u[n], x_theta[n]), concat(y_u[n], y_theta[n]), concat(z_u[n], z_theta[n]))
output J
