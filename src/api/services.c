// SPDX-License-Identifier: Apache-2.0
//
// services: the ways from a handler into store and engine. Nothing about single operations.
#include "api/services.h"

#include "api/wire/reply.h"
#include "base/fault.h"
#include "store/tokens.h"

#include <string.h>

enum {
    PAGE_SIZE_DEFAULT = 20,
    OBJECT_BYTES_MAX = 400,
    VALUE_BYTES_MAX = 100,
    DRAFT_TRIES = 4, // to bring a draft to its turn before the next edit
};

bool call_check_tenant(const struct call *call, GError **error) {
    g_assert(call->caller != NULL);
    if (operation_param(call->operation, "Tid") == NULL) {
        return true;
    }
    int64_t tenant_id = args_int_or(call->args, "Tid", 0);
    // proposed: 0 stands for the active tenant, as typed clients send it for a number that was not set.
    if (tenant_id == 0 || tenant_id == call->caller->tenant_id) {
        return true;
    }
    fault_set_field(error, FAULT_TENANT_NOT_EXIST, "Tid",
                    "tenant %" G_GINT64_FORMAT
                    " does not exist or is not yours; leave Tid out to use your own",
                    tenant_id);
    return false;
}

bool call_reader(const struct call *call, struct store_reader **ret_reader, GError **error) {
    if (!call_check_tenant(call, error) ||
        (call->loan->reader == NULL &&
         !reader_borrow_moment(call_services(call)->readers, call->loan, error))) {
        return false;
    }
    *ret_reader = call->loan->reader;
    return true;
}

struct engine *call_engine(const struct call *call) {
    reader_return(call->loan);
    return call_services(call)->engine;
}

struct change *call_change(const struct call *call, enum change_kind kind) {
    struct change *change = change_new(kind, call->caller);
    change->has_revision = operation_param(call->operation, "Revision") != NULL &&
                           args_int(call->args, "Revision", &change->revision);
    return change;
}

// A uid that is a number gives way to its text form, where that is given: the number is then whatever the client had to send.
static bool is_replaced(const struct param *param, const struct args *args) {
    const char *text = param->text_form != NULL ? args_text(args, param->text_form) : NULL;
    return text != NULL && text[0] != '\0';
}

// What a caller sent as a name may be anything: its control characters are written out, so that they begin no line of their own.
static void append_name(GString *text, const char *name) {
    g_autofree char *valid = g_utf8_make_valid(name, (gssize)strnlen(name, VALUE_BYTES_MAX));
    for (const char *at = valid; *at != 0; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (g_unichar_iscntrl(c)) {
            g_string_append_printf(text, "\\u%04x", (unsigned)c);
        } else {
            g_string_append_unichar(text, c);
        }
    }
}

// The arguments that name things, for a reader of the log: "DagId=3 NodeId=7". Which they are is said by spec/serving.json; none may be secret.
static char *describe_object(const struct operation *operation, const struct args *args) {
    GString *text = g_string_new(NULL);
    for (size_t i = 0; args != NULL && i < operation->param_count; i++) {
        const struct param *param = &operation->params[i];
        if (!param->is_logged || !args_has(args, param->name) || is_replaced(param, args) ||
            text->len > OBJECT_BYTES_MAX) {
            continue;
        }
        int64_t number = 0;
        if (param->shape->kind == VALUE_STRING) {
            g_string_append_printf(text, "%s%s=", text->len > 0 ? " " : "", param->name);
            append_name(text, args_text(args, param->name));
        } else if ((param->shape->kind == VALUE_LONG || param->shape->kind == VALUE_INTEGER) &&
                   args_int(args, param->name, &number)) {
            g_string_append_printf(text, "%s%s=%" G_GINT64_FORMAT, text->len > 0 ? " " : "",
                                   param->name, number);
        }
    }
    return g_string_free(text, FALSE);
}

// "192.0.2.7:48216" without the port, which tells nothing later. The caller frees it.
static char *address_only(const char *peer) {
    const char *colon = peer != NULL ? strrchr(peer, ':') : NULL;
    return colon != NULL ? g_strndup(peer, (gsize)(colon - peer)) : g_strdup(peer);
}

static int64_t named_database(const struct operation *operation, const struct args *args) {
    int64_t id = 0;
    if (args == NULL || operation->database_param == NULL) {
        return 0;
    }
    const struct param *param = operation_param(operation, operation->database_param);
    bool is_number = param->shape->kind == VALUE_LONG || param->shape->kind == VALUE_INTEGER;
    bool is_named =
        is_number ? args_int(args, param->name, &id) : args_text_id(args, param->name, &id, NULL);
    return is_named ? id : 0;
}

