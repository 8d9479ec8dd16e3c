"""The command line of `make locales`."""

import argparse
import sys

from translations.catalogues import add, check, update
from translations.packages import PACKAGES


def main() -> int:
    parser = argparse.ArgumentParser(prog="make locales", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    parser.add_argument("--add", metavar="LANGUAGE", help="add the catalogues of a language, such as fr or pt-BR")
    options = parser.parse_args()
    try:
        added = [package for package in PACKAGES if options.add and add(package, options.add)]
        for package in () if options.check else PACKAGES:
            update(package)
    except (ValueError, LookupError) as fault:
        print(f"locales: {fault}", file=sys.stderr)
        return 1
    if options.add:
        print("\n".join(f"locales: added in {package.locales}" for package in added) or "locales: nothing to add")
        return 0
    faults = [fault for package in PACKAGES for fault in check(package)]
    print("\n".join(sorted(faults)) or "locales: all translations are complete")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
