"""`python -m tinycc`."""

from tinycc.cli import main

main()
