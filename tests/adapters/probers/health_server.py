"""A gRPC server on loopback that says how it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
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

    async def check(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        far_end.came.set()
        metadata = dict(context.invocation_metadata() or ())
        if token and metadata.get("x-key") != token:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "who?")
        state = known.get(StringValue.FromString(request).value)  # both have one text as field 1
        if isinstance(state, grpc.StatusCode):
            await context.abort(state, "as told")
        if state is None:
            await context.abort(grpc.StatusCode.NOT_FOUND, "unknown")
        return state if isinstance(state, bytes) else Int32Value(value=state).SerializeToString()

    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(check)
    server = grpc.aio.server()
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
    await server.start()
    try:
        yield far_end
    finally:
        await server.stop(None)
