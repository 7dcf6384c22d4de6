// SPDX-License-Identifier: Apache-2.0
//
// tls: certificate and key of the server, read and checked before anything is served. The only room that includes GnuTLS.
//
// The key's text is never printed. One thread; values only.
#pragma once

#include <glib.h>
#include <stdbool.h>

struct tls_pair {
    char *certificate; // PEM, the server's own first
    char *key;         // PEM, wiped by tls_pair_done
};

// Reads both files. FAULT_INVALID_DATA names the file and what is wrong: it can not be read, is larger than 1 MiB, is no PEM, its key can
// be read by everybody or written by others, or the two do not belong together.
bool tls_pair_read(const char *certificate_path, const char *key_path, struct tls_pair *ret_pair,
                   GError **error);
void tls_pair_done(struct tls_pair *pair);

// For the HTTP library: TLS 1.2 and newer, the server's order of ciphers.
extern const char tls_priorities[];
