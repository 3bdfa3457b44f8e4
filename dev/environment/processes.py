"""Background programs: their ports, their logs and their end."""

import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request

from .progress import Stop

LOOPBACK = "127.0.0.1"

_running = set()
_lock = threading.Lock()
_is_ending = threading.Event()


def free_port():
    """Return a free TCP port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def is_answering(port):
    """Return whether something accepts connections on a port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def is_serving(url):
    """Return whether a web server responds to a URL with a page."""
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.status == 200
    except OSError:
        return False


def tail(log, lines=15):
    """Return the last lines of a log file."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def run_logged(command, log, **options):
    """Run a command to its end, append its output to a log file; return its exit status.

    It runs in a separate process group, so that ``stop_all`` also ends its children.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, _lock:
        if _is_ending.is_set():
            raise Stop("interrupted")
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )
        _running.add(process)
    try:
        return process.wait()
    finally:
        with _lock:
            _running.discard(process)


def stop_all(seconds=5):
    """End the commands that ``run_logged`` runs in other threads, and prevent new ones."""
    with _lock:
        _is_ending.set()
        processes = list(_running)
    _signal(processes, signal.SIGTERM)
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(process.poll() is None for process in processes):
        time.sleep(0.05)
    # Odoo's web server inside a test run ignores the first signal.
    _signal(processes, signal.SIGKILL)


def _signal(processes, number):
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, number)


def end_on_signals():
    """Turn the first request to end a script into an exception, so that it can clean up."""
    requests = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number, frame):
        for request in requests:
            signal.signal(request, signal.SIG_IGN)
        raise KeyboardInterrupt

    for request in requests:
        signal.signal(request, end)


class Background:
    """A background program in a separate session.

    The separate session shields it from the terminal's Ctrl-C: it ends when it is stopped, after
    everything that uses it.

    :param name: name for messages to the user
    :param command: list of the program and its arguments
    :param log: file for its output
    :param options: additional arguments of ``subprocess.Popen``
    """

    def __init__(self, name, command, log, **options):
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def wait_until(self, is_ready, seconds=30):
        """Wait until a function returns a true value.

        :raises Stop: if the program ends before, or the time is up
        """
        end = time.monotonic() + seconds
        while not is_ready():
            if self.process.poll() is not None:
                raise Stop(f"{self.name} ended at once:\n{tail(self.log)}")
            if time.monotonic() > end:
                self.stop()
                raise Stop(f"{self.name} did not answer within {seconds} s:\n{tail(self.log)}")
            time.sleep(0.05)
        return self

    def stop(self, seconds=15):
        """Ask the program to end and wait for it; kill it if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        """Kill the program and its children."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            # It has ended, and so have its children.
            pass
        self.process.wait()
