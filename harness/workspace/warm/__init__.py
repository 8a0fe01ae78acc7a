"""The warm interpreter: commands forked from processes that have imported what most commands import.

Outside, in the grading process: `launcher`, `crew`, `channel`. In the template processes that it starts, in
the servers forked from those (one of each kind per workspace), and in the commands forked from the servers:
`template`, `server`, `program`, `interpreter`. In the workspace's own `bin` folder: `client`.
"""

from __future__ import annotations
