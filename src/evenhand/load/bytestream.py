"""The bytes of a text file as UTF-8: decompressed, transcoded, digested and checked for NUL on the way.

May import: errors, load.paths, pyarrow.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import secrets
import zlib
from typing import IO, Any

from evenhand.errors import DataError, UsageError
from evenhand.load.paths import InputFile, cannot_read

_PIECE = 1024 * 1024

# Stands in the text for bytes that are not in the declared encoding, so that only wanted columns are refused for
# them, by row. No file can hold it by chance or know it in advance.
NOT_TEXT = "\ufffd" + secrets.token_hex(16)


def _marked(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    return NOT_TEXT, problem.end


codecs.register_error("evenhand.not_text", _marked)


class _Digesting(io.RawIOBase):
    """A raw file that digests whatever is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        self.sha256.update(piece)
        return len(piece)


class ByteStream:
    """A readable stream of one file's text in UTF-8, without a byte order mark.

    `read` raises DataError for a file that is cut off or damaged and for a NUL byte. Bytes that are not in `encoding`
    become `NOT_TEXT`, and `damaged` is true from then on. `tail` is handed out after the last byte, once, in a line of
    its own. Use as a context manager.
    """

    closed = False

    def __init__(self, file: InputFile, encoding: str) -> None:
        name = codec_name(encoding)
        self.name = file.name
        self.tail = b""
        self.damaged = False
        self.encoding = name
        self._decoder = codecs.getincrementaldecoder(name)("evenhand.not_text")
        self._lines = 1
        self._last = b""
        self._pushed = b""
        self._ended = False
        try:
            self._file = file.path.open("rb", buffering=0)
        except OSError as problem:
            raise cannot_read(file.name, problem) from None
        self._raw = _Digesting(self._file)
        self._plain = _decompressed(self._raw, file)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ByteStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; reading on is an error."""
        self._file.close()

    def readable(self) -> bool:
        """Always, for pyarrow."""
        return True

    def sha256(self) -> str:
        """Digest of the file as it lies on disk; what was not read yet is read now."""
        while self._raw.read(_PIECE):
            pass
        return self._raw.sha256.hexdigest()

    def push_back(self, piece: bytes) -> None:
        """Hand `piece` out again before anything else."""
        self._pushed = piece + self._pushed

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most about `size` of them; b"" at the end."""
        if self._pushed:
            cut = len(self._pushed) if size < 0 else size
            piece, self._pushed = self._pushed[:cut], self._pushed[cut:]
            return piece
        piece = self._next(size if size > 0 else _PIECE)
        if piece:
            self._last = piece[-1:]
            return piece
        tail, self.tail = self.tail, b""
        return b"\n" + tail if tail and self._last not in (b"\n", b"\r", b"") else tail

    def _begin(self) -> None:
        """Drop a byte order mark."""
        first = self._next(_PIECE)
        self._last = first[-1:]
        self._pushed = first.removeprefix(codecs.BOM_UTF8)

    def _next(self, size: int) -> bytes:
        while not self._ended:
            piece = self._read_plain(size)
            self._ended = not piece
            piece = self._transcoded(piece)
            if piece:
                self._refuse_nul(piece)
                return piece
        return b""

    def _read_plain(self, size: int) -> bytes:
        try:
            return bytes(self._plain.read(size))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            damaged = True
        except OSError as problem:
            if problem.errno is not None:
                raise cannot_read(self.name, problem) from None
            damaged = True
        assert damaged
        raise DataError(f"`{self.name}` is cut off or damaged: it cannot be decompressed to its end")

    def _transcoded(self, piece: bytes) -> bytes:
        text = self._decoder.decode(piece, final=not piece)
        if not text.isascii():
            self.damaged = self.damaged or NOT_TEXT in text
        return text.encode()

    def _refuse_nul(self, piece: bytes) -> None:
        nul = piece.find(b"\0")
        if nul >= 0:
            if self._lines == 1 and self.damaged and piece.startswith(2 * NOT_TEXT.encode()):  # a mark of byte order
                raise DataError(f"`{self.name}` is UTF-16, not UTF-8", hint="name it: `data.encoding: utf-16`")
            line = self._lines + piece.count(b"\n", 0, nul)
            raise DataError(
                f"`{self.name}` holds a NUL byte at line {line:,}",
                hint="it is no plain text, or its encoding must be named, such as `data.encoding: utf-16`",
            )
        self._lines += piece.count(b"\n")


def not_text(stream: ByteStream, where: str) -> DataError:
    """The error for bytes that are not in the declared encoding."""
    return DataError(
        f"`{stream.name}` is not {stream.encoding.upper()} text {where}",
        hint="name the encoding of the file, such as `data.encoding: latin-1` or `cp1252`",
    )


def codec_name(encoding: str) -> str:
    """Python's name of a text encoding. Raises UsageError for an unknown one.

    >>> codec_name("Latin-1")
    'iso8859-1'
    """
    try:
        found = codecs.lookup(encoding)
        "".encode(found.name)
    except (LookupError, ValueError):
        raise UsageError(
            f"`{encoding}` is not a known text encoding", hint="such as utf-8, latin-1 or cp1252"
        ) from None
    return found.name


def _decompressed(raw: _Digesting, file: InputFile) -> Any:
    """A stream of the file's content: several gzip members and several zstd frames follow one another."""
    if file.compression == "gzip":
        return gzip.GzipFile(fileobj=io.BufferedReader(raw, _PIECE), mode="rb")
    if file.compression == "zstd":
        import pyarrow as pa

        return pa.CompressedInputStream(pa.PythonFile(io.BufferedReader(raw, _PIECE), mode="r"), "zstd")
    return io.BufferedReader(raw, _PIECE)
