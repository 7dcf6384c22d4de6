// SPDX-License-Identifier: Apache-2.0
//
// One thread, one job at a time, tenants in turn. A listing may come in several pieces, each an attempt; all pieces of a database are stored
// in one change.
//
// What always holds: a job works with the rights and the tenant of who asked for it; a database that could not be opened is marked, one
// whose reading was cut short by us stays as it was. The lock guards the lines of jobs and their tickets, and nothing else.

#include "engine/metasync.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/fault.h"
#include "base/keyed_hash.h"
#include "base/log.h"
#include "engine/fair_queue.h"
#include "engine/reach.h"
#include "exec/kinds.h"
#include "store/databases.h"
#include "store/people.h"
#include "store/payload.h"

enum {
    TENANT_JOBS_MAX = 1000, // that wait, of one tenant
    JOBS_MAX = 10000,       // of all
    ATTEMPT_MS = 60000,     // of one piece
    SPARE_MS = 1500,
    AGAIN_MS = 1000, // while the store takes no changes
    PAGE = 100,
    // Of a database: all of it is stored in one turn of the engine.
    TABLES_MAX = 10000,
    COLUMNS_MAX = 100000,
};

struct job {
    int64_t ticket; // in the order of posting, from 1 on; jobs are done in another
    struct caller caller;
    int64_t source_id;
    int64_t database_id;
    bool with_tables;
};

struct metasync {
    struct loop *loop;
    char *dir;
    struct store *store; // lends its master key
    GMutex mutex;
    GCond changed;
    struct fair_queue *jobs; // of struct job *, by tenant
    int64_t last_ticket;
    GHashTable *open; // tickets of jobs that are not done: they wait, or are worked on
    bool is_stopped;
    GThread *thread;             // NULL before the first job
    struct store_reader *reader; // the thread's own
};

struct metasync *metasync_new(struct loop *loop, const char *dir, struct store *store) {
    struct metasync *metasync = g_new0(struct metasync, 1);
    metasync->loop = loop;
    metasync->dir = g_strdup(dir);
    metasync->store = store;
    g_mutex_init(&metasync->mutex);
    g_cond_init(&metasync->changed);
    metasync->jobs = fair_queue_new(TENANT_JOBS_MAX, JOBS_MAX, g_free);
    metasync->open = g_hash_table_new_full(keyed_hash_int64, g_int64_equal, g_free, NULL);
    return metasync;
}

void metasync_stop(struct metasync *metasync) {
    g_mutex_lock(&metasync->mutex);
    metasync->is_stopped = true;
    GThread *thread = g_steal_pointer(&metasync->thread);
    g_cond_broadcast(&metasync->changed);
    g_mutex_unlock(&metasync->mutex);
    if (thread != NULL) {
        (void)g_thread_join(thread);
    }
}

void metasync_free(struct metasync *metasync) {
    if (metasync == NULL) {
        return;
    }
    g_assert(metasync->thread == NULL);
    store_reader_close(metasync->reader);
    fair_queue_free(metasync->jobs);
    g_hash_table_destroy(metasync->open);
    g_mutex_clear(&metasync->mutex);
    g_cond_clear(&metasync->changed);
    g_free(metasync->dir);
    g_free(metasync);
}

// ---- From an answer to what is stored ----

static char *text_of(const json_t *object, const char *name) {
    return g_strdup(json_string_value(json_object_get(object, name)));
}

static int64_t number_of(const json_t *object, const char *name, int64_t absent) {
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

static struct column_row *read_column(const json_t *entry) {
    struct column_row *column = g_new(struct column_row, 1);
    *column = (struct column_row){
        .name = text_of(entry, "name"),
        .type = text_of(entry, "type"),
        .default_value = text_of(entry, "default"),
        .description = text_of(entry, "description"),
        .is_nullable = json_is_true(json_object_get(entry, "nullable")),
        .is_auto_increment = json_is_true(json_object_get(entry, "auto")),
        .data_length = number_of(entry, "length", 0),
        .precision = (int)CLAMP(number_of(entry, "precision", 0), 0, G_MAXINT),
        .scale = (int)CLAMP(number_of(entry, "scale", 0), 0, G_MAXINT),
    };
    return column;
}

static struct table_row *read_table(const json_t *entry) {
    struct table_row *table = g_new(struct table_row, 1);
    *table = (struct table_row){
        .schema = text_of(entry, "schema"),
        .name = text_of(entry, "name"),
        .kind = text_of(entry, "kind"),
        .engine = text_of(entry, "engine"),
        .encoding = text_of(entry, "encoding"),
        .description = text_of(entry, "description"),
        .row_count = number_of(entry, "rows", -1),
        .bytes = number_of(entry, "bytes", -1),
        .columns = g_ptr_array_new_with_free_func((GDestroyNotify)column_row_free),
    };
    const json_t *columns = json_object_get(entry, "columns");
    for (size_t i = 0; i < json_array_size(columns); i++) {
        struct column_row *column = read_column(json_array_get(columns, i));
        if (column->name != NULL) {
            g_ptr_array_add(table->columns, column);
        } else {
            column_row_free(column);
        }
    }
    return table;
}

static void read_tables(const json_t *answer, GPtrArray *tables) {
    const json_t *list = json_object_get(answer, "tables");
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct table_row *table = read_table(json_array_get(list, i));
        if (table->name != NULL) {
            g_ptr_array_add(tables, table);
        } else {
            table_row_free(table);
        }
    }
}

