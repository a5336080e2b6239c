"""Builds images with a cross compiler, runs them natively or under QEMU, and measures them."""
