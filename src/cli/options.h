// SPDX-License-Identifier: Apache-2.0
//
// cli_options: the command line as words and options. Every option is one row of one table.
//
// Texts belong to argv. One thread.
#pragma once

#include <glib.h>
#include <stdbool.h>

enum cli_option {
    OPTION_OUTPUT,     // -o, --output table|json
    OPTION_ENDPOINT,   // --endpoint URL
    OPTION_DATA,       // --data DIR
    OPTION_PROFILE,    // --profile NAME
    OPTION_CA_FILE,    // --ca-file FILE
    OPTION_FIELD,      // --field PATH
    OPTION_UNCHECKED,  // --unchecked
    OPTION_NODE,       // -n, --node NAME|ID
    OPTION_ATTEMPT,    // --attempt N
    OPTION_LIMIT,      // --limit N
    OPTION_STATUS,     // --status WORD
    OPTION_NAME,       // --name TEXT
    OPTION_ROLES,      // --roles ROLE,…
    OPTION_MOBILE,     // --mobile TEXT
    OPTION_ROLE,       // --role ROLE
    OPTION_STATE,      // --state WORD
    OPTION_SEARCH,     // --search TEXT
    OPTION_FOLLOW,     // -f, --follow
    OPTION_BARE,       // --bare
    OPTION_TAIL,       // --tail N
    OPTION_SINCE,      // --since TIME
    OPTION_ZONE,       // --zone ZONE
    OPTION_OF_VERSION, // --version live|draft|N, behind `run start`, `run rerun` and `run restore`
    OPTION_SET,        // --set NAME=VALUE, any number of times
    OPTION_WAIT,       // --wait
    OPTION_HEAD,       // --head HEAD|FILE|-
    OPTION_HELP,       // -h, --help
    OPTION_VERSION,    // --version
    OPTION_COUNT,
};

#define OPTION_BIT(option) (1u << (option))
// These are understood by every command.
#define OPTIONS_COMMON                                                                             \
    (OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_ENDPOINT) | OPTION_BIT(OPTION_DATA) |           \
     OPTION_BIT(OPTION_PROFILE) | OPTION_BIT(OPTION_CA_FILE) | OPTION_BIT(OPTION_HELP) |           \
     OPTION_BIT(OPTION_VERSION) | OPTION_BIT(OPTION_ZONE))

struct cli_options {
    const char *values[OPTION_COUNT]; // NULL: not given; switches are ""
    GPtrArray *words;                 // of const char *
    GPtrArray *sets;                  // values of --set, of const char *
};

// Reads argv[1…]. FAULT_INVALID_VALUE: unknown option, value missing, option given twice.
bool cli_options_read(int argc, char **argv, struct cli_options *ret_options, GError **error);
void cli_options_done(struct cli_options *options);

// The first option that was given and is not among `allowed` bits, or NULL.
const char *cli_options_misplaced(const struct cli_options *options, unsigned allowed);

// One line of help for each option among `allowed`, appended to the text.
void cli_options_describe(unsigned allowed, GString *text);

static inline bool cli_options_has(const struct cli_options *options, enum cli_option option) {
    return options->values[option] != NULL;
}

// The n-th word behind the command's own words, or NULL.
const char *cli_options_word(const struct cli_options *options, unsigned index);

// Is the output JSON? FAULT_INVALID_VALUE when -o is neither table nor json.
bool cli_options_output(const struct cli_options *options, bool *ret_is_json, GError **error);
