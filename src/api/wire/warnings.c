// SPDX-License-Identifier: Apache-2.0
//
// warnings: which names an operation knows, and the list of what it does not.
#include "api/wire/warnings.h"

#include "api/wire/reply.h"
#include "base/nearest.h"

#include <glib.h>
#include <string.h>

// Of the protocol, whatever the operation (protocol.md §4.1). The newer signature carries most of them in headers, but clients may leave them
// among the parameters.
static const char *const system_names[] = {
    "Action",
    "Version",
    "Format",
    "AccessKeyId",
    "Signature",
    "SignatureType",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "SecurityToken",
    "BearerToken",
    "RegionId",
    "SourceIp",
    "SecureTransport",
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
    "ResourceOwnerAccount",
    "Tid",
};

static bool is_system(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(system_names); i++) {
        if (strcmp(system_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

// Does the shape have a value at `path`: "", or ".1" of a list, ".Field" of an object, and so on below?
static bool has_path(const struct shape *shape, const char *path) {
    if (path[0] == 0) {
        return true;
    }
    g_autofree char *step = g_strndup(path + 1, strcspn(path + 1, "."));
    const char *rest = path + 1 + strlen(step);
    if (shape->kind == VALUE_ARRAY) {
        return step[0] != 0 && strspn(step, G_CSET_DIGITS) == strlen(step) &&
               has_path(shape->items, rest);
    }
    const struct shape_field *field = shape->kind == VALUE_OBJECT ? shape_find(shape, step) : NULL;
    return field != NULL && has_path(field->shape, rest);
}

bool operation_knows_param(const struct operation *operation, const char *name) {
    if (operation_param(operation, name) != NULL || is_system(name)) {
        return true;
    }
    const char *dot = strchr(name, '.');
    if (dot == NULL) {
        return false;
    }
    g_autofree char *head = g_strndup(name, (gsize)(dot - name));
    const struct param *param = operation_param(operation, head);
    return param != NULL && param->shape->kind == VALUE_ARRAY && has_path(param->shape, dot);
}

char *operation_near_params(const struct operation *operation, const char *name) {
    g_autofree const char **names = g_new(const char *, operation->param_count + 1);
    for (size_t i = 0; i < operation->param_count; i++) {
        names[i] = operation->params[i].name;
    }
    return nearest_names(name, names, operation->param_count);
}

// At most WARNING_NAME_BYTES_MAX bytes of it, whole characters. The caller frees it.
static char *cut(const char *name) {
    size_t len = strlen(name);
    if (len > WARNING_NAME_BYTES_MAX) {
        const char *end = g_utf8_find_prev_char(name, name + WARNING_NAME_BYTES_MAX + 1);
        len = (size_t)(end - name);
    }
    return g_strndup(name, len);
}

static void append(json_t *list, const char *code, const char *name, const char *message) {
    json_t *item = reply_item(list);
    reply_text(item, "Code", code);
    reply_text(item, "Name", name);
    reply_text(item, "Message", message);
}

void warnings_add(struct warnings *warnings, const char *code, const char *name,
                  const char *message) {
    if (++warnings->count > WARNINGS_MAX) {
        return;
    }
    if (warnings->list == NULL) {
        warnings->list = json_array();
    }
    g_autofree char *shown = cut(name);
    append(warnings->list, code, shown, message);
}

void warnings_count(struct warnings *warnings, size_t count) {
    warnings->count += count;
}

void warnings_add_params(struct warnings *warnings, const struct operation *operation,
                         const struct params *params) {
    for (size_t i = 0; i < params_count(params); i++) {
        const char *name = params_at(params, i)->name;
        if (operation_knows_param(operation, name)) {
            continue;
        }
        if (warnings->count >= WARNINGS_MAX) {
            warnings_count(warnings, 1);
            continue;
        }
        g_autofree char *shown = cut(name);
        g_autofree char *near = operation_near_params(operation, name);
        g_autofree char *message = g_strdup_printf(
            "%s has no parameter %s%s; it was not read%s%s%s", operation->action, shown,
            strlen(name) > WARNING_NAME_BYTES_MAX ? "…" : "", near != NULL ? "; did you mean " : "",
            near != NULL ? near : "", near != NULL ? "?" : "");
        warnings_add(warnings, WARNING_PARAMETER, name, message);
    }
}

void warnings_add_member(struct warnings *warnings, const struct shape *object, const char *path,
                         const char *name) {
    if (warnings->count >= WARNINGS_MAX) {
        warnings_count(warnings, 1);
        return;
    }
    g_autofree const char **names = g_new(const char *, object->field_count + 1);
    for (size_t i = 0; i < object->field_count; i++) {
        names[i] = object->fields[i].name;
    }
    g_autofree char *near = nearest_names(name, names, object->field_count);
    g_autofree char *full = g_strdup_printf("%s.%s", path, name);
    g_autofree char *shown = cut(full);
    g_autofree char *message = g_strdup_printf("%s is not read and not kept%s%s%s", shown,
                                               near != NULL ? "; did you mean " : "",
                                               near != NULL ? near : "", near != NULL ? "?" : "");
    warnings_add(warnings, WARNING_KEY, shown, message);
}

void warnings_reply(const struct warnings *warnings, json_t *reply) {
    if (warnings->count == 0) {
        return;
    }
    size_t left_out = warnings->count - json_array_size(warnings->list);
    if (left_out > 0) {
        g_autofree char *message = g_strdup_printf("%zu further warnings are left out", left_out);
        append(warnings->list, WARNING_MORE, "", message);
    }
    (void)json_object_set(reply_object(reply, "Warnings"), "Warning", warnings->list);
}

void warnings_done(struct warnings *warnings) {
    json_decref(warnings->list);
}
