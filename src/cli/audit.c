// SPDX-License-Identifier: Apache-2.0
//
// cli_audit: `sluice audit verify`. It asks no server: it reads the directory, while a server runs or not, and changes nothing there.
//
// What lies in the directory can show that something is wrong, never that the end is whole: rows can be cut off together with the signed heads
// beside them. Only a head that was kept elsewhere proves, and only up to itself.
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "cli/text.h"
#include "store/audit.h"
#include "store/audit_heads.h"
#include "store/people.h"

enum { HEADS_MAX_BYTES = 64 * 1024 * 1024, PIECE_BYTES = 64 * 1024 };

struct verdict {
    int64_t row_count;
    int64_t head_count;
    int64_t proven_seq; // the greatest row that a given head proves; 0: none was given
    char *fault;        // the first that does not fit; NULL: nothing is broken
};

// ---- The heads given ----

// A head that lies where the log lies was cut with it, if it was cut.
static bool is_own_file(const char *dir, int fd) {
    g_autofree char *path = g_build_filename(dir, "audit.heads", NULL);
    struct stat own = { 0 };
    struct stat given = { 0 };
    return stat(path, &own) == 0 && fstat(fd, &given) == 0 && own.st_dev == given.st_dev &&
           own.st_ino == given.st_ino;
}

static bool read_all(int fd, GString *text, GError **error) {
    g_autofree char *piece = g_malloc(PIECE_BYTES);
    ssize_t count = 0;
    while ((count = read(fd, piece, PIECE_BYTES)) != 0) {
        if (count < 0 && errno != EINTR) {
            fault_set(error, FAULT_INVALID_VALUE, "--head: %s", g_strerror(errno));
            return false;
        }
        if (count > 0) {
            g_string_append_len(text, piece, count);
        }
        if (text->len > HEADS_MAX_BYTES) {
            fault_set(error, FAULT_INVALID_VALUE, "--head: more than 64 MiB of heads");
            return false;
        }
    }
    return true;
}

static bool read_file(const char *dir, const char *name, GString *text, GError **error) {
    bool is_input = strcmp(name, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "--head takes a signed head (NUMBER TIME HASH HMAC), a file of them, or - for "
                  "standard input; \"%s\" is no head, and as a file: %s",
                  name, g_strerror(errno));
        return false;
    }
    bool is_read = !is_own_file(dir, fd);
    if (!is_read) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "--head: this is the directory's own audit.heads, which proves nothing: give "
                  "heads that were kept elsewhere");
    }
    is_read = is_read && read_all(fd, text, error);
    if (!is_input) {
        (void)close(fd);
    }
    return is_read;
}

// *ret_heads stays NULL when none are asked for; else there is at least one.
static bool read_heads(const char *dir, const char *given, GArray **ret_heads, GError **error) {
    g_autoptr(GArray) heads = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    if (given == NULL) {
        return true;
    }
    if (signed_heads_read(given, strlen(given), &heads, NULL) && heads->len > 0) {
        *ret_heads = g_steal_pointer(&heads); // the head itself
        return true;
    }
    g_clear_pointer(&heads, g_array_unref);
    if (!read_file(dir, given, text, error)) {
        return false;
    }
    if (!signed_heads_read(text->str, text->len, &heads, error)) {
        g_prefix_error(error, "--head: ");
        return false;
    }
    if (heads->len == 0) {
        fault_set(error, FAULT_INVALID_VALUE, "--head: there is no head in %s", given);
        return false;
    }
    *ret_heads = g_steal_pointer(&heads);
    return true;
}

// ---- The verdict ----

static bool compare(struct store_reader *reader, const char *dir, const GArray *heads,
                    struct verdict *verdict, GError **error) {
    bool is_whole =
        store_audit_verify(reader, &verdict->row_count, &verdict->fault, error) &&
        store_audit_heads_verify(reader, dir, &verdict->head_count, &verdict->fault, error) &&
        (heads == NULL || store_audit_heads_prove(reader, heads, &verdict->fault, error));
    if (is_whole && heads != NULL) {
        verdict->proven_seq = g_array_index(heads, struct signed_head, heads->len - 1).seq;
    }
    return is_whole || verdict->fault != NULL;
}

