// SPDX-License-Identifier: Apache-2.0
//
// cli_options: reading is strict: an unknown or repeated option is an error, since guessing would send something that nobody asked for.
#include "cli/options.h"

#include <stdint.h>
#include <string.h>

#include "base/fault.h"

struct option_row {
    const char *name;
    char letter;       // 0: none
    const char *value; // name of the value in the help, NULL: a switch
    const char *help;
};

static const struct option_row option_rows[] = {
    [OPTION_OUTPUT] = { "output", 'o', "table|json", "how to print (default: table)" },
    [OPTION_ENDPOINT] = { "endpoint", 0, "URL",
                          "the server (default: SLUICE_ENDPOINT, then http://127.0.0.1:8080)" },
    [OPTION_DATA] = { "data", 0, "DIR",
                      "take address and administrator's key from the server's directory" },
    [OPTION_PROFILE] = { "profile", 0, "NAME",
                         "profile of ~/.aliyun/config.json (default: the current one)" },
    [OPTION_CA_FILE] = { "ca-file", 0, "FILE",
                         "certificates to trust for https (default: SLUICE_CA_FILE, then the "
                         "system's)" },
    [OPTION_FIELD] = { "field", 0, "PATH",
                       "print only this member of the reply, as NodeList.Node.0.NodeId" },
    [OPTION_UNCHECKED] = { "unchecked", 0, NULL,
                           "send parameters too that the operation is not known to have" },
    [OPTION_NODE] = { "node", 'n', "NAME|ID", "only this node" },
    [OPTION_ATTEMPT] = { "attempt", 0, "N", "the log of this attempt (default: the newest)" },
    [OPTION_LIMIT] = { "limit", 0, "N", "at most this many runs (default: 20, at most 1000)" },
    [OPTION_STATUS] = { "status", 0, "WORD", "the same as --state" },
    [OPTION_NAME] = { "name", 0, "TEXT", "the user's nickname" },
    [OPTION_ROLES] = { "roles", 0, "ROLE,…",
                       "USER, DBA, ADMIN, SECURITY_ADMIN, STRUCT_READ_ONLY, joined by commas" },
    [OPTION_MOBILE] = { "mobile", 0, "TEXT", "the user's mobile phone; empty: none" },
    [OPTION_ROLE] = { "role", 0, "ROLE", "only users with this role" },
    [OPTION_STATE] = { "state", 0, "WORD",
                       "only runs that are waiting, running, suspended, failed, stopped or "
                       "success; "
                       "only users that are normal, disabled or deleted (default: not deleted)" },
    [OPTION_SEARCH] = { "search", 0, "TEXT", "only users with this text in their name or uid" },
    [OPTION_FOLLOW] = { "follow", 'f', NULL, "go on until the node, or the run, has ended" },
    [OPTION_BARE] = { "bare", 0, NULL,
                      "only what the node itself printed, without times and remarks" },
    [OPTION_TAIL] = { "tail", 0, "N", "begin with the last N lines of a log" },
    [OPTION_SINCE] = { "since", 0, "TIME",
                       "only runs that started since then: 90m, 12h, 7d, a date, or a date and "
                       "time" },
    [OPTION_ZONE] = { "zone", 0, "ZONE",
                      "show times in this zone (default: SLUICE_ZONE, then this machine's)" },
    [OPTION_OF_VERSION] = { "version", 0, "live|draft|N",
                            "the version to run: deployed, being edited, or published with this "
                            "number" },
    [OPTION_SET] = { "set", 0, "NAME=VALUE",
                     "a variable of the flow for this run; may be repeated" },
    [OPTION_WAIT] = { "wait", 0, NULL, "watch the run until it has ended" },
    [OPTION_HEAD] = { "head", 0, "HEAD|FILE|-",
                      "a signed head of the log that was kept elsewhere, a file of them, or - for "
                      "standard input" },
    [OPTION_HELP] = { "help", 'h', NULL, "show this text" },
    [OPTION_VERSION] = { "version", 0, NULL, "print the version" },
};
G_STATIC_ASSERT(G_N_ELEMENTS(option_rows) == OPTION_COUNT);

// `--version` is two options: behind the commands of `run` that take a version it names one, elsewhere it asks for ours.
static bool is_meant(const struct cli_options *options, enum cli_option option) {
    const char *group = cli_options_word(options, 0);
    const char *word = cli_options_word(options, 1);
    static const char *const takers[] = { "start", "rerun", "restore", NULL };
    bool takes_version =
        g_strcmp0(group, "run") == 0 && word != NULL && g_strv_contains(takers, word);
    return option == OPTION_OF_VERSION ? takes_version : option != OPTION_VERSION || !takes_version;
}

