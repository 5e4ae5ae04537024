J = sum[n](min[k](c))
