"""Makes `python -m upsdesk` the same as the command `upsdesk`."""

import sys

if __name__ == "__main__":
    from upsdesk.cli.main import main

    sys.exit(main())
