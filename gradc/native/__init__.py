"""Emitted C as native code: built, kept, loaded and called."""
