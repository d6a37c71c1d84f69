"""A gRPC server on loopback that says how it is, in threads: the library's event loop outlives the test's."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import Int32Value, StringValue
from tests.adapters.probers.far_ends import FarEnd

SERVING, NOT_SERVING = 1, 2


@asynccontextmanager
async def health_server(
    states: dict[str, Any] | None = None, certificate: tuple[str, str] | None = None, token: str = ""
) -> AsyncIterator[FarEnd]:
    """It answers until the end.

    states: by service; 0 is left out as protocol buffers do, bytes are sent as they are, and a gRPC status ends the call.
    certificate: files of it and its key, for TLS. token: what `x-key` must be, if anything.
    """
    known = {"": SERVING} if states is None else states

    def check(request: bytes, context: grpc.ServicerContext) -> bytes:
        loop.call_soon_threadsafe(far_end.came.set)
        metadata = dict(context.invocation_metadata() or ())
        if token and metadata.get("x-key") != token:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?")
        state = known.get(StringValue.FromString(request).value)  # both have one text as field 1
        if isinstance(state, grpc.StatusCode):
            context.abort(state, "as told")
        if state is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "unknown")
        return state if isinstance(state, bytes) else Int32Value(value=state).SerializeToString()

    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(check)
    loop = asyncio.get_running_loop()
    threads = ThreadPoolExecutor(4)
    server = grpc.server(threads)
    if known:
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method}),)
        )
    if certificate is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (Path(certificate[1]).read_bytes(), Path(certificate[0]).read_bytes())
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    far_end = FarEnd(port)
    server.start()
    try:
        yield far_end
    finally:
        await asyncio.to_thread(server.stop(None).wait)
        threads.shutdown()
