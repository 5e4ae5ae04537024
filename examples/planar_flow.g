# A density made by L planar layers from the normal one: each layer moves a point along u
# by tanh(w . z + b), and the logarithm of its determinant is collected.  J is the mean
# negative log-density of data that are carried back to normal ones.
# Source: D. J. Rezende and S. Mohamed, "Variational Inference with Normalizing Flows",
# ICML 2015, section 4.1.

input x[N, D]
param u[L, D], w[L, D], b[L]

def log_density(x, u, w, b) {
    loop k in L carry z = x {
        t = tanh(dot(w[k], z) + b[k])
        # det (I + u psi^T) = 1 + u . psi,  psi = (1 - t^2) w
        d[k] = log(abs(1 + (1 - t^2)*dot(u[k], w[k])))
        z = z + u[k]*t
    }
    return sum(d) - dot(z, z)/2 - D/2*log(2*pi)
}

p[n] = log_density(x[n], u, w, b)
J = -mean(p)
