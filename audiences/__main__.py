"""`python -m audiences` is `boomerang`."""

from audiences.cli import main

main()
