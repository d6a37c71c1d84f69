INSERT INTO schema_version (version, program)
SELECT {version:UInt32}, {program:String}
