-- SPDX-License-Identifier: Apache-2.0
-- Node `aggregate`: packages and size by section; the last statement's rows go into the node's log.
CREATE TABLE section AS
SELECT section AS name, count(*) AS packages, sum(size_kib) AS size_kib FROM package GROUP BY section;
SELECT name, packages, size_kib / 1024 AS mib FROM section ORDER BY size_kib DESC LIMIT 8;
