// SPDX-License-Identifier: Apache-2.0
//
// Tenants, users and keys, and the two files of the first start: the master key and the administrator's credentials.
//
// Secrets leave this file only through store_key_find, and the first one through the credentials' file.

#include "store/people.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "store/credentials.h"
#include "store/founding.h"
#include "store/key_seal.h"
#include "store/sessions.h"

enum {
    SECRET_MIN = 16,
    CREDENTIAL_MAX = ACCESS_NAME_BYTES - 1,
};

static const char COUNT_PEOPLE[] = "SELECT count(*) FROM (SELECT 1 FROM person LIMIT 1) AS someone";
// A user belongs to one tenant.
static const char GET_TENANT[] = "SELECT t.id, t.name, t.is_active FROM tenant t JOIN person p"
                                 " ON p.tenant_id = t.id WHERE t.id = ?1 AND p.id = ?2";
// Key pairs that stand in public documents: whoever reads them could sign. Masked samples have stars or angle brackets.
static const char *const sample_texts[] = { "testid",          "testsecret",
                                            "accessKeyId",     "accessKeySecret",
                                            "yourAccessKeyId", "yourAccessKeySecret" };
static const char SAMPLE_LETTERS[] = "*<>";

// ---- The master key ----

static bool read_master(int fd, struct store_reader *reader, GError **error) {
    struct stat status;
    size_t len = 0;
    uint8_t key[CRYPTO_KEY_BYTES + 1];
    if (fstat(fd, &status) != 0 || file_read_at(fd, key, sizeof key, 0, &len) != 0) {
        fault_set(error, FAULT_IO, "master.key can not be read");
        return false;
    }
    bool is_private = S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
    if (!is_private || len != CRYPTO_KEY_BYTES) {
        explicit_bzero(key, sizeof key);
        fault_set(error, FAULT_INVALID_DATA,
                  is_private ? "master.key does not have 32 bytes"
                             : "master.key can be read by others; make its mode 0600");
        return false;
    }
    memcpy(reader->master, key, CRYPTO_KEY_BYTES);
    reader->has_master = true;
    explicit_bzero(key, sizeof key);
    return true;
}

static bool make_master(int dir_fd, struct store *store, GError **error) {
    crypto_random(store->reader.master, CRYPTO_KEY_BYTES);
    int code = file_replace(dir_fd, "master.key", store->reader.master, CRYPTO_KEY_BYTES, 0600,
                            (uid_t)-1, (gid_t)-1);
    if (code != 0) {
        fault_set(error, FAULT_IO, "writing master.key: %s", g_strerror(-code));
        return false;
    }
    store->reader.has_master = true;
    return true;
}

static bool open_dir(const char *dir, int *ret_fd, GError **error) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        fault_set(error, FAULT_IO, "opening %s: %s", dir, g_strerror(errno));
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool store_master_key(struct store *store, const char *dir, GError **error) {
    int dir_fd = -1;
    int64_t people = 0;
    if (!open_dir(dir, &dir_fd, error)) {
        return false;
    }
    int fd = openat(dir_fd, "master.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int code = fd < 0 ? errno : 0;
    bool is_good = false;
    if (fd >= 0) {
        is_good = read_master(fd, &store->reader, error);
        (void)close(fd);
    } else if (code != ENOENT) {
        fault_set(error, FAULT_IO, "opening master.key: %s", g_strerror(code));
    } else if (query_int(store->reader.sql, COUNT_PEOPLE, NO_VALUES, 0, &people, error)) {
        // A new key would make every stored secret unreadable.
        if (people > 0) {
            fault_set(error, FAULT_INVALID_DATA,
                      "master.key is missing, but the store has sealed secrets: restore it from a "
                      "backup");
        } else {
            is_good = make_master(dir_fd, store, error);
        }
    }
    (void)close(dir_fd);
    return is_good;
}

bool store_reader_master_key(struct store_reader *reader, const char *dir, GError **error) {
    int dir_fd = -1;
    if (!open_dir(dir, &dir_fd, error)) {
        return false;
    }
    int fd = openat(dir_fd, "master.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool is_good = fd >= 0 && read_master(fd, reader, error);
    if (fd < 0) {
        fault_set(error, FAULT_IO, "opening %s/master.key: %s", dir, g_strerror(errno));
    } else {
        (void)close(fd);
    }
    (void)close(dir_fd);
    return is_good;
}

void store_reader_use_master(struct store_reader *reader, const struct store *store) {
    g_assert(store->reader.has_master);
    memcpy(reader->master, store->reader.master, CRYPTO_KEY_BYTES);
    reader->has_master = true;
}

// ---- The first people ----

static bool is_sample(const char *text) {
    for (size_t i = 0; i < G_N_ELEMENTS(sample_texts); i++) {
        if (g_ascii_strcasecmp(text, sample_texts[i]) == 0) {
            return true;
        }
    }
    return strpbrk(text, SAMPLE_LETTERS) != NULL;
}

static bool is_plain(const char *text) {
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isgraph(text[i])) {
            return false;
        }
    }
    return len > 0 && len <= CREDENTIAL_MAX;
}

