-- SPDX-License-Identifier: Apache-2.0
-- Node `figures`: one row whose cells become variables.
SELECT
    (SELECT count(*) FROM package),
    (SELECT sum(size_kib) / 1024 FROM package),
    (SELECT name FROM section ORDER BY packages DESC, name LIMIT 1),
    (SELECT name || ' (' || (size_kib / 1024) || ' MiB)' FROM package ORDER BY size_kib DESC, name LIMIT 1)
