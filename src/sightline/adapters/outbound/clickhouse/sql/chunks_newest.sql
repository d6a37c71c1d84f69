SELECT if(count() = 0, -1, toInt64(max(seq))) AS newest
FROM chunks
