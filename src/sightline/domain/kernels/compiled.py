"""The registry of compiled kernels: how a function over arrays gets a machine-code body without start-up ever waiting for it.

To add a kernel, decorate a loop over arrays with its Numba signature and a NumPy twin that does the same:

    def _double_numpy(values, out):
        np.multiply(values, 2, out=out)

    @kernel(f"void({FLOATS}, float64[::1])", twin=_double_numpy)
    def double(values, out):
        for i in range(len(values)):
            out[i] = 2 * values[i]

- Arrays and scalars in, results into given outputs. A kernel never sees labels, strings or objects, and never raises: it
  reports a bad input by its return value.
- Inputs are declared read-only (INTS, UINTS, FLOATS, BYTES below, or `Array(dtype, dimensions, 'C', True)`), which takes writable
  arrays too; without that, arrays that lie in Arrow memory are refused. All arrays are C-contiguous.
- The twin gives equal results up to rounding and is fast enough to live with: it serves while the kernel is not compiled,
  which is on a cold cache, and always under SIGHTLINE_JIT=off.
- A loop calls other functions only if those are marked `@subroutine`; they are compiled into it. Constants of the module are
  compiled in as well.
- A kernel outside this package (the decoders in adapters/wire) is registered by importing its module: name the module to
  `start_compiling`, and on the command line of `python -m sightline.domain.kernels`.

Importing a module of kernels imports neither Numba (0.7 s) nor compiles. `start_compiling` does both in a thread of its own;
every kernel switches from its twin to machine code on its own, the moment it is compiled or found in the cache. The GIL is
released while machine code runs.

The cache: Numba keeps machine code by the text of one function and its file, and would not see that a subroutine elsewhere
has changed. So each kernel's code lies in a folder named by a digest of all that can matter: the sources of its module, of
its subroutines' modules and of all modules beside this file that these import, the constants it reads, the versions of Python
and Numba, and the processor.
"""

import hashlib
import importlib
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from types import FunctionType
from typing import Any, Final, Generic, ParamSpec, TypeVar, cast

import numpy as np

JIT: Final = "SIGHTLINE_JIT"
"""The environment variable that keeps the twins when it is `off`, read when a process first asks for machine code."""

INTS: Final = "Array(int64, 1, 'C', True)"
UINTS: Final = "Array(uint64, 1, 'C', True)"
FLOATS: Final = "Array(float64, 1, 'C', True)"
BYTES: Final = "Array(uint8, 1, 'C', True)"
"""Numba's types of inputs in one dimension that a kernel only reads."""

OWN_MODULES: Final = (
    "sightline.domain.kernels.buckets",
    "sightline.domain.kernels.chain",
    "sightline.domain.kernels.chunk",
    "sightline.domain.kernels.chunk_decode",
    "sightline.domain.kernels.chunk_encode",
    "sightline.domain.kernels.extended",
    "sightline.domain.kernels.extent",
    "sightline.domain.kernels.faults",
    "sightline.domain.kernels.gather",
    "sightline.domain.kernels.histogram_steps",
    "sightline.domain.kernels.identity",
    "sightline.domain.kernels.merge",
    "sightline.domain.kernels.over_time",
    "sightline.domain.kernels.place",
    "sightline.domain.kernels.postings",
    "sightline.domain.kernels.reduce",
    "sightline.domain.kernels.spans",
    "sightline.domain.kernels.trend",
    "sightline.domain.kernels.window",
)

_IMPORTED: Final = re.compile(r"\bsightline\.domain\.kernels\.(\w+)")
"""How a kernel's module names another one beside this file."""

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_Function = TypeVar("_Function", bound=Callable[..., Any])


class State(StrEnum):
    """How far the kernels are. In every state they can be called and answer alike."""

    COLD = "cold"
    COMPILING = "compiling"
    READY = "ready"
    OFF = "off"
    FAILED = "failed"


