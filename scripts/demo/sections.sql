-- SPDX-License-Identifier: Apache-2.0
-- Node `sections`: the columns of the largest sections, each joined to one variable.
SELECT name, packages, size_kib / 1024 FROM section ORDER BY size_kib DESC, name LIMIT 8
