"""The queue's process: `python -P -m sessions.queue HOME`."""

import sys

from sessions.queue.process import main

sys.exit(main(sys.argv[1:]))
