"""A script that runs warm is not to be told from one that runs cold."""
# ruff: noqa: E501 (a program in a line is easier to read than one in three)

from __future__ import annotations

import re

import pytest

from .conftest import Pair

PROGRAMS = {
    "arguments": "import sys\nprint(sys.argv, sys.orig_argv[1:], __name__, __file__, sys.path[0], sys.executable)\n",
    "names": "print({k: type(v).__name__ for k, v in globals().items()})\nprint(__package__, __spec__, __doc__)\n",
    "standard input": "import sys\nprint(repr(sys.stdin.read()), sys.stdin.encoding, sys.stdin.mode)\n",
    "streams": "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr):\n"
    "    print(s, s.errors, s.line_buffering, s.isatty(), s.newlines)\nprint(sys.stdout is sys.__stdout__)\n",
    "exit code": "import sys\nsys.exit(3)\n",
    "exit code out of range": "import sys\nsys.exit(2**40 + 7)\n",
    "exit by instance": "raise SystemExit(256 + 9)\n",
    "exit code of a caught exit": "import sys\ntry:\n    raise SystemExit(3)\nexcept SystemExit as e:\n"
    "    print(e.code, vars(SystemExit).keys())\nsys.exit(4)\n",
    "exit by text": "import sys\nprint('out')\nsys.exit('a reason')\n",
    "exit by nothing": "import sys\nsys.exit()\n",
    "exit by truth": "raise SystemExit(True)\n",
    "exception": "def f(n):\n    return 1 / n\n\n\nf(0)\n",
    "chained exceptions": "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e\n",
    "syntax error": "print(1\nx =\n",
    "null byte": "x = 1\0\n",
    "keyboard interrupt": "raise KeyboardInterrupt\n",
    "interrupted": "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n",
    "killed": "import os, signal\nprint('before', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "terminated": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
    "signals": "import signal\nprint([(s.name, str(signal.getsignal(s))) for s in sorted(signal.valid_signals())"
    " if isinstance(s, signal.Signals)])\n".replace("str(signal", "repr(signal"),
    "handled signal": "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: print('handled'))\n"
    "os.kill(os.getpid(), signal.SIGTERM)\nprint('after')\n",
    "no return": "import os\nprint('lost')\nos.write(1, b'kept')\nos._exit(5)\n",
    "exit handlers": "import atexit, sys\natexit.register(print, 'first')\natexit.register(lambda: print('second'))\n"
    "print('body')\n",
    "failing exit handler": "import atexit\natexit.register(lambda: 1 / 0)\n",
    "exit in an exit handler": "import atexit, sys\natexit.register(lambda: sys.exit(6))\nprint('body')\n",
    "destructors": "class D:\n    def __init__(self, n): self.n = n\n    def __del__(self): print('gone', self.n)\n\n\n"
    "a = D(1)\n_b = D(2)\n",
    "modules of its own": "import sys, types\n\n\nclass D:\n    def __del__(self): print('gone')\n\n\n"
    "late = types.ModuleType('late')\nlate.__file__ = 'late.py'\nlate.d = D()\nsys.modules['late'] = late\ndel late\n"
    "import json\ndel sys.modules['json']\nimport json\nprint(json.dumps([1]))\n",
    "modules in their order": "import sys\nprint([n for n in sys.modules if n in ('sys', 'builtins', '__main__')], 'harness' in sys.modules)\n",
    "random numbers": "import numpy\nprint(len({numpy.random.rand() for _ in range(9)}))\n",
    "hooks": "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0\n",
    "failing hook": "import sys\n\n\ndef hook(*a):\n    raise ValueError\n\n\nsys.excepthook = hook\n1 / 0\n",
    "frames": "import inspect, sys, traceback\nprint(len(inspect.stack()), sys._getframe().f_back)\n"
    "traceback.print_stack()\n",
    "depth": "import sys\nn = 0\n\n\ndef f():\n    global n\n    n += 1\n    f()\n\n\ntry:\n    f()\n"
    "except RecursionError:\n    print(n, sys.getrecursionlimit())\nf()\n",
    "warnings": "import warnings\nwarnings.warn('a')\nwarnings.warn('b', stacklevel=2)\nwarnings.warn('c',"
    " DeprecationWarning)\nwarnings.simplefilter('ignore')\nwarnings.warn('d')\n",
    "threads": "import threading, time\n\n\ndef work():\n    time.sleep(0.1)\n    print('worked')\n\n\n"
    "threading.Thread(target=work).start()\nprint(threading.current_thread().name)\n",
    "failing thread": "import threading\nthreading.Thread(target=lambda: 1 / 0, name='t').start()\n",
    "pools": "from concurrent.futures import ThreadPoolExecutor\nwith ThreadPoolExecutor(3) as p:\n"
    "    print(list(p.map(abs, range(-3, 3))))\n",
    "processes": "import multiprocessing as m\n\n\ndef f(x):\n    return x * x\n\n\nif __name__ == '__main__':\n"
    "    for how in ('fork', 'spawn', 'forkserver'):\n        with m.get_context(how).Pool(2) as p:\n"
    "            print(how, p.map(f, range(4)))\n",
    "subprocess": "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'print(1)'], text=True,"
    " capture_output=True).stdout)\nsubprocess.run(['sh', '-c', 'echo two; exit 2'], check=True)\n",
    "nested": "import subprocess\nprint(subprocess.run(['python', 'inner.py', 'a b'], capture_output=True))\n",
    "fork": "import os, sys\npid = os.fork()\nif not pid:\n    print('child')\n    sys.exit(3)\n"
    "print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n",
    "descriptors": "import os\nprint(sorted(os.listdir('/proc/self/fd')))\n",
    "large output": "print('x' * 3_000_000)\n",
    "no newline": "import sys\nsys.stdout.write('out')\nsys.stderr.write('err')\n",
    "text": "print('ä€𝄞')\nimport sys\nprint(sys.getfilesystemencoding(), sys.getdefaultencoding())\n",
    "environment": "import os\nprint(sorted(os.environ.items()))\n",
    "flags": "import sys\nprint(sys.flags.safe_path, sys.flags.dev_mode, sys.warnoptions, sys.dont_write_bytecode,"
    " sys._xoptions, sys.path[1:])\n",
    "umask and folder": "import os\nprint(oct(os.umask(0)), os.getcwd())\n",
    "time zone": "import time, tempfile\nprint(time.tzname, tempfile.gettempdir())\n",
    "local module": "import beside, package.inner\nprint(beside.__file__, package.inner.up())\n",
    "random": "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)\nprint(random.random(), numpy.random.rand())\n",
    "forest": "import numpy as n\nfrom sklearn.ensemble import RandomForestClassifier as R\n"
    "x = n.random.RandomState(0).rand(200, 4)\nm = R(20, random_state=1, n_jobs=2).fit(x, x[:, 0] > 0.5)\n"
    "print(m.predict_proba(x)[:3].tolist(), m.score(x, x[:, 1] > 0.5))\n",
    "frame": "import pandas\nd = pandas.DataFrame({'a': [1.5, 2], 'b': ['x', None]})\nd.to_csv('o.csv')\n"
    "print(open('o.csv').read(), pandas.read_csv('o.csv').dtypes)\n",
    "broken pipe": "import os, sys\nr, w = os.pipe()\nos.close(r)\nos.dup2(w, 1)\nprint('x')\n",
    "closed output": "import sys\nsys.stdout.close()\n",
    "logging": "import logging\nlogging.warning('a')\nlogging.basicConfig(level='INFO')\nlogging.info('b')\n",
    "asynchronous": "import asyncio\n\n\nasync def f():\n    await asyncio.sleep(0)\n    return 1\n\n\nprint(asyncio.run(f()))\n",
}
BESIDE = {
    "beside.py": "X = 1\n",
    "package/__init__.py": "",
    "package/inner.py": "from . import __name__ as n\n\n\ndef up():\n    return n\n",
    "inner.py": "import sys\nprint(sys.argv)\nsys.exit(len(sys.argv))\n",
}


