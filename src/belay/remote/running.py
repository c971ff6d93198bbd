"""What a device does with code that is given to it as text, and with many calls at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from belay.board.calls import Calls, Terms
from belay.board.many import Call, Way
from belay.exceptions import BoardError
from belay.remote.batch import Batch
from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.code import prepare, smaller
from belay.remote.failure import Origin, at_home, text_origin
from belay.remote.output import TextStream
from belay.remote.proxy import Proxy
from belay.remote.proxy_code import proxies
from belay.remote.proxy_handle import handle
from belay.remote.sending import About, Entry


class RunsCode:
    """Runs code on a board; what it needs of a device, a device has."""

    _caller: Caller

    def batch(self) -> Batch:
        """Gather calls, to send them in few turns: ``with device.batch() as batch: …``.

        Inside the block, what this thread calls (tasks, setups, threads, ``device("…")``) returns a
        :class:`~belay.remote.batch.BatchFuture` at once; at its end all is sent. Other threads are not
        affected. In a batch inside a batch of the same device, the end of the inner block sends what both
        gathered.

        Returns:
            A context manager, which takes the calls; what they gave is sent at its end.
        """
        return Batch(self._caller)

    def __call__(
        self,
        code: str | Proxy,
        *,
        proxy: bool = False,
        delete: bool = False,
        minify: bool = True,
        stream_out: TextStream | Default | None = DEFAULT,
        record: bool | None = None,
        trusted: bool = False,
        timeout: float | Default | None = DEFAULT,
        return_time: bool = False,
    ) -> Any:
        """Run a statement or evaluate an expression in the board's global scope.

        Args:
            code: Python source, as the board understands it. Or a proxy: its value is copied.
            proxy: Whether to leave the value of an expression on the board, whatever it is, and return a
                proxy for it, as :meth:`proxy` does. The other options but ``delete``, ``minify`` and
                ``timeout`` mean nothing then.
            delete: Whether the global variable that is named is deleted with the proxy, see :meth:`proxy`.
            minify: Whether to make it small before it is sent.
            stream_out: Where its output goes; None drops it, the default is ``sys.stdout``.
            record: Whether it is remembered for a reconnect. None: unless it is an expression that calls
                nothing, as ``x`` or ``len(x)``.
            trusted: Whether a result that is no literal may be evaluated on the host. A hostile board can
                then run any code here.
            timeout: Seconds that it may take.
            return_time: Whether the time of the result comes with it: ``(value, datetime)``, see :doc:`time`.

        Returns:
            The value of an expression; None for statements. In the block of a batch, a future.

        Raises:
            BatchError: A proxy is wanted, or its value, in the block of a batch.
            BoardError: The code raised; also as the builtin of the board's type.
            BoardTimeoutError: It took longer than ``timeout``; it was interrupted.
            ConnectionLost: The board is gone.
            UntransferableError: The value cannot travel.
            ValueError: The time of a proxy is wanted.
        """
        if return_time and (proxy or delete or isinstance(code, Proxy)):
            raise ValueError("a proxy, and its value, come without a time")
        if isinstance(code, Proxy):
            return handle(code).operate("return a", copied=True)
        if proxy or delete:
            return self.proxy(code, delete=delete, minify=minify, timeout=timeout)
        prepared = prepare(code, minify=minify)
        recorded = prepared.may_change_state if record is None else record
        if batch := self._caller.batch:
            way = Way.EVALUATE if prepared.is_expression else Way.EXECUTE
            call = Call(way, prepared.sent, (), {}, self._caller.seconds(timeout), trusted, return_time)
            origin = partial(text_origin, prepared.text)
            return batch.add(
                Entry(call, About("", recorded, stream_out, origin, repeatable=prepared.repeatable))
            )

        def question(calls: Calls, terms: Terms) -> Any:
            ask = calls.evaluate if prepared.is_expression else calls.execute
            return ask(prepared.sent, terms)

        try:
            return self._caller.ask(
                question,
                timeout=timeout,
                stream=stream_out,
                trusted=trusted,
                record=recorded,
                effect=prepared.effect,
                repeatable=lambda: prepared.repeatable,
                origin=lambda: text_origin(prepared.text),
                return_time=return_time,
            )
        except BoardError as error:
            raise at_home(error) from None

    def proxy(
        self,
        code: str,
        *,
        delete: bool = False,
        minify: bool = True,
        timeout: float | Default | None = DEFAULT,
    ) -> Any:
        """Leave an object on the board, and use it from here: a :class:`belay.Proxy`.

        The board keeps the object until the proxy is dropped here; it is told so along with the next call.
        After a reset the object is gone, and what is done with the proxy raises BoardResetError.

        Args:
            code: An expression (``"led"``, ``"Pin(25, Pin.OUT)"``), or an import (``"import machine"``,
                ``"from math import sin, cos"``), which also binds its names on the board. It is not
                remembered for a reconnect.
            delete: Whether the global variable that ``code`` names is deleted on the board, too, once the
                proxy is dropped, unless it is another object by then. Without this the variable keeps the
                object there.
            minify: Whether to make it small before it is sent.
            timeout: Seconds that it may take.

        Returns:
            A proxy; of several imported names a tuple of them.

        Raises:
            BatchError: A batch gathers the calls of this thread.
            BoardError: The code raised; also as the builtin of the board's type.
            BoardTimeoutError: It took longer than ``timeout``; it was interrupted.
            ConnectionLost: The board is gone.
            ValueError: It is neither an expression nor an import; or ``delete`` is asked for what is no name.
        """
        return proxies(self._caller, code, delete=delete, minify=minify, timeout=timeout)

    def run(
        self,
        program: str,
        *,
        file: str = "<program>",
        minify: bool = True,
        stream_out: TextStream | Default | None = DEFAULT,
        timeout: float | Default | None = DEFAULT,
    ) -> None:
        """Run a whole program in the board's global scope, as a script is run.

        It is not remembered for a reconnect.

        Args:
            program: Python source, as the board understands it.
            file: Where it comes from, for the tracebacks of what it raises.
            minify: Whether to make it small before it is sent.
            stream_out: Where its output goes; None drops it, the default is ``sys.stdout``.
            timeout: Seconds that it may take.

        Raises:
            BoardError: It raised. An exit is one too: its ``board_type`` is ``"SystemExit"`` and its
                ``board_args`` hold the exit code.
            BoardTimeoutError: It took longer than ``timeout``; it was interrupted.
            ConnectionLost: The board is gone.
            TypeError: The program is no text.
        """
        if not isinstance(program, str):
            raise TypeError(f"a program for the board is text, not {type(program).__name__}")
        sent = smaller(program) if minify else program
        try:
            self._caller.ask(
                lambda calls, terms: calls.execute(sent, terms),
                timeout=timeout,
                stream=stream_out,
                origin=lambda: Origin(file, whole=True),
            )
        except BoardError as error:
            raise at_home(error) from None
