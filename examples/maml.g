# Meta-learning: weights are sought from which one step of gradient descent on a task's
# training data does well on its test data.  dw contains second derivatives of the inner
# loss.
# Source: C. Finn, P. Abbeel and S. Levine, "Model-Agnostic Meta-Learning for Fast
# Adaptation of Deep Networks", ICML 2017, algorithm 1.

input X[B, N, D], y[B, N], X_test[B, M, D], y_test[B, M]      # B tasks
param w[D], log_rate

def predict(X, w) = tanh(X @ w)

def adapted(X, y, w, rate) {
    e = predict(X, w) - y
    loss = dot(e, e)/2
    return w - rate*grad(loss, w)
}

wb[b] = adapted(X[b], y[b], w, exp(log_rate))
p[b] = predict(X_test[b], wb[b])
J = sum[b, n]((p[b, n] - y_test[b, n])^2) / (2*B)