// Finds the option of `--name`, `--name=value` or `-x`. False: there is none.
static bool option_find(const struct cli_options *options, const char *word,
                        enum cli_option *ret_option, const char **ret_inline) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        size_t len = strlen(row->name);
        bool is_long = g_str_has_prefix(word, "--") && strncmp(word + 2, row->name, len) == 0 &&
                       (word[2 + len] == 0 || word[2 + len] == '=');
        bool is_short =
            row->letter != 0 && word[0] == '-' && word[1] == row->letter && word[2] == 0;
        if ((is_long || is_short) && is_meant(options, (enum cli_option)i)) {
            *ret_option = (enum cli_option)i;
            *ret_inline = is_long && word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
            return true;
        }
    }
    return false;
}

static bool option_take(struct cli_options *options, int argc, char **argv, int *index,
                        GError **error) {
    const char *word = argv[*index];
    enum cli_option option = OPTION_COUNT;
    const char *value = NULL;
    if (!option_find(options, word, &option, &value)) {
        fault_set(error, FAULT_INVALID_VALUE, "there is no option %s", word);
        return false;
    }
    const struct option_row *row = &option_rows[option];
    if (row->value == NULL && value != NULL) {
        fault_set(error, FAULT_INVALID_VALUE, "--%s takes no value", row->name);
        return false;
    }
    if (row->value == NULL) {
        value = "";
    } else if (value == NULL) {
        if (*index + 1 >= argc) {
            fault_set(error, FAULT_INVALID_VALUE, "--%s needs a value: %s", row->name, row->value);
            return false;
        }
        value = argv[++*index];
    }
    if (option == OPTION_SET) {
        g_ptr_array_add(options->sets, (gpointer)(uintptr_t)value);
    } else if (options->values[option] != NULL && row->value != NULL) {
        fault_set(error, FAULT_INVALID_VALUE, "--%s is given twice", row->name);
        return false;
    }
    options->values[option] = value;
    return true;
}

// Everything that is sent or shown is UTF-8; a path of other bytes would have to be shown too.
static bool check_text(int argc, char **argv, GError **error) {
    for (int i = 1; i < argc; i++) {
        if (!g_utf8_validate(argv[i], -1, NULL)) {
            g_autofree char *shown = g_utf8_make_valid(argv[i], -1);
            fault_set(error, FAULT_INVALID_VALUE, "argument %d is not UTF-8 text: %s", i, shown);
            return false;
        }
    }
    return true;
}

bool cli_options_read(int argc, char **argv, struct cli_options *ret_options, GError **error) {
    if (!check_text(argc, argv, error)) {
        return false;
    }
    struct cli_options options = { .words = g_ptr_array_new(), .sets = g_ptr_array_new() };
    bool is_over = false; // behind `--` everything is a word
    for (int i = 1; i < argc; i++) {
        if (!is_over && strcmp(argv[i], "--") == 0) {
            is_over = true;
        } else if (!is_over && argv[i][0] == '-' && argv[i][1] != 0) {
            if (!option_take(&options, argc, argv, &i, error)) {
                cli_options_done(&options);
                return false;
            }
        } else {
            g_ptr_array_add(options.words, argv[i]);
        }
    }
    *ret_options = options;
    return true;
}

void cli_options_done(struct cli_options *options) {
    if (options->words != NULL) {
        g_ptr_array_free(options->words, TRUE);
        g_ptr_array_free(options->sets, TRUE);
    }
    *options = (struct cli_options){ 0 };
}

const char *cli_options_misplaced(const struct cli_options *options, unsigned allowed) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (options->values[i] != NULL && (allowed & OPTION_BIT(i)) == 0) {
            return option_rows[i].name;
        }
    }
    return NULL;
}

void cli_options_describe(unsigned allowed, GString *text) {
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        if ((allowed & OPTION_BIT(i)) == 0) {
            continue;
        }
        g_autofree char *letter =
            row->letter != 0 ? g_strdup_printf("-%c, ", row->letter) : g_strdup("    ");
        g_autofree char *name =
            g_strdup_printf("%s--%s%s%s", letter, row->name, row->value != NULL ? " " : "",
                            row->value != NULL ? row->value : "");
        g_string_append_printf(text, "  %-26s %s\n", name, row->help);
    }
}

const char *cli_options_word(const struct cli_options *options, unsigned index) {
    return index < options->words->len ? g_ptr_array_index(options->words, index) : NULL;
}

bool cli_options_output(const struct cli_options *options, bool *ret_is_json, GError **error) {
    const char *output = options->values[OPTION_OUTPUT];
    if (output != NULL && strcmp(output, "json") != 0 && strcmp(output, "table") != 0) {
        fault_set(error, FAULT_INVALID_VALUE, "-o %s: the output is either table or json", output);
        return false;
    }
    *ret_is_json = output != NULL && strcmp(output, "json") == 0;
    return true;
}
