// SPDX-License-Identifier: Apache-2.0
//
// sluice: the command line. This file is the table of commands and their help; what they do is in the cli_* rooms.
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"

struct command {
    const char *group; // "run"
    const char *word;  // "watch", or NULL: the group is the command
    const char *form;  // behind the command's words
    const char *summary;
    const char *help;   // detail and examples
    unsigned options;   // beyond OPTIONS_COMMON
    unsigned words_min; // behind the command's words
    unsigned words_max;
    enum cli_exit (*run)(struct cli_session *session);
    bool asks_no_server; // the session has no client
};

#define FLOW_NAMING "FLOW is a flow's number or name; id:15 and name:15 say which is meant.\n"
#define RUN_NAMING FLOW_NAMING "With RUN alone, the flows that you can see are searched for it.\n"

#define USER_FIELDS (OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_ROLES) | OPTION_BIT(OPTION_MOBILE))
#define KEY_SHOWN                                                                                  \
    "The secret is shown this once and can not be read again. The lines have the form of the "     \
    "server's\nDIR/credentials.\n"

static const struct command commands[] = {
    { "call", NULL, "ACTION [Name=value …]", "call any operation of the API",
      "Name=@FILE takes the value from a file (@- from standard input), Name=@@text a value that "
      "begins with @.\n"
      "Large values travel in the body by themselves. Prints the reply as JSON.\n\n"
      "Examples:\n"
      "  sluice call GetUserActiveTenant\n"
      "  sluice call CreateTaskFlow DagName=nightly --field DagId\n"
      "  sluice call UpdateTaskContentV2 NodeId=1001 NodeContent=@node.json\n"
      "  sluice call ListTaskFlow --field TaskFlowList.TaskFlow.0.Id\n",
      OPTION_BIT(OPTION_FIELD) | OPTION_BIT(OPTION_UNCHECKED), 1, 1000, command_call },
    { "flow", "list", "", "the flows that you can see",
      "Examples:\n  sluice flow list\n  sluice flow list --zone Europe/Berlin\n", 0, 0, 0,
      command_flow_list },
    { "run", "list", "[FLOW]", "the runs of a flow, or of all flows, newest first",
      FLOW_NAMING "Without FLOW: of every flow that you can see.\n\nExamples:\n"
                  "  sluice run list nightly\n  sluice run list --state failed --since 24h\n"
                  "  sluice run list nightly --since 2026-01-31 --limit 5\n",
      OPTION_BIT(OPTION_LIMIT) | OPTION_BIT(OPTION_STATUS) | OPTION_BIT(OPTION_STATE) |
          OPTION_BIT(OPTION_SINCE),
      0, 1, command_run_list },
    { "run", "start", "FLOW", "run the flow once, now, and print the run's number",
      FLOW_NAMING "Runs what is being edited (TryRunTaskFlow), or with --version live what is "
                  "deployed, or the published\nversion with that number.\n\nExamples:\n"
                  "  sluice run start nightly\n  sluice run start nightly --version live --wait\n"
                  "  sluice run start nightly --set region=north --set day=2026-01-31\n",
      OPTION_BIT(OPTION_OF_VERSION) | OPTION_BIT(OPTION_SET) | OPTION_BIT(OPTION_WAIT), 1, 1,
      command_run_start },
    { "run", "watch", "[FLOW] RUN", "show a run until it has ended",
      RUN_NAMING
      "On a terminal: a tree of the nodes, drawn again as they change. Elsewhere: one line a "
      "change.\n"
      "Ends with 0 when the run ends SUCCESS, with 1 when it ends FAILED or STOPPED.\n\nExamples:\n"
      "  sluice run watch nightly 2001\n  sluice run watch 2001 -o json\n",
      0, 1, 2, command_run_watch },
    { "run", "show", "[FLOW] RUN", "a run and its nodes as they are now",
      RUN_NAMING "\nExamples:\n  sluice run show nightly 2001\n  sluice run show 2001 -o json\n", 0,
      1, 2, command_run_show },
    { "run", "log", "[FLOW] RUN", "what the nodes of a run printed, also while they run",
      RUN_NAMING "Without --node: the newest log of every node that has started. -f goes on until "
                 "the node, or the run, has\nended; lines of several nodes stand behind their "
                 "names, and a line is shown while it is written.\n\nExamples:\n"
                 "  sluice run log nightly 2001\n  sluice run log nightly 2001 -f --tail 5\n"
                 "  sluice run log nightly 2001 --node load --attempt 1\n",
      OPTION_BIT(OPTION_NODE) | OPTION_BIT(OPTION_ATTEMPT) | OPTION_BIT(OPTION_FOLLOW) |
          OPTION_BIT(OPTION_BARE) | OPTION_BIT(OPTION_TAIL),
      1, 2, command_run_log },
    { "run", "suspend", "[FLOW] RUN", "start no further node; what runs finishes",
      RUN_NAMING "\nExample:\n  sluice run suspend nightly 2001\n", 0, 1, 2, command_run_change },
    { "run", "resume", "[FLOW] RUN", "go on with a suspended run",
      RUN_NAMING "\nExample:\n  sluice run resume nightly 2001\n", 0, 1, 2, command_run_change },
    { "run", "stop", "[FLOW] RUN", "end a run: its process trees are killed, verified",
      RUN_NAMING "\nExample:\n  sluice run stop nightly 2001\n", 0, 1, 2, command_run_change },
    { "run", "rerun", "[FLOW] RUN", "run all nodes of an ended run again",
      RUN_NAMING
      "In the version that the run has, or in the one that --version chooses.\n\nExamples:\n"
      "  sluice run rerun nightly 2001\n  sluice run rerun nightly 2001 --version live\n",
      OPTION_BIT(OPTION_OF_VERSION), 1, 2, command_run_change },
    { "run", "restore", "[FLOW] RUN", "run again what did not succeed in a failed or stopped run",
      RUN_NAMING "Runs the version that the run has; says so when the flow has another one by "
                 "now, which --version chooses.\n\nExamples:\n  sluice run restore nightly 2001\n"
                 "  sluice run restore nightly 2001 --version live\n",
      OPTION_BIT(OPTION_OF_VERSION), 1, 2, command_run_change },
    { "audit", "verify", "", "check that the operation log of a server's directory is whole",
      "Reads DIR/state.db, DIR/audit.heads and DIR/master.key, while a server runs or not; changes "
      "nothing.\n"
      "--head takes signed heads that were kept elsewhere, as sluiced's --audit-head-command and "
      "--audit-head-syslog\n"
      "hand them out: one, or a file with one a line. Rows up to the greatest of them are proven.\n"
      "Ends with 0 when that is so; with 1 when something is broken: the rows that are missing or "
      "changed are named;\n"
      "with 8 when nothing is broken but no head was given: rows may be missing from the end; with "
      "2 when the log\n"
      "or the heads can not be read.\n\n"
      "Examples:\n  sluice audit verify --data /var/lib/sluice --head /mnt/elsewhere/heads\n"
      "  journalctl -t sluiced -g audit-head -o cat | sluice audit verify --data /var/lib/sluice "
      "--head -\n",
      OPTION_BIT(OPTION_HEAD), 0, 0, command_audit_verify, true },
    { "user", "list", "", "the users of your tenant",
      "Examples:\n  sluice user list\n  sluice user list --role admin\n"
      "  sluice user list --state deleted -o json\n",
      OPTION_BIT(OPTION_ROLE) | OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_SEARCH), 0, 0,
      command_user_list },
    { "user", "show", "[UID]", "one user; without UID yourself",
      "Examples:\n  sluice user show\n  sluice user show 100023\n", 0, 0, 1, command_user_show },
    { "user", "add", "UID", "add a user to your tenant, or bring a deleted one back",
      "UID is the user's name for good: a number or any text. It gets a key by `sluice key "
      "create`.\n\nExamples:\n  sluice user add 100023 --name Ada --roles dba\n"
      "  sluice user add ada@example.com\n",
      USER_FIELDS, 1, 1, command_user_add },
    { "user", "update", "UID", "change a user's name, roles or phone",
      "--roles replaces all roles; what is not given stays.\n\nExample:\n"
      "  sluice user update 100023 --roles dba,admin\n",
      USER_FIELDS, 1, 1, command_user_update },
    { "user", "enable", "UID", "let a disabled user call again",
      "Example:\n  sluice user enable 100023\n", 0, 1, 1, command_user_change },
    { "user", "disable", "UID", "lock a user out; its keys stop to work at once",
      "Stakeholder and workspace rights lapse for good, owned flows stay.\n\nExample:\n"
      "  sluice user disable 100023\n",
      0, 1, 1, command_user_change },
    { "user", "delete", "UID", "remove a user with its keys; what it owns stays",
      "Example:\n  sluice user delete 100023\n", 0, 1, 1, command_user_change },
    { "key", "list", "[UID]", "the access keys of a user; without UID your own",
      "Examples:\n  sluice key list\n  sluice key list 100023\n", 0, 0, 1, command_key_list },
    { "key", "create", "[UID]", "make an access key for a user; without UID for yourself",
      KEY_SHOWN "\nExamples:\n  sluice key create\n  sluice key create 100023\n", 0, 0, 1,
      command_key_create },
    { "key", "disable", "KEY", "refuse calls that are signed with a key",
      "Example:\n  sluice key disable 3sXp0bQm1cTf7vRk9wZn2dLh\n", 0, 1, 1, command_key_change },
    { "key", "enable", "KEY", "accept a disabled key again",
      "Example:\n  sluice key enable 3sXp0bQm1cTf7vRk9wZn2dLh\n", 0, 1, 1, command_key_change },
    { "key", "rotate", "[UID] KEY", "make a new key, then disable this one",
      "Without UID the key is one of yours. If the second step fails, both keys work.\n" KEY_SHOWN
      "\nExample:\n  sluice key rotate 100023 3sXp0bQm1cTf7vRk9wZn2dLh\n",
      0, 1, 2, command_key_rotate },
    { "key", "delete", "KEY", "delete a disabled key",
      "Example:\n  sluice key delete 3sXp0bQm1cTf7vRk9wZn2dLh\n", 0, 1, 1, command_key_change },
    { "tenant", "list", "", "your tenant", "Example:\n  sluice tenant list\n", 0, 0, 0,
      command_tenant_list },
    { "tenant", "create", "NAME", "make a tenant with an administrator of its own",
      "Only the server's first administrator may. Prints the new administrator's uid and "
      "key.\n" KEY_SHOWN "\nExample:\n  sluice --data /var/lib/sluice tenant create branch\n",
      0, 1, 1, command_tenant_create },
};