void call_origin_init(const struct call *call, struct call_origin *ret_origin) {
    const char *token = operation_param(call->operation, "ClientToken") != NULL
                            ? args_text(call->args, "ClientToken")
                            : NULL;
    bool has_token = token != NULL && token[0] != 0;
    *ret_origin = (struct call_origin){
        .object = describe_object(call->operation, call->args),
        .peer = address_only(call->peer),
        .digest = has_token ? args_digest(call->args) : NULL,
    };
    ret_origin->origin = (struct origin){
        .action = call->operation->action,
        .request_id = call->request_id,
        .access_key_id = call->access_key_id,
        .nonce = call->nonce,
        .stamped_ms = call->timestamp_ms,
        .peer = ret_origin->peer,
        .object = ret_origin->object,
        .database_id = named_database(call->operation, call->args),
        .client_token = has_token ? token : NULL,
        .digest = ret_origin->digest,
    };
}

void call_origin_done(struct call_origin *origin) {
    g_free(origin->object);
    g_free(origin->digest);
    g_free(origin->peer);
    *origin = (struct call_origin){ 0 };
}

void services_note(void *ctx, const struct api_note *note) {
    const struct api_services *services = ctx;
    if (note->code != NULL && note->operation->is_read) {
        return; // a refused reading changed nothing and tells nothing
    }
    g_autofree char *object =
        note->code != NULL ? describe_object(note->operation, note->args) : NULL;
    g_autofree char *peer = note->code != NULL ? address_only(note->peer) : NULL;
    struct note entry = {
        .caller = *note->caller,
        .origin = { .action = note->operation->action,
                    .request_id = note->request_id,
                    .access_key_id = note->access_key_id,
                    .nonce = note->nonce,
                    .stamped_ms = note->timestamp_ms,
                    .peer = peer,
                    .object = object,
                    .database_id = named_database(note->operation, note->args) },
        .code = note->code,
        .keeps_nonce = note->code != NULL,
        .at_ms = note->now_ms,
    };
    engine_note(services->engine, &entry);
}

bool call_is_repeat(const struct call *call, bool *ret_is_repeat, GError **error) {
    struct call_origin origin;
    struct store_reader *reader = NULL;
    struct change_result result = { 0 };
    call_origin_init(call, &origin);
    bool is_known = call_reader(call, &reader, error) &&
                    store_token_find(reader, call->caller, &origin.origin, call->now_ms,
                                     ret_is_repeat, &result, error);
    change_result_done(&result);
    call_origin_done(&origin);
    return is_known;
}

// What the change carries is judged here, not in the engine's turn; what is repeated was judged then.
static bool check_change(const struct call *call, struct change *change,
                         struct remarks *ret_remarks, GError **error) {
    struct store_reader *reader = NULL;
    bool is_repeat = false;
    return call_is_repeat(call, &is_repeat, error) &&
           (is_repeat || (call_reader(call, &reader, error) &&
                          store_change_check(reader, change, ret_remarks, error)));
}

// May it be tried again, because what was read for it had changed when its turn came? Then the fault is cleared.
static bool goes_again(GError **fault, int *tries) {
    if (!fault_is(*fault, FAULT_REVISION_STALE) || ++*tries >= DRAFT_TRIES) {
        return false;
    }
    g_clear_error(fault);
    return true;
}

static bool commit_once(const struct call *call, const struct origin *origin, struct change *change,
                        struct change_result *ret_result, GError **error) {
    struct remarks remarks = { 0 };
    bool is_done =
        (!store_change_is_judged(change) || check_change(call, change, &remarks, error)) &&
        engine_change_kept(call_engine(call), origin, change, ret_result, error);
    if (is_done && ret_result != NULL && ret_result->remarks.count == 0) {
        ret_result->remarks = remarks;
    } else {
        remarks_done(&remarks);
    }
    return is_done;
}

bool call_commit(const struct call *call, struct change *change, struct change_result *ret_result,
                 GError **error) {
    g_assert(change != NULL);
    GError *fault = NULL;
    struct call_origin origin;
    bool reads_whole = change->kind == CHANGE_FLOW_PUBLISH || change->kind == CHANGE_FLOW_REDEPLOY;
    bool is_done = false;
    int tries = 0;
    call_origin_init(call, &origin);
    change->is_checked = reads_whole; // never in the turn, also when nothing could be judged here
    do {
        is_done = call_check_tenant(call, &fault) &&
                  commit_once(call, &origin.origin, change, ret_result, &fault);
    } while (!is_done && reads_whole && goes_again(&fault, &tries));
    call_origin_done(&origin);
    change_free(change);
    if (!is_done) {
        g_propagate_error(error, fault);
    }
    return is_done;
}

bool call_commit_plain(const struct call *call, struct change *change, GError **error) {
    return call_commit(call, change, NULL, error);
}

