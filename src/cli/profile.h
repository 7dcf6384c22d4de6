// SPDX-License-Identifier: Apache-2.0
//
// cli_profile: where the server is and with which key to sign.
//
// Sources, the first that has a value wins:
//   endpoint  --endpoint, --data DIR (DIR/server.address), SLUICE_ENDPOINT, http://127.0.0.1:8080
//   key       --data DIR (DIR/credentials), --profile NAME, ALIBABA_CLOUD_ACCESS_KEY_ID and …_SECRET (and …_SECURITY_TOKEN),
//             the current profile of ~/.aliyun/config.json (modes AK and StsToken)
//   trust     --ca-file FILE, SLUICE_CA_FILE, the system's certificates
// One thread. Secrets are wiped when the profile is freed and never printed.
#pragma once

#include <glib.h>
#include <stdbool.h>

struct cli_profile {
    char *endpoint; // scheme, host and port, without a slash at the end
    char *access_key_id;
    char *secret;
    char *security_token; // NULL without
    char *ca_file;        // certificates to trust for https; NULL: the system's
};

// What the command line says; NULL: nothing.
struct cli_profile_choice {
    const char *endpoint;
    const char *data_dir;
    const char *profile;
    const char *ca_file;
};

// FAULT_INVALID_VALUE when no usable address or key is found; the text says where one can be put.
bool cli_profile_load(const struct cli_profile_choice *choice, struct cli_profile *ret_profile,
                      GError **error);
void cli_profile_done(struct cli_profile *profile);