static bool check_given(const char *key_id, const char *secret, GError **error) {
    if (key_id == NULL || secret == NULL) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "SLUICE_ACCESS_KEY_ID and SLUICE_ACCESS_KEY_SECRET must be given together");
    } else if (!is_plain(key_id) || !is_plain(secret)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "the given access key must be 1 to %d printable ASCII characters without blanks",
                  CREDENTIAL_MAX);
    } else if (strlen(secret) < SECRET_MIN) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "the given access key secret has fewer than %d characters", SECRET_MIN);
    } else if (g_str_has_prefix(key_id, SESSION_PREFIX)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "the given access key begins with " SESSION_PREFIX ", as only temporary keys do");
    } else if (is_sample(key_id) || is_sample(secret)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "the given access key is a sample out of public documentation");
    } else {
        return true;
    }
    return false;
}

// The file comes before the commit: a crash between leaves a store without people, and the next start makes both anew.
static bool add_first_people(struct store *store, const char *dir, struct founding *person,
                             int64_t now_ms, GError **error) {
    if (!store_begin(store, error)) {
        return false;
    }
    founding_number(store, person);
    bool is_good = founding_insert(store, person, now_ms, error) &&
                   credentials_write(dir,
                                     &(struct credentials){ .key_id = person->key_id,
                                                            .secret = person->secret,
                                                            .tenant_id = person->tenant_id,
                                                            .uid = person->uid },
                                     error);
    founding_done(person);
    if (!is_good) {
        store_rollback(store);
        return false;
    }
    return store_commit(store, error);
}

bool store_first_people(struct store *store, const char *dir, const char *given_key_id,
                        const char *given_secret, int64_t now_ms, GError **error) {
    g_assert(store->reader.has_master);
    bool is_given = given_key_id != NULL || given_secret != NULL;
    int64_t people = 0;
    if (!query_int(store->reader.sql, COUNT_PEOPLE, NO_VALUES, 0, &people, error)) {
        return false;
    }
    if (people > 0) {
        return true;
    }
    if (is_given && !check_given(given_key_id, given_secret, error)) {
        return false;
    }
    g_autofree char *key_id = is_given ? g_strdup(given_key_id) : crypto_random_text(KEY_ID_LENGTH);
    g_autofree char *secret =
        is_given ? g_strdup(given_secret) : crypto_random_text(KEY_SECRET_LENGTH);
    struct founding person = {
        .tenant_name = "default", .key_id = key_id, .secret = secret, .is_operator = true
    };
    bool is_good = add_first_people(store, dir, &person, now_ms, error);
    explicit_bzero(secret, strlen(secret));
    return is_good;
}

// ---- Reading ----

void tenant_row_free(struct tenant_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row);
}

bool store_tenant_get(struct store_reader *reader, const struct caller *caller, int64_t tenant_id,
                      struct tenant_row **ret_tenant, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t wanted = tenant_id == 0 ? caller->tenant_id : tenant_id;
    if (!query_one(reader->sql, GET_TENANT, VALUES(INT(wanted), INT(caller->user_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_TENANT_NOT_EXIST, "there is no tenant %" G_GINT64_FORMAT, wanted);
        return false;
    }
    struct tenant_row *tenant = g_new(struct tenant_row, 1);
    *tenant = (struct tenant_row){
        .id = sql_column_int(row, 0),
        .name = query_text(row, 1),
        .is_active = sql_column_int(row, 2) != 0,
    };
    sql_reset(row);
    *ret_tenant = tenant;
    return true;
}

bool store_tenant_list(struct store_reader *reader, const struct caller *caller,
                       GPtrArray **ret_tenants, GError **error) {
    struct tenant_row *tenant = NULL;
    if (!store_tenant_get(reader, caller, 0, &tenant, error)) {
        return false;
    }
    GPtrArray *tenants = g_ptr_array_new_with_free_func((GDestroyNotify)tenant_row_free);
    g_ptr_array_add(tenants, tenant);
    *ret_tenants = tenants;
    return true;
}
