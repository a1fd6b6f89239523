"""``python -m dropship.cli`` and the program ``dropship``."""

from dropship.cli.commands import dropship


def main() -> None:
    dropship()


if __name__ == "__main__":
    main()
