"""What is to be measured: the settings of a run, and everybody who takes part."""

import contextlib
import functools
import pathlib
import shutil
import sys
import tempfile

import roots
import servers


class Plan:
    """The settings of one run. `programs` are the athens binaries by name: `athens`, and `before` if there is one."""

    def __init__(self, place, programs, others, rounds, seconds, connections, quick, logs):
        self.place, self.programs, self.others = pathlib.Path(place), programs, others
        self.rounds, self.seconds, self.connections, self.quick, self.logs = rounds, seconds, connections, quick, logs
        # How many modules a large tree has.
        self.many = 200 if quick else 100_000

    @property
    def athens(self):
        return self.programs["athens"]

    @functools.cached_property
    def real(self):
        """The root of real modules; with `--quick` of a few made-up ones."""
        return (roots.quick_modules if self.quick else roots.real_modules)(self.athens, self.place)

    def made_up(self, modules):
        return roots.made_up(self.place, modules)

    @contextlib.contextmanager
    def all_over(self, root, *flags, cache=True, connections=4096, others=False):
        """Everybody over one root, started. athens takes 4096 connections without a flag. Proxies that somebody else started have
        the real modules at the most."""
        with self.scratch() as place, contextlib.ExitStack() as stack:
            started = []
            for name, program in self.programs.items():
                log = place / f"{name}.log" if self.logs else None
                started.append(stack.enter_context(servers.start_athens(program, root, place / name, *flags, name=name, log=log)))
            log = place / "nginx.log" if self.logs else None
            started.append(stack.enter_context(servers.start_nginx(root, place / "nginx", cache=cache, connections=connections, log=log)))
            if others:
                started += [servers.Server(name, url) for name, url in self.others.items()]
            yield started

    @contextlib.contextmanager
    def scratch(self):
        place = pathlib.Path(tempfile.mkdtemp(dir=self.place, prefix="run-"))
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)