def without_addresses(text: str) -> str:
    """A text without what differs between two runs of any program."""
    return re.sub(r"0x[0-9a-f]+", "0x…", text)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_script_gives_the_same(pair: Pair, name: str) -> None:
    """Exit code and both outputs of a script are those of a cold start."""
    pair.write({**BESIDE, "scripts/program.py": PROGRAMS[name], "scripts/beside.py": "", **prefixed(BESIDE)})
    warm, cold = pair.run("python", "scripts/program.py", "a b", "-c")
    assert without_addresses(warm.describe()) == without_addresses(cold.describe())


def prefixed(files: dict[str, str]) -> dict[str, str]:
    """The files in the folder of the scripts."""
    return {f"scripts/{name}": text for name, text in files.items()}


@pytest.mark.parametrize("typed", ["./scripts/p.py", "scripts/../scripts//p.py", "link.py", "scripts/p.py"])
def test_a_script_is_named_as_it_was_typed(pair: Pair, typed: str) -> None:
    """However a script's path is written, its names are those of a cold start."""
    pair.write({"scripts/p.py": "import sys\nprint(sys.argv, __file__, sys.path[0])\n1 / 0\n"})
    pair.run("ln", "-s", "scripts/p.py", "link.py")
    warm, cold = pair.run("sh", "-c", f"python {typed}; cd scripts && python3 ../{typed}")
    assert warm.describe() == cold.describe()