static GPtrArray *read_databases(const json_t *answer) {
    GPtrArray *databases = g_ptr_array_new_with_free_func((GDestroyNotify)database_found_free);
    const json_t *list = json_object_get(answer, "databases");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        struct database_found *found = g_new0(struct database_found, 1);
        found->name = text_of(entry, "name");
        found->encoding = text_of(entry, "encoding");
        found->catalog = text_of(entry, "catalog");
        if (found->name != NULL) {
            g_ptr_array_add(databases, found);
        } else {
            database_found_free(found);
        }
    }
    return databases;
}

// ---- One job ----

// One piece of a database's catalogue. FAULT_INVALID_DATA: the database would not have it; other faults are ours.
static bool ask(struct metasync *metasync, const struct job *job, int64_t database_id,
                bool with_tables, int64_t skipped_count, json_t **ret_answer, GError **error) {
    struct exec_connection connection = { 0 };
    if (!reach_database(metasync->reader, job->caller.tenant_id, database_id, metasync->dir,
                        &connection, error)) {
        return false;
    }
    struct command command;
    command_init(&command, COMMAND_PROBE, &job->caller);
    command.spec = kind_metadata(&connection, with_tables, skipped_count, ATTEMPT_MS);
    exec_connection_done(&connection);
    command.what = "the reading of the database's structure";
    command.deadline_ms = g_get_monotonic_time() / 1000 + ATTEMPT_MS + SPARE_MS;
    bool is_done = loop_submit(metasync->loop, &command, error);
    json_t *answer = is_done ? json_loads(command.text, 0, NULL) : NULL;
    if (is_done && !json_is_true(json_object_get(answer, "ok"))) {
        const char *words = json_string_value(json_object_get(answer, "error"));
        bool was_cut = command.was_timed_out || words == NULL;
        fault_set(error, was_cut ? FAULT_UNAVAILABLE : FAULT_INVALID_DATA, "%s",
                  was_cut ? "the reading of the database's structure took too long" : words);
        json_decref(answer);
        is_done = false;
    }
    command_done(&command);
    if (is_done) {
        *ret_answer = answer;
    }
    return is_done;
}

// Takes the metadata.
static bool put(struct metasync *metasync, const struct job *job, struct metadata *metadata_take,
                GError **error) {
    struct change *change = change_new(CHANGE_METADATA_PUT, &job->caller);
    change->metadata = metadata_take;
    struct command command;
    command_init(&command, COMMAND_CHANGE, &job->caller);
    command.change = change;
    bool is_done = loop_submit(metasync->loop, &command, error);
    command_done(&command);
    change_free(change);
    return is_done;
}

// A database that would not be read is marked; the reason stays the job's.
static bool note_offline(struct metasync *metasync, const struct job *job, int64_t source_id,
                         int64_t database_id, GError *fault, GError **error) {
    if (fault_is(fault, FAULT_INVALID_DATA)) {
        struct metadata *metadata = g_new0(struct metadata, 1);
        metadata->source_id = source_id;
        metadata->database_id = database_id;
        metadata->is_offline = true;
        (void)put(metasync, job, metadata, NULL);
    }
    g_propagate_error(error, fault);
    return false;
}

static bool check_size(const GPtrArray *tables, GError **error) {
    guint columns = 0;
    for (guint i = 0; i < tables->len; i++) {
        columns += ((const struct table_row *)g_ptr_array_index(tables, i))->columns->len;
    }
    if (tables->len > TABLES_MAX || columns > COLUMNS_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the database has more than %d tables, or more than %d columns in them",
                  TABLES_MAX, COLUMNS_MAX);
        return false;
    }
    return true;
}