bool call_commit_revised(const struct call *call, struct change *change, json_t *reply,
                         GError **error) {
    struct change_result result = { 0 };
    if (!call_commit(call, change, &result, error)) {
        return false;
    }
    reply_number(reply, "Revision", result.revision);
    change_result_done(&result);
    return true;
}

bool call_reply_revision(const struct call *call, json_t *item, enum revision_of what,
                         int64_t object_id, GError **error) {
    struct store_reader *reader = NULL;
    int64_t revision = 0;
    if (!call_reader(call, &reader, error) ||
        !store_revision_get(reader, call->caller, what, object_id, &revision, error)) {
        return false;
    }
    reply_number(item, "Revision", revision);
    return true;
}

// What a run of VERSION_DRAFT needs of the flow that DagId names; NULL for other versions, and where there is nothing to gather.
static bool gather_draft(const struct call *call, int64_t version_id, struct draft **ret_draft,
                         GError **error) {
    struct store_reader *reader = NULL;
    bool is_repeat = false;
    *ret_draft = NULL;
    return version_id != VERSION_DRAFT ||
           (call_is_repeat(call, &is_repeat, error) &&
            (is_repeat ||
             (call_reader(call, &reader, error) &&
              store_draft_gather(reader, call->caller, call_id(call, "DagId"), ret_draft, error))));
}

// One call that may run a draft: what TryRunTaskFlow is given, or an action on a run.
struct draft_use {
    int64_t version_id;
    enum run_event_kind action;
    json_t *variables;
    int64_t *ret_run_id; // NULL: an action
};

static bool use_once(const struct call *call, const struct origin *origin,
                     const struct draft_use *use, GError **error) {
    struct draft *draft = NULL;
    int64_t flow_id = call_id(call, "DagId");
    if (!gather_draft(call, use->version_id, &draft, error)) {
        return false;
    }
    struct engine *engine = call_engine(call);
    bool is_done =
        use->ret_run_id != NULL
            ? engine_try_run(engine, origin, call->caller, flow_id, use->version_id, draft,
                             use->variables, use->ret_run_id, error)
            : engine_run_action(engine, origin, call->caller, use->action, flow_id,
                                call_id(call, "DagInstanceId"), use->version_id, draft, error);
    draft_free(draft);
    return is_done;
}

static bool use_draft(const struct call *call, const struct draft_use *use, GError **error) {
    GError *fault = NULL;
    struct call_origin origin;
    bool is_done = false;
    int tries = 0;
    call_origin_init(call, &origin);
    do {
        is_done = call_check_tenant(call, &fault) && use_once(call, &origin.origin, use, &fault);
    } while (!is_done && goes_again(&fault, &tries));
    call_origin_done(&origin);
    if (!is_done) {
        g_propagate_error(error, fault);
    }
    return is_done;
}

bool call_act(const struct call *call, enum run_event_kind action, int64_t version_id,
              GError **error) {
    return use_draft(call, &(struct draft_use){ .version_id = version_id, .action = action },
                     error);
}

bool call_try_run(const struct call *call, int64_t version_id, json_t *variables,
                  int64_t *ret_run_id, GError **error) {
    return use_draft(call,
                     &(struct draft_use){ .version_id = version_id,
                                          .variables = variables,
                                          .ret_run_id = ret_run_id },
                     error);
}

int64_t call_id(const struct call *call, const char *name) {
    int64_t id = 0;
    bool is_given = args_int(call->args, name, &id);
    g_assert(is_given);
    return id;
}

// The published limit of this operation's pages, where there is one: a bound, or the largest of the listed sizes. Else proposed: 1 000,
// which is what the vendor's own tools ask for.
static int64_t page_size_max(const struct call *call) {
    const struct param *param = operation_param(call->operation, "PageSize");
    int64_t listed = 0;
    for (size_t i = 0; i < param->shape->number_count; i++) {
        listed = MAX(listed, param->shape->numbers[i]);
    }
    return param->has_max ? param->max : listed > 0 ? listed : STORE_PAGE_MAX;
}

bool call_page(const struct call *call, const char *page_name, int *ret_page, int *ret_size,
               GError **error) {
    int64_t page = args_int_or(call->args, page_name, 1);
    int64_t size = args_int_or(call->args, "PageSize", PAGE_SIZE_DEFAULT);
    if (page < 1 || page > G_MAXINT) {
        fault_set_field(error, FAULT_INVALID_FIELD, page_name,
                        "%s %" G_GINT64_FORMAT ": pages count from 1", page_name, page);
        return false;
    }
    int64_t max = page_size_max(call);
    if (size < 1 || size > max) {
        fault_set_field(error, FAULT_INVALID_FIELD, "PageSize",
                        "PageSize %" G_GINT64_FORMAT ": a page has 1 to %" G_GINT64_FORMAT
                        " entries",
                        size, max);
        return false;
    }
    *ret_page = (int)page;
    *ret_size = (int)size;
    return true;
}
