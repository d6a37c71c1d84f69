"""What drives us over gRPC. Messages are taken as bytes, so that the decoders of HTTP serve here too."""