static bool sync_tables(struct metasync *metasync, const struct job *job, int64_t database_id,
                        GError **error) {
    g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func((GDestroyNotify)table_row_free);
    for (bool has_more = true; has_more;) {
        json_t *answer = NULL;
        GError *fault = NULL;
        guint known = tables->len;
        if (!ask(metasync, job, database_id, true, known, &answer, &fault)) {
            return note_offline(metasync, job, 0, database_id, fault, error);
        }
        read_tables(answer, tables);
        has_more = json_is_true(json_object_get(answer, "more")) && tables->len > known;
        json_decref(answer);
        if (!check_size(tables, error)) {
            return false;
        }
    }
    struct metadata *metadata = g_new0(struct metadata, 1);
    metadata->database_id = database_id;
    metadata->tables = g_steal_pointer(&tables);
    return put(metasync, job, metadata, error);
}

// All databases of the source as the store knows them.
static bool list_databases(struct metasync *metasync, const struct job *job, GArray *ids,
                           GError **error) {
    for (int page = 1;; page++) {
        g_autoptr(GPtrArray) databases = NULL;
        int64_t total = 0;
        if (!store_database_list(metasync->reader, &job->caller, job->source_id, NULL, page, PAGE,
                                 &databases, &total, error)) {
            return false;
        }
        for (guint i = 0; i < databases->len; i++) {
            const struct database_row *database = g_ptr_array_index(databases, i);
            if (database->state != DATABASE_MISSING) {
                g_array_append_val(ids, database->id);
            }
        }
        if (databases->len < PAGE) {
            return true;
        }
    }
}

// Which databases there are, asked of the first one that is known.
static bool sync_databases(struct metasync *metasync, const struct job *job, int64_t first_id,
                           GError **error) {
    json_t *answer = NULL;
    GError *fault = NULL;
    if (!ask(metasync, job, first_id, false, 0, &answer, &fault)) {
        return note_offline(metasync, job, job->source_id, 0, fault, error);
    }
    struct metadata *metadata = g_new0(struct metadata, 1);
    metadata->source_id = job->source_id;
    metadata->databases = read_databases(answer);
    json_decref(answer);
    return put(metasync, job, metadata, error);
}

static bool sync_source(struct metasync *metasync, const struct job *job, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!list_databases(metasync, job, ids, error)) {
        return false;
    }
    if (ids->len == 0) {
        return true;
    }
    if (!sync_databases(metasync, job, g_array_index(ids, int64_t, 0), error)) {
        return false;
    }
    g_array_set_size(ids, 0);
    if (!job->with_tables || !list_databases(metasync, job, ids, error)) {
        return !job->with_tables;
    }
    for (guint i = 0; i < ids->len; i++) {
        if (!sync_tables(metasync, job, g_array_index(ids, int64_t, i), error)) {
            return false;
        }
    }
    return true;
}

static bool open_reader(struct metasync *metasync, GError **error) {
    if (metasync->reader == NULL) {
        if (!store_reader_open(metasync->dir, &metasync->reader, error)) {
            return false;
        }
        store_reader_use_master(metasync->reader, metasync->store);
    }
    return true;
}

// False: the store takes no changes at present, and the job is to be done again.
static bool work(struct metasync *metasync, const struct job *job) {
    g_autoptr(GError) error = NULL;
    bool is_done = open_reader(metasync, &error) &&
                   (job->database_id != 0 ? sync_tables(metasync, job, job->database_id, &error)
                                          : sync_source(metasync, job, &error));
    if (is_done) {
        log_info("engine", "event=metadata-sync instance=%" PRId64 " database=%" PRId64,
                 job->source_id, job->database_id);
    } else if (fault_is_passing(error)) {
        return false;
    } else {
        g_autofree char *text = log_quote(error->message);
        log_warn("engine",
                 "event=metadata-sync-failed instance=%" PRId64 " database=%" PRId64 " reason=%s",
                 job->source_id, job->database_id, text);
    }
    return true;
}

// ---- The lines of jobs ----

// The next job, or NULL when there will be none.
static struct job *wait_for_job(struct metasync *metasync) {
    g_mutex_lock(&metasync->mutex);
    while (!metasync->is_stopped && fair_queue_is_empty(metasync->jobs)) {
        g_cond_wait(&metasync->changed, &metasync->mutex);
    }
    struct job *job = metasync->is_stopped ? NULL : fair_queue_pop(metasync->jobs);
    g_mutex_unlock(&metasync->mutex);
    return job;
}

