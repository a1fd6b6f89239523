"""Passwords as argon2id hashes, made and checked in two threads of their own.

A hash takes some 30 ms and 19 MiB on purpose. More than two at once would only take the processors
from every other request, and an endless queue would let a stranger fill the memory, so callers
beyond the queue are told to come back.
"""

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dropship.runtime.errors import Retry

AT_ONCE = 2
WAITING_MAX = 64


class Passwords:
    """Makes and checks hashes; parameters are those of OWASP (19 MiB, two passes, one lane)."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        self._decoy = self._hasher.hash("nobody has this password")

    async def make(self, password: str) -> str:
        """The hash to keep. Raises Retry when too many wait."""
        return await self._in_thread(_known_spelling(password))

    async def fits(self, password: str, known_hash: str | None) -> bool:
        """Whether the password is right.

        Without a hash (nobody has that address) it works just as long and says no, so that the time
        tells nothing about who has an account. Raises Retry when too many wait.
        """
        right = await self._in_thread(_known_spelling(password), known_hash or self._decoy)
        return right == "yes" and known_hash is not None

    def is_outdated(self, known_hash: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(known_hash)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, password: str, known_hash: str | None = None) -> str:
        if self._waiting >= WAITING_MAX:
            raise Retry(2.0, "too_many_sign_ins")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            if known_hash is None:
                return await loop.run_in_executor(self._threads, self._hasher.hash, password)
            return await loop.run_in_executor(self._threads, self._verdict, password, known_hash)
        finally:
            self._waiting -= 1

    def _verdict(self, password: str, known_hash: str) -> str:
        try:
            self._hasher.verify(known_hash, password)
        except (VerificationError, InvalidHashError):
            return "no"
        return "yes"


def _known_spelling(password: str) -> str:
    """One spelling for letters that keyboards compose differently (RFC 8265)."""
    return unicodedata.normalize("NFC", password)