class Kernel(Generic[_Arguments, _Result]):
    """A callable that runs its twin until `use` hands it machine code. `loop` is the Python function that is compiled."""

    def __init__(
        self, loop: Callable[_Arguments, _Result], signature: str, twin: Callable[_Arguments, _Result]
    ) -> None:
        self.loop = cast("FunctionType", loop)
        self.signature = signature
        self.twin = twin
        self.name = f"{loop.__module__.rpartition('.')[2]}.{self.loop.__name__}"
        self._body: Callable[_Arguments, _Result] = twin
        self.__doc__ = loop.__doc__

    def __call__(self, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        """Run machine code, or the twin."""
        return self._body(*args, **kwargs)

    @property
    def is_compiled(self) -> bool:
        """Whether calls run machine code by now."""
        return self._body is not self.twin

    def use(self, body: Callable[_Arguments, _Result]) -> None:
        """Let calls run `body` from now on."""
        self._body = body


def kernel(
    signature: str, *, twin: Callable[_Arguments, _Result]
) -> Callable[[Callable[_Arguments, _Result]], Kernel[_Arguments, _Result]]:
    """Register a loop as a kernel; see the module's text for what it has to keep to.

    signature: Numba's, such as `void(int64[::1], float64[:, ::1])`; arrays of another type or layout are refused at the call.
    """

    def register(loop: Callable[_Arguments, _Result]) -> Kernel[_Arguments, _Result]:
        made = Kernel(loop, signature, twin)
        _REGISTRY.kernels.append(made)
        return made

    return register


def subroutine(function: _Function) -> _Function:
    """Mark a function that kernels call; it stays an ordinary function for Python and is compiled into its callers."""
    _REGISTRY.subroutines.add(function)
    return function


class _Registry:
    """What is registered and how far it is; one for the process, as machine code is."""

    def __init__(self) -> None:
        self.kernels: list[Kernel[..., Any]] = []
        self.subroutines: set[Callable[..., Any]] = set()
        self.state = State.COLD
        self.failure = ""
        self.lock = threading.Lock()
        self.compiling = threading.Lock()  # Numba's cache folder is one for the process
        self.thread: threading.Thread | None = None


_REGISTRY: Final = _Registry()


def state() -> State:
    """How far the kernels of this process are."""
    return _REGISTRY.state


def failure() -> str:
    """Why compiling failed, or the empty string."""
    return _REGISTRY.failure


def start_compiling(modules: Iterable[str] = ()) -> threading.Thread | None:
    """Compile everything registered in a thread of its own, or load it from the cache; at once when that was asked for before.

    modules: names of modules outside this package that register kernels.
    Returns the thread, which tests and benchmarks may join; None under SIGHTLINE_JIT=off. A failure leaves the twins in place.
    """
    with _REGISTRY.lock:
        if _REGISTRY.thread is not None:
            return _REGISTRY.thread
        if os.environ.get(JIT, "").lower() == "off":
            _REGISTRY.state = State.OFF
            return None
        _REGISTRY.state = State.COMPILING
        names = (*OWN_MODULES, *modules)
        _REGISTRY.thread = threading.Thread(target=_compile_or_record, args=(names,), name="kernels", daemon=True)
        _REGISTRY.thread.start()
        return _REGISTRY.thread


def _compile_or_record(modules: tuple[str, ...]) -> None:
    try:
        for _ in compile_all(modules):
            pass
    except Exception as error:  # noqa: BLE001 - the outermost frame of a thread: without machine code the twins go on serving
        _REGISTRY.failure = f"{type(error).__name__}: {error}"
        _REGISTRY.state = State.FAILED


def compile_all(modules: Iterable[str] = OWN_MODULES) -> Iterator[str]:
    """Compile what is not compiled yet, let each kernel use its machine code, and yield its name when that is done."""
    _REGISTRY.state = State.COMPILING
    for one, body in machine_code(modules, missing=True):
        one.use(body)
        yield one.name
    _REGISTRY.state = State.READY


def machine_code(
    modules: Iterable[str] = OWN_MODULES, *, missing: bool = False
) -> Iterator[tuple[Kernel[..., Any], Callable[..., Any]]]:
    """Every registered kernel with its machine code, compiled now or found in the cache; the kernels stay as they are.

    missing: only those that do not run machine code yet.
    """
    for name in modules:
        importlib.import_module(name)
    numba = importlib.import_module("numba")
    routines: dict[Callable[..., Any], Any] = {}
    root, is_temporary = _cache()
    try:
        for one in list(_REGISTRY.kernels):
            if missing and one.is_compiled:
                continue
            with _REGISTRY.compiling:
                numba.config.CACHE_DIR = str(_folder(root, one.loop, numba))
                compiled = numba.njit([one.signature], nogil=True, cache=True, error_model="numpy")
                body = compiled(_linked(one.loop, numba, routines))
            yield one, body
    finally:
        if is_temporary:
            shutil.rmtree(root)


def _linked(function: FunctionType, numba: Any, routines: dict[Callable[..., Any], Any]) -> FunctionType:
    """The function with its subroutines replaced by compiled ones; Numba looks them up among the function's globals."""
    scope = dict(function.__globals__)
    for name, routine in _subroutines(function):
        if routine not in routines:
            # Inlined in any case: around a call that stays one, a loop works on one number at a time.
            routines[routine] = numba.njit(nogil=True, error_model="numpy", forceinline=True)(
                _linked(routine, numba, routines)
            )
        scope[name] = routines[routine]
    linked = FunctionType(function.__code__, scope, function.__name__, function.__defaults__)
    linked.__module__ = function.__module__
    linked.__qualname__ = function.__qualname__
    return linked


def _subroutines(function: FunctionType) -> list[tuple[str, FunctionType]]:
    """The subroutines that a function calls, by the names it calls them."""
    named = ((name, function.__globals__.get(name)) for name in function.__code__.co_names)
    return [
        (name, value) for name, value in named if isinstance(value, FunctionType) and value in _REGISTRY.subroutines
    ]


def _folder(root: Path, loop: FunctionType, numba: Any) -> Path:
    """Where the machine code of a kernel belongs."""
    llvm = importlib.import_module("llvmlite.binding")
    sources = set[Path]()
    facts = [numba.__version__, sys.version, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()]
    ahead, seen = [loop], {loop}
    while ahead:
        function = ahead.pop()
        sources.add(Path(function.__code__.co_filename))
        for name in function.__code__.co_names:
            value = function.__globals__.get(name)
            if isinstance(value, bool | int | float | str | bytes | tuple | np.generic):
                facts.append(f"{name}={value!r}")
        fresh = [routine for _, routine in _subroutines(function) if routine not in seen]
        ahead += fresh
        seen.update(fresh)
    digest = hashlib.sha256("\0".join(facts).encode())
    for path in sorted(_with_imported(sources)):
        digest.update(path.read_bytes())
    return root / digest.hexdigest()[:16]


def _with_imported(sources: set[Path]) -> set[Path]:
    """The files, this one, and the modules beside this one that they import, or that those do, as their texts name them."""
    here = Path(__file__)
    found, ahead = {here}, sources - {here}
    while ahead:
        path = ahead.pop()
        found.add(path)
        named = {here.with_name(f"{name}.py") for name in _IMPORTED.findall(path.read_text(encoding="utf-8"))}
        ahead |= {one for one in named - found if one.is_file()}
    return found


def _cache() -> tuple[Path, bool]:
    """The cache folder: beside the sources, else the user's, else a temporary one; and whether it is that, to be removed.

    What an installed folder holds that cannot be written is taken along.
    """
    installed = Path(__file__).parent / "__pycache__" / "compiled"
    if _is_writable(installed):
        return installed, False
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expandvars("$HOME/.cache")
    user = Path(cache) / "sightline" / "compiled"
    if Path(cache).is_absolute() and _is_writable(user):  # without HOME the variable stays as it is, which is no path
        _take_along(installed, user)
        return user, False
    # Machine code is loaded from here, so a name that another user could have made beforehand will not do.
    own = Path(tempfile.mkdtemp(prefix="sightline-compiled-"))
    _take_along(installed, own)
    return own, True


def _take_along(installed: Path, folder: Path) -> None:
    if installed.is_dir():
        shutil.copytree(installed, folder, dirs_exist_ok=True)


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
