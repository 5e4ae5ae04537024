// Gradient descent on the logistic regression of examples/logistic_regression.g, with the code that
// gradc emits for its value and gradient.
//
//     gradc compile examples/logistic_regression.g --target c -o logistic_regression.c
//     gradc compile examples/logistic_regression.g --target c --header -o logistic_regression.h
//     cc -O3 -march=native -fopenmp-simd -I. examples/c/descent.c logistic_regression.c -lm -o descent
//
// It is C++ as well.

#include <stdio.h>
#include <stdlib.h>

#include "logistic_regression.h"

enum { ROWS = 1000, COLUMNS = 3, STEPS = 200 };

// A number between -1 and 1, the next of a fixed sequence.
static double next_number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state / 2147483648.0 - 1.0;
}

int main(void) {
    static double X[ROWS * COLUMNS], y[ROWS];
    uint32_t state = 1;
    for (int i = 0; i < ROWS; i++) {
        double *x = X + i * COLUMNS;
        for (int j = 0; j < COLUMNS; j++) x[j] = next_number(&state);
        y[i] = 3.0 * x[0] - 2.0 * x[1] + 0.5 + next_number(&state) > 0.0;
    }

    // One workspace for all calls; NULL instead would make each call allocate its own.
    int64_t count = logistic_regression_value_and_grad_workspace(ROWS, COLUMNS);
    double *workspace = (double *)malloc((size_t)count * sizeof(double));
    if (workspace == NULL) return 1;

    double w[COLUMNS] = {0.0, 0.0, 0.0}, b = 0.0;
    for (int step = 0; step <= STEPS; step++) {
        double J, dw[COLUMNS], db;
        int code = logistic_regression_value_and_grad(X, y, w, b, ROWS, COLUMNS, &J, dw, &db,
            workspace, NULL);
        if (code != 0) return 1;
        if (step % 50 == 0) printf("step %3d  J = %.6f\n", step, J);
        for (int j = 0; j < COLUMNS; j++) w[j] -= dw[j];
        b -= db;
    }
    printf("w = %.3f %.3f %.3f  b = %.3f\n", w[0], w[1], w[2], b);
    free(workspace);
    return 0;
}
