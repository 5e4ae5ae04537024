"""The typed, flat, frozen graph of equations that every other stage works on."""
