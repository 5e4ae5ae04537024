a = b  # ‮ txet
c‎ = d
