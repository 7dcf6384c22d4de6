// SPDX-License-Identifier: Apache-2.0
//
// reply: forms of single reply members. What is in a reply is the handlers' matter; how it is written, the encoder's.
#include "api/wire/reply.h"

#include "base/civil.h"
#include "base/zone.h"

// Takes `value`. jansson fails only when a name is no UTF-8 (ours are constants) or memory is gone, which ends the process elsewhere.
static void add(json_t *object, const char *name, json_t *value) {
    g_assert(value != NULL);
    int failure = json_object_set_new_nocheck(object, name, value);
    g_assert(failure == 0);
}

void reply_text(json_t *object, const char *name, const char *text) {
    if (text == NULL) {
        return;
    }
    json_t *value = json_string(text);
    if (value == NULL) {
        g_autofree char *repaired = g_utf8_make_valid(text, -1);
        value = json_string(repaired);
    }
    add(object, name, value);
}

void reply_given_text(json_t *object, const char *name, const char *text) {
    if (text != NULL && *text != '\0') {
        reply_text(object, name, text);
    }
}

void reply_number(json_t *object, const char *name, int64_t number) {
    add(object, name, json_integer(number));
}

void reply_bool(json_t *object, const char *name, bool value) {
    add(object, name, json_boolean(value));
}

void reply_id(json_t *object, const char *name, int64_t id) {
    if (id != 0) {
        reply_number(object, name, id);
    }
}

void reply_id_text(json_t *object, const char *name, int64_t id) {
    if (id != 0) {
        reply_digits(object, name, id);
    }
}

void reply_digits(json_t *object, const char *name, int64_t number) {
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
    reply_text(object, name, digits);
}

void reply_time(json_t *object, const char *name, const char *zone, int64_t instant_ms) {
    if (instant_ms == 0) {
        return;
    }
    struct civil civil = zone_civil(zone, instant_ms);
    char text[CIVIL_TEXT_BYTES];
    civil_text(&civil, text);
    reply_text(object, name, text);
}

json_t *reply_object(json_t *object, const char *name) {
    json_t *value = json_object();
    add(object, name, value);
    return value;
}

json_t *reply_array(json_t *object, const char *name) {
    json_t *value = json_array();
    add(object, name, value);
    return value;
}

json_t *reply_list(json_t *object, const char *outer, const char *inner) {
    return reply_array(reply_object(object, outer), inner);
}

json_t *reply_item(json_t *array) {
    json_t *item = json_object();
    int failure = json_array_append_new(array, item);
    g_assert(failure == 0);
    return item;
}
