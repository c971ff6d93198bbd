"""Proxies: objects of the board, used as if they were here."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, NoReturn, cast

from belay.exceptions import BelayException, FeatureUnavailableError
from belay.remote.proxy_handle import Items, handle
from belay.remote.proxy_operators import Operators

_INDEX = (
    "\n if isinstance(a,int):return int(a)"
    "\n if hasattr(a,'__index__'):return a.__index__()"
    "\n raise TypeError('no integer: '+type(a).__name__)"
)
_AWAIT = "return __import__('asyncio').get_event_loop().run_until_complete(a)"
_HAS_ASYNCIO = "\n try:\n  import asyncio\n  return True\n except ImportError:return False"
_EXIT = "\n b=getattr(__import__('builtins'),b,Exception)(c)\n return a.__exit__(type(b),b,None)"


class Proxy(Operators):
    """An object of the board, used as if it were here: each operation happens there, in one turn.

    Results that cannot be changed (None, booleans, numbers, text, bytes, ``range``, and tuples and frozensets
    of such) come as values, all others as proxies. Errors of the board come as exceptions of their own type,
    so ``hasattr`` and ``getattr`` with a default do what they should. ``device(proxy)`` copies the object's
    value to the host.

    The board keeps the object until the proxy is dropped here, and is told so along with the next call.
    All names belong to the board's object; a proxy has no methods of its own.
    """

    __slots__ = ()

    # --- attributes -----------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("_ipython_", "_repr_")) and name.endswith("_"):
            # Notebooks look for what no board has.
            raise AttributeError(name)
        return handle(self).get(name)

    def __setattr__(self, name: str, value: object) -> None:
        handle(self).set(name, value)

    def __delattr__(self, name: str) -> None:
        handle(self).delete(name)

    def __dir__(self) -> list[str]:
        return [*handle(self).operate("return tuple(dir(a))")]

    # --- calls ----------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the board's object."""
        return handle(self).call(args, kwargs)

    def __await__(self) -> Generator[Any, Any, Any]:
        return _awaited(self).__await__()

    def __enter__(self) -> Any:
        return handle(self).operate("return a.__enter__()")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> bool:
        if kind is None:
            return bool(handle(self).operate("return a.__exit__(None,None,None)"))
        # The nearest type that the board knows, too; its own exceptions are told by their names.
        name = next(base.__name__ for base in kind.__mro__ if base.__module__ == "builtins")
        return bool(handle(self).operate(_EXIT, name, str(error)))

    def __instancecheck__(self, instance: object) -> bool:
        return bool(handle(self).operate("return isinstance(b,a)", instance))

    # --- items ----------------------------------------------------------------------------------

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return handle(self).operate("return a[b:c:d]", index.start, index.stop, index.step)
        return handle(self).operate("return a[b]", index)

    def __setitem__(self, index: Any, value: object) -> None:
        if isinstance(index, slice):
            handle(self).operate("a[b:c:d]=e", index.start, index.stop, index.step, value)
        else:
            handle(self).operate("a[b]=c", index, value)

    def __delitem__(self, index: Any) -> None:
        if isinstance(index, slice):
            handle(self).operate("del a[b:c:d]", index.start, index.stop, index.step)
        else:
            handle(self).operate("del a[b]", index)

    def __iter__(self) -> Iterator[Any]:
        return Items(handle(self).hold("held[k]=iter(a)"))

    def __reversed__(self) -> Iterator[Any]:
        return Items(handle(self).hold("held[k]=iter(reversed(a))"))

    def __next__(self) -> Any:
        return handle(self).operate("return next(a)")

    def __len__(self) -> int:
        return cast("int", handle(self).operate("return len(a)"))

    def __contains__(self, item: object) -> bool:
        return cast("bool", handle(self).operate("return b in a", item))

    # --- what it is -----------------------------------------------------------------------------

    def __repr__(self) -> str:
        try:
            kind, text = handle(self).operate("return type(a).__name__,repr(a)")
        except BelayException as error:
            return f"<Proxy ({error})>"
        return f"<Proxy of {kind}: {text}>"

    def __format__(self, form: str) -> str:
        return cast("str", handle(self).operate("return ('{:'+b+'}').format(a)", form))

    def __index__(self) -> int:
        return cast("int", handle(self).operate(_INDEX))

    def __copy__(self) -> Proxy:
        return self

    def __deepcopy__(self, _memo: object) -> Proxy:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a proxy cannot be pickled: its object is on the board")

    def __str__(self) -> str:
        return cast("str", handle(self).operate("return str(a)"))

    def __bytes__(self) -> bytes:
        return cast("bytes", handle(self).operate("return bytes(a)"))

    def __bool__(self) -> bool:
        return cast("bool", handle(self).operate("return bool(a)"))

    def __int__(self) -> int:
        return cast("int", handle(self).operate("return int(a)"))

    def __float__(self) -> float:
        return cast("float", handle(self).operate("return float(a)"))

    def __complex__(self) -> complex:
        return cast("complex", handle(self).operate("return complex(a)"))


async def _awaited(proxy: Proxy) -> Any:
    """Run a coroutine or a task of the board's to its end, without holding up the host's event loop."""
    # It takes longer to import than all else here.
    import asyncio

    try:
        return await asyncio.to_thread(handle(proxy).operate, _AWAIT)
    except ImportError as error:
        # Perhaps it is the coroutine that misses something.
        if await asyncio.to_thread(handle(proxy).operate, _HAS_ASYNCIO):
            raise
        raise FeatureUnavailableError("this board's firmware has no asyncio") from error
