// SPDX-License-Identifier: Apache-2.0
//
// cli_run: `sluice run start|suspend|resume|stop|rerun|restore`.
#include "cli/commands.h"

#include <string.h>

#include "base/fault.h"
#include "cli/find.h"
#include "cli/follow.h"

// --set NAME=VALUE, any number of times, as the one parameter that carries them.
static bool add_variables(const struct cli_options *options, struct cli_params *params,
                          GError **error) {
    json_t *variables = json_object();
    bool is_good = true;
    for (guint i = 0; is_good && i < options->sets->len; i++) {
        const char *word = g_ptr_array_index(options->sets, i);
        const char *equals = strchr(word, '=');
        g_autofree char *name = g_strndup(word, equals != NULL ? (gsize)(equals - word) : 0);
        if (name[0] == 0 || json_object_get(variables, name) != NULL) {
            fault_set(error, FAULT_INVALID_VALUE,
                      name[0] == 0 ? "--set %s is not of the form NAME=VALUE"
                                   : "--set %s: given twice",
                      word);
            is_good = false;
        } else {
            (void)json_object_set_new(variables, name, json_string(equals + 1));
        }
    }
    if (is_good && options->sets->len > 0) {
        g_autofree char *text = json_dumps(variables, JSON_COMPACT);
        cli_params_add(params, "RunVariables", text);
    }
    json_decref(variables);
    return is_good;
}

static void add_version(const struct cli_options *options, struct cli_params *params) {
    const char *version = options->values[OPTION_OF_VERSION];
    if (version != NULL) {
        cli_params_add(params, "DagVersion", version);
    }
}

static bool start_run(struct cli_session *session, struct cli_run_id *ret_id, json_t **ret_reply,
                      GError **error) {
    struct cli_run_id id = { .flow = "" };
    struct cli_params params;
    cli_params_init(&params);
    bool is_done = cli_find_flow(session, cli_options_word(session->options, 2), id.flow, error) &&
                   add_variables(session->options, &params, error);
    if (is_done) {
        cli_params_add(&params, "DagId", id.flow);
        add_version(session->options, &params);
        is_done = cli_call(session->client, "TryRunTaskFlow", &params, ret_reply, error);
    }
    cli_params_done(&params);
    if (is_done) {
        g_autofree char *run = cli_reply_text(*ret_reply, "InstanceId");
        (void)g_strlcpy(id.run, run, sizeof id.run);
        *ret_id = id;
    }
    return is_done;
}

enum cli_exit command_run_start(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    struct cli_run_id id;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !start_run(session, &id, &reply, &error)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        (void)printf("%s\n", id.run);
    }
    json_decref(reply);
    (void)fflush(stdout);
    return cli_options_has(session->options, OPTION_WAIT) ? cli_follow_run(session, &id) : CLI_OK;
}

// What running again leaves unsaid: the run keeps its version, and the flow may have moved on.
static void say_versions(const char *word, const struct cli_run_id *id, const json_t *reply) {
    const char *now = json_string_value(json_object_get(reply, "DeployedVersion"));
    const char *ran = json_string_value(json_object_get(reply, "DagVersion"));
    bool is_draft = ran == NULL || strcmp(ran, "[]") == 0;
    bool is_live = is_draft || g_strcmp0(ran, now) == 0;
    if (!json_is_true(json_object_get(reply, "FlowHasChanged"))) {
        return;
    }
    (void)fprintf(stderr, "sluice: the flow has changed since: run %s goes on with %s%s", id->run,
                  is_draft ? "the draft as it was" : "version ", is_draft ? "" : ran);
    if (!is_live && now != NULL) {
        (void)fprintf(stderr, ", deployed is version %s; `run %s --version live` takes that\n", now,
                      word);
    } else {
        (void)fprintf(stderr,
                      ", and it was edited; `run %s --version draft` takes what is being edited\n",
                      word);
    }
}

enum cli_exit command_run_change(struct cli_session *session) {
    static const struct {
        const char *word;
        const char *action;
        const char *said;
    } changes[] = {
        { "suspend", "SuspendTaskFlowInstance",
          "suspended: what runs finishes, nothing new starts" },
        { "resume", "ResumeTaskFlowInstance", "resumed" },
        { "stop", "StopTaskFlowInstance", "stop accepted: its processes are being ended" },
        { "rerun", "ReRunTaskFlowInstance", "started again" },
        { "restore", "RestoreTaskFlowInstance", "started again where it had not succeeded" },
    };
    const char *word = cli_options_word(session->options, 1);
    size_t at = 0;
    while (strcmp(changes[at].word, word) != 0) {
        at++;
        g_assert(at < G_N_ELEMENTS(changes));
    }
    GError *error = NULL;
    bool is_json = false;
    struct cli_run_id id;
    json_t *reply = NULL;
    struct cli_params params;
    cli_params_init(&params);
    add_version(session->options, &params);
    bool is_done = cli_options_output(session->options, &is_json, &error) &&
                   cli_find_run(session, &id, &error);
    if (is_done) {
        cli_params_add(&params, "DagId", id.flow);
        cli_params_add(&params, "DagInstanceId", id.run);
        is_done = cli_call(session->client, changes[at].action, &params, &reply, &error);
    }
    cli_params_done(&params);
    if (!is_done) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        (void)printf("run %s %s\n", id.run, changes[at].said);
        if (strcmp(word, "restore") == 0 || strcmp(word, "rerun") == 0) {
            say_versions(word, &id, reply);
        }
    }
    json_decref(reply);
    return CLI_OK;
}
