// SPDX-License-Identifier: Apache-2.0
//
// A few texts behind a lock. The supervisor's is made of two things that are noticed apart: that none listens, and why none could begin.

#include "engine/trouble.h"

#include <glib.h>

#include "base/log.h"

struct trouble {
    GMutex mutex;
    char *texts[TROUBLE_COUNT];
    bool is_told[TROUBLE_COUNT]; // in the log; what every start begins with is not
    char *launch;                // why the last supervisor could not begin
    bool is_ready;               // a supervisor listens
    bool has_been_ready;         // one has listened since this server was started
};

static const char *const names[TROUBLE_COUNT] = {
    [TROUBLE_STORE] = "store",           [TROUBLE_ROOM] = "room",   [TROUBLE_SILENCE] = "silence",
    [TROUBLE_SUPERVISOR] = "supervisor", [TROUBLE_START] = "start",
};

// The lock is held.
static void replace(struct trouble *trouble, enum trouble_kind kind, char *text_take) {
    if (g_strcmp0(trouble->texts[kind], text_take) != 0) {
        if (text_take != NULL) {
            trouble->is_told[kind] = true;
            log_warn("engine", "event=trouble kind=%s reason=\"%s\"", names[kind], text_take);
        } else if (trouble->is_told[kind]) {
            trouble->is_told[kind] = false;
            log_info("engine", "event=trouble-over kind=%s", names[kind]);
        }
    }
    g_free(trouble->texts[kind]);
    trouble->texts[kind] = text_take;
}

static void tell_supervisor(struct trouble *trouble) {
    char *text = NULL;
    if (!trouble->is_ready && trouble->launch != NULL) {
        text = g_strdup_printf("no supervisor can begin: %s", trouble->launch);
    } else if (!trouble->is_ready) {
        text = g_strdup(trouble->has_been_ready
                            ? "the supervisor has ended, and another one is being started"
                            : "the server is recovering: no supervisor has told yet what runs");
    }
    replace(trouble, TROUBLE_SUPERVISOR, text);
}

struct trouble *trouble_new(void) {
    struct trouble *trouble = g_new0(struct trouble, 1);
    g_mutex_init(&trouble->mutex);
    trouble->texts[TROUBLE_SUPERVISOR] =
        g_strdup("the server is recovering: no supervisor has told yet what runs");
    return trouble;
}

void trouble_free(struct trouble *trouble) {
    if (trouble == NULL) {
        return;
    }
    for (int i = 0; i < TROUBLE_COUNT; i++) {
        g_free(trouble->texts[i]);
    }
    g_free(trouble->launch);
    g_mutex_clear(&trouble->mutex);
    g_free(trouble);
}

void trouble_set(struct trouble *trouble, enum trouble_kind kind, const char *text) {
    g_mutex_lock(&trouble->mutex);
    replace(trouble, kind, g_strdup(text));
    g_mutex_unlock(&trouble->mutex);
}

void trouble_supervisor(struct trouble *trouble, bool is_ready) {
    g_mutex_lock(&trouble->mutex);
    if (trouble->is_ready != is_ready) {
        trouble->is_ready = is_ready;
        trouble->has_been_ready = true;
        if (is_ready) {
            g_clear_pointer(&trouble->launch, g_free);
        }
        tell_supervisor(trouble);
    }
    g_mutex_unlock(&trouble->mutex);
}

void trouble_launch(struct trouble *trouble, const char *text) {
    g_mutex_lock(&trouble->mutex);
    g_free(trouble->launch);
    trouble->launch = g_strdup(text);
    tell_supervisor(trouble);
    g_mutex_unlock(&trouble->mutex);
}

bool trouble_has_failed_launch(struct trouble *trouble) {
    g_mutex_lock(&trouble->mutex);
    bool has_failed = !trouble->is_ready && trouble->launch != NULL;
    g_mutex_unlock(&trouble->mutex);
    return has_failed;
}

char *trouble_text(struct trouble *trouble, bool *ret_is_blind) {
    g_mutex_lock(&trouble->mutex);
    char *text = NULL;
    for (int i = 0; i < TROUBLE_COUNT && text == NULL; i++) {
        text = g_strdup(trouble->texts[i]);
    }
    if (ret_is_blind != NULL) {
        *ret_is_blind =
            trouble->texts[TROUBLE_SUPERVISOR] != NULL || trouble->texts[TROUBLE_SILENCE] != NULL;
    }
    g_mutex_unlock(&trouble->mutex);
    return text;
}
