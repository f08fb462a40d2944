"""``python -m koepel`` is ``koepel``."""

from koepel.cli import main

if __name__ == "__main__":
    main()