// False: there will be no other try.
static bool wait_for_store(struct metasync *metasync) {
    int64_t until = g_get_monotonic_time() + (int64_t)AGAIN_MS * 1000;
    g_mutex_lock(&metasync->mutex);
    bool is_late = false;
    while (!metasync->is_stopped && !is_late) {
        is_late = !g_cond_wait_until(&metasync->changed, &metasync->mutex, until);
    }
    g_mutex_unlock(&metasync->mutex);
    return is_late;
}

static gpointer run_thread(gpointer user) {
    struct metasync *metasync = user;
    struct job *job = NULL;
    while ((job = wait_for_job(metasync)) != NULL) {
        while (!work(metasync, job) && wait_for_store(metasync)) {
        }
        g_mutex_lock(&metasync->mutex);
        (void)g_hash_table_remove(metasync->open, &job->ticket);
        g_cond_broadcast(&metasync->changed);
        g_mutex_unlock(&metasync->mutex);
        g_free(job);
    }
    return NULL;
}

// 0: the waiting job does all of the wanted one.
static int compare_jobs(gconstpointer waiting, gconstpointer other) {
    const struct job *job = waiting;
    const struct job *wanted = other;
    bool does_all = job->source_id == wanted->source_id &&
                    job->database_id == wanted->database_id &&
                    (job->with_tables || !wanted->with_tables);
    return does_all ? 0 : 1;
}

// Under the lock. Gives the job its ticket.
static enum fair_push push(struct metasync *metasync, struct job *job) {
    job->ticket = metasync->last_ticket + 1;
    struct job *copy = g_memdup2(job, sizeof *job);
    enum fair_push pushed = fair_queue_push(metasync->jobs, job->caller.tenant_id, copy);
    if (pushed != FAIR_TAKEN) {
        g_free(copy);
        return pushed;
    }
    metasync->last_ticket = job->ticket;
    (void)g_hash_table_add(metasync->open, g_memdup2(&job->ticket, sizeof job->ticket));
    g_cond_broadcast(&metasync->changed);
    if (metasync->thread == NULL) {
        metasync->thread = g_thread_new("metadata", run_thread, metasync);
    }
    return FAIR_TAKEN;
}

bool metasync_post(struct metasync *metasync, const struct caller *caller, int64_t source_id,
                   int64_t database_id, bool with_tables, int64_t *ret_ticket, GError **error) {
    g_assert(source_id != 0 || database_id != 0);
    struct job job = { .caller = *caller,
                       .source_id = source_id,
                       .database_id = database_id,
                       .with_tables = with_tables };
    enum fair_push pushed = FAIR_TAKEN;
    g_mutex_lock(&metasync->mutex);
    const struct job *known =
        fair_queue_find(metasync->jobs, caller->tenant_id, &job, compare_jobs);
    if (known != NULL) {
        job.ticket = known->ticket;
    } else {
        pushed = metasync->is_stopped ? FAIR_FULL : push(metasync, &job);
    }
    g_mutex_unlock(&metasync->mutex);
    if (ret_ticket != NULL) {
        *ret_ticket = job.ticket;
    }
    if (pushed != FAIR_TAKEN) {
        fault_set(error, FAULT_UNAVAILABLE, "%s; try again later",
                  pushed == FAIR_SHARE_USED
                      ? "as many readings of this tenant's databases wait as one tenant may have"
                      : "the structure of many databases is being read already");
    }
    return pushed == FAIR_TAKEN;
}

// Under the lock.
static bool is_done(const struct metasync *metasync, int64_t ticket) {
    return ticket <= metasync->last_ticket && !g_hash_table_contains(metasync->open, &ticket);
}

bool metasync_wait(struct metasync *metasync, int64_t ticket, int64_t timeout_ms) {
    int64_t until = g_get_monotonic_time() + timeout_ms * 1000;
    g_mutex_lock(&metasync->mutex);
    bool is_late = false;
    while (!is_done(metasync, ticket) && !metasync->is_stopped && !is_late) {
        is_late = !g_cond_wait_until(&metasync->changed, &metasync->mutex, until);
    }
    bool was_done = is_done(metasync, ticket);
    g_mutex_unlock(&metasync->mutex);
    return was_done;
}