// True with a verdict, false when something can not be read.
static bool verify(const char *dir, const GArray *heads, struct verdict *ret_verdict,
                   GError **error) {
    struct store_reader *reader = NULL;
    if (!store_reader_open(dir, &reader, error)) {
        return false;
    }
    struct verdict verdict = { 0 };
    bool is_read =
        store_reader_master_key(reader, dir, error) && compare(reader, dir, heads, &verdict, error);
    store_reader_close(reader);
    if (is_read) {
        *ret_verdict = verdict;
    }
    return is_read;
}

static enum cli_exit exit_of(const struct verdict *verdict) {
    return verdict->fault != NULL     ? CLI_RUN_FAILED
           : verdict->proven_seq == 0 ? CLI_UNPROVEN
                                      : CLI_OK;
}

static void print_json(const struct verdict *verdict) {
    static const char *const names[] = {
        [CLI_OK] = "proven", [CLI_RUN_FAILED] = "broken", [CLI_UNPROVEN] = "unproven"
    };
    enum cli_exit code = exit_of(verdict);
    json_t *whole = code == CLI_UNPROVEN ? json_null() : json_boolean(code == CLI_OK);
    json_t *value =
        json_pack("{s:s, s:o, s:I, s:I, s:I}", "Verdict", names[code], "Whole", whole, "Rows",
                  (json_int_t)verdict->row_count, "Heads", (json_int_t)verdict->head_count,
                  "ProvenRows", (json_int_t)verdict->proven_seq);
    if (verdict->fault != NULL) {
        json_object_set_new(value, "Fault", json_string(verdict->fault));
    }
    cli_print_json(value);
    json_decref(value);
}

static void print_text(const struct verdict *verdict) {
    if (verdict->fault != NULL) {
        g_autofree char *clean = cli_text_clean(verdict->fault, 0);
        (void)printf("broken: %s\n", clean);
        return;
    }
    int64_t newer = verdict->row_count - verdict->proven_seq;
    if (verdict->proven_seq == 0) {
        (void)printf("unproven: %" G_GINT64_FORMAT " rows and %" G_GINT64_FORMAT
                     " signed heads beside them fit together; whether rows are missing from the "
                     "end can not be known\nwithout a head that was kept elsewhere: give it with "
                     "--head (sluiced --audit-head-command hands heads out)\n",
                     verdict->row_count, verdict->head_count);
    } else if (newer <= 0) {
        (void)printf("proven: whole up to and including row %" G_GINT64_FORMAT
                     ", the head given; it is the last row\n",
                     verdict->proven_seq);
    } else {
        (void)printf("proven: whole up to and including row %" G_GINT64_FORMAT
                     ", the head given; %" G_GINT64_FORMAT " newer rows fit behind it, and whether "
                     "more came after them can not be known\n",
                     verdict->proven_seq, newer);
    }
}

enum cli_exit command_audit_verify(struct cli_session *session) {
    const char *dir = session->options->values[OPTION_DATA];
    if (dir == NULL) {
        return cli_fail_usage("which log? say --data DIR, the server's directory");
    }
    GError *error = NULL;
    bool is_json = false;
    struct verdict verdict = { 0 };
    g_autoptr(GArray) heads = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !read_heads(dir, session->options->values[OPTION_HEAD], &heads, &error)) {
        (void)cli_fail(error);
        return CLI_USAGE;
    }
    if (!verify(dir, heads, &verdict, &error)) {
        (void)fprintf(stderr, "sluice: the operation log of %s can not be read: %s\n", dir,
                      error->message);
        g_error_free(error);
        return CLI_USAGE;
    }
    if (is_json) {
        print_json(&verdict);
    } else {
        print_text(&verdict);
    }
    enum cli_exit code = exit_of(&verdict);
    g_free(verdict.fault);
    return code;
}
