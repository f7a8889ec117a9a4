"""A child process that speaks as the listener does, and sends what its parent's test puts into a file.

Run as `python fake_listener.py ADDRESS SCRIPT`: SCRIPT is followed like a log; each line goes to
standard output, `!die` ends the process at once, `!deaf` makes it ignore the end of its standard input.
"""

import os
import sys
import threading
from pathlib import Path


def main() -> None:
    address, script = sys.argv[1], Path(sys.argv[2])
    if script.with_suffix(".busy").exists():
        print(f"{address}: the port is in use by another program.", file=sys.stderr, flush=True)
        raise SystemExit(2)
    print(f"listening {address}", file=sys.stderr, flush=True)
    deaf = threading.Event()

    def watch_parent() -> None:
        sys.stdin.read()
        if not deaf.is_set():
            os._exit(0)

    threading.Thread(target=watch_parent, daemon=True).start()
    done = 0
    pause = threading.Event()
    while True:
        lines = script.read_text(encoding="utf-8").splitlines()
        for line in lines[done:]:
            if line == "!die":
                script.write_text("", encoding="utf-8")
                os._exit(1)
            if line == "!deaf":
                deaf.set()
            print(line, flush=True)
        done = len(lines)
        pause.wait(0.01)


main()