static const char general_help[] =
    "\nServer and key come from --data DIR (the server's directory), or from SLUICE_ENDPOINT with\n"
    "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or from "
    "~/.aliyun/config.json.\n\n"
    "Exit codes: 0 done, or the watched run ended SUCCESS; 1 it ended FAILED or STOPPED; 2 wrong "
    "usage;\n"
    "3 the server does not answer; 4 the server refused; 5 not found; 6 sent, and the outcome is "
    "not "
    "known;\n7 the output could not be written; 8 audit verify: nothing is broken, the end is not "
    "proven.\n\n"
    "Examples:\n"
    "  sluice --data /var/lib/sluice flow list\n"
    "  sluice run watch nightly 2001\n"
    "  sluice run log nightly 2001 --node report\n"
    "  sluice call GetUserActiveTenant\n";

static void print_commands(const char *group) {
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        const struct command *command = &commands[i];
        if (group == NULL || strcmp(group, command->group) == 0) {
            g_autofree char *form = g_strdup_printf(
                "sluice %s%s%s %s", command->group, command->word != NULL ? " " : "",
                command->word != NULL ? command->word : "", command->form);
            (void)printf("  %-40s %s\n", g_strchomp(form), command->summary);
        }
    }
}

// Help of everything, or of one group.
static void print_overview(const char *group) {
    (void)printf("Usage: sluice [option …] %s …\n\nCommands:\n", group != NULL ? group : "COMMAND");
    print_commands(group);
    GString *options = g_string_new(NULL);
    cli_options_describe(OPTIONS_COMMON, options);
    (void)printf("\nOptions, before or behind the command:\n%s%s", options->str, general_help);
    g_string_free(options, TRUE);
}

