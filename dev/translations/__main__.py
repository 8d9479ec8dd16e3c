"""The command line of `make locales`."""

import argparse
import sys

from translations.catalogues import add, check, update
from translations.packages import PACKAGES


def main() -> int:
    parser = argparse.ArgumentParser(prog="make locales", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("--add", metavar="LANGUAGE", help="add catalogues for a language, such as fr or pt-BR")
    options = parser.parse_args()
    try:
        for package in PACKAGES:
            if options.add:
                add(package, options.add)
            elif not options.check:
                update(package)
    except (ValueError, LookupError) as fault:
        print(f"locales: {fault}", file=sys.stderr)
        return 1
    faults = [fault for package in PACKAGES for fault in check(package)]
    print("\n".join(sorted(faults)) or "locales: all translations are complete")
    return 1 if faults and not options.add else 0


if __name__ == "__main__":
    sys.exit(main())
