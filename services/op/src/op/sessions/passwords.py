"""Passwords: argon2id (RFC 9106) in a bounded pool of threads, off the event loop."""

import asyncio
import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from weakref import WeakValueDictionary

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

P = ParamSpec("P")
T = TypeVar("T")

# OWASP's second choice of parameters: about 20 ms and 19 MiB for a hash.
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
THREADS = 2
PASSWORD_LIMIT = 1024
LEAST_LENGTH = 8  # of a password that a user chooses (NIST SP 800-63B §5.1.1.2)
IDLE_SECONDS = 2.0

_M_ARENA_MAX = -8
_libc = ctypes.CDLL(None)
_malloc_trim = getattr(_libc, "malloc_trim", None)


class Passwords:
    """Hashes and checks; at most THREADS at a time, the rest wait.

    Who counts passwords does it inside the `turn` of that user and address: a good one is forgotten before the next one
    counts, so that good logins in parallel do not add up.
    """

    def __init__(self) -> None:
        if _malloc_trim is not None:
            # glibc, for the whole process and before there are threads: one arena for all, since it trims no other.
            _libc.mallopt(_M_ARENA_MAX, 1)
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._trimming: asyncio.TimerHandle | None = None
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._nobody = self._hasher.hash("nobody's password")

    def turn(self, username: str, address: str) -> asyncio.Lock:
        """The lock that tries of one password from one address take one after the other."""
        return self._turns.setdefault((username.casefold(), address), asyncio.Lock())

    async def hash(self, password: str) -> str:
        return await self._off_loop(self._hasher.hash, password)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the hash's; without a hash (an unknown user) the same work is done for nothing."""
        right = await self._off_loop(self._verify, password_hash or self._nobody, password)
        return right and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def _trim_later(self) -> None:
        """Give back each thread's 19 MiB when no hash has wanted them for a while.

        glibc keeps them, and taking them anew for every hash would make it take half as long again.
        """
        if self._trimming is not None:
            self._trimming.cancel()
        if _malloc_trim is not None:
            self._trimming = asyncio.get_running_loop().call_later(IDLE_SECONDS, _malloc_trim, 0)

    async def _off_loop(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._trim_later()

    def close(self) -> None:
        if self._trimming is not None:
            self._trimming.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
