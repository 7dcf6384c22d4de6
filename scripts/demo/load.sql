-- SPDX-License-Identifier: Apache-2.0
-- Nodes `load_N`: one slice into the table. @N@ is the slice's number, written by the demo.
INSERT INTO package (name, architecture, section, size_kib)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'), json_extract(value, '$[3]')
FROM json_each('${rows@N@}');
