-- SPDX-License-Identifier: Apache-2.0
-- Node `schema`: an empty table.
DROP TABLE IF EXISTS package;
DROP TABLE IF EXISTS section;
CREATE TABLE package (
    name TEXT NOT NULL,
    architecture TEXT NOT NULL,
    section TEXT NOT NULL,
    size_kib INTEGER NOT NULL,
    PRIMARY KEY (name, architecture)
);