static void print_help(const struct command *command) {
    GString *options = g_string_new(NULL);
    unsigned common = (command->options & OPTION_BIT(OPTION_OF_VERSION)) != 0
                          ? OPTIONS_COMMON & ~OPTION_BIT(OPTION_VERSION)
                          : OPTIONS_COMMON;
    cli_options_describe(common | command->options, options);
    (void)printf("Usage: sluice %s%s%s %s\n\nsluice %s%s%s: %s.\n\n%s\nOptions:\n%s",
                 command->group, command->word != NULL ? " " : "",
                 command->word != NULL ? command->word : "", command->form, command->group,
                 command->word != NULL ? " " : "", command->word != NULL ? command->word : "",
                 command->summary, command->help, options->str);
    g_string_free(options, TRUE);
}

static bool has_group(const char *group) {
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].group, group) == 0) {
            return true;
        }
    }
    return false;
}

// "call, flow, …": what may come first.
static char *groups_text(void) {
    GString *text = g_string_new(NULL);
    const char *last = "";
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].group, last) != 0) {
            last = commands[i].group;
            g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", last);
        }
    }
    return g_string_free(text, FALSE);
}

static const struct command *find_command(const struct cli_options *options,
                                          unsigned *ret_own_words) {
    const char *group = cli_options_word(options, 0);
    const char *word = cli_options_word(options, 1);
    for (size_t i = 0; group != NULL && i < G_N_ELEMENTS(commands); i++) {
        const struct command *command = &commands[i];
        bool is_same = strcmp(command->group, group) == 0;
        if (is_same && (command->word == NULL || g_strcmp0(command->word, word) == 0)) {
            *ret_own_words = command->word == NULL ? 1 : 2;
            return command;
        }
    }
    return NULL;
}

