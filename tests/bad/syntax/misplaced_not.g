y = 1 if a == not b else 0
