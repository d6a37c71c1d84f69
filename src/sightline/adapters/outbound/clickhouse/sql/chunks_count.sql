SELECT count() AS chunks_there
FROM chunks
WHERE tenant = {tenant:String}