static enum cli_exit run_command(const struct command *command, const struct cli_options *options,
                                 unsigned own_words) {
    const char *misplaced = cli_options_misplaced(options, OPTIONS_COMMON | command->options);
    unsigned words = options->words->len - own_words;
    if (misplaced != NULL) {
        return cli_fail_usage("this command has no option --%s", misplaced);
    }
    if (words < command->words_min || words > command->words_max) {
        return cli_fail_usage("%s arguments; the form is: sluice %s%s%s %s",
                              words < command->words_min ? "not enough" : "too many",
                              command->group, command->word != NULL ? " " : "",
                              command->word != NULL ? command->word : "", command->form);
    }
    if (command->asks_no_server) {
        struct cli_session session = { .options = options };
        return command->run(&session);
    }
    GError *error = NULL;
    bool is_json = false;
    struct cli_profile profile;
    struct cli_profile_choice choice = {
        .endpoint = options->values[OPTION_ENDPOINT],
        .data_dir = options->values[OPTION_DATA],
        .profile = options->values[OPTION_PROFILE],
        .ca_file = options->values[OPTION_CA_FILE],
    };
    if (!cli_options_output(options, &is_json, &error) ||
        !cli_profile_load(&choice, &profile, &error)) {
        return cli_fail(error);
    }
    struct cli_session session = { .options = options, .client = cli_client_new(&profile) };
    enum cli_exit code = command->run(&session);
    cli_client_free(session.client);
    return code;
}

static enum cli_exit choose(const struct cli_options *options) {
    const char *group = cli_options_word(options, 0);
    const char *word = cli_options_word(options, 1);
    unsigned own_words = 0;
    const struct command *command = find_command(options, &own_words);
    if (cli_options_has(options, OPTION_VERSION)) {
        (void)printf("sluice %s\n", SLUICE_VERSION);
        return CLI_OK;
    }
    if (cli_options_has(options, OPTION_HELP) && command != NULL) {
        print_help(command);
        return CLI_OK;
    }
    if (cli_options_has(options, OPTION_HELP) &&
        (group == NULL || (word == NULL && has_group(group)))) {
        print_overview(group);
        return CLI_OK;
    }
    if (command != NULL) {
        return run_command(command, options, own_words);
    }
    g_autofree char *groups = groups_text();
    if (group == NULL) {
        return cli_fail_usage("a command is missing, one of: %s", groups);
    }
    if (!has_group(group)) {
        return cli_fail_usage("there is no command %s; there are: %s", group, groups);
    }
    return word == NULL ? cli_fail_usage("sluice %s needs a word behind it", group)
                        : cli_fail_usage("there is no command %s %s", group, word);
}

int main(int argc, char **argv) {
    struct cli_options options;
    GError *error = NULL;
    if (file_fill_standard() != 0) {
        return CLI_UNWRITTEN;
    }
    (void)setlocale(LC_CTYPE, "");
    if (!cli_options_read(argc, argv, &options, &error)) {
        return cli_fail(error);
    }
    enum cli_exit code = cli_finish(choose(&options));
    cli_options_done(&options);
    return code;
}
