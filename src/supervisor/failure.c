// SPDX-License-Identifier: Apache-2.0

/* Naming what stood in the way of a start. What the kernel reads of a script's first line is read
 * here in the same way (binfmt_script: 256 bytes at most, blanks around the interpreter left out).
 * Nothing found here is acted upon. */

#include "supervisor/failure.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_LINE_BYTES 256 /* what the kernel looks at */
#define SHOWN_BYTES 300      /* of a path, so that the sentence around it has room */

/* The sentence may hold any bytes of a user's: none of them may end or forge a line. */
static void clean(char *words) {
    for (char *at = words; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = '?';
}

static const char *ellipsis(const char *text) {
    return strlen(text) > SHOWN_BYTES ? "..." : "";
}

static void describe_workdir(const struct failure *failure, char *words) {
    const char *path = failure->workdir;
    if (path[0] != '/') {
        (void)snprintf(words, FAILURE_BYTES,
                       "the attempt's own work directory can not be entered: %s",
                       strerror(failure->error));
        return;
    }
    int len = snprintf(words, FAILURE_BYTES, "the work directory %.*s%s ", SHOWN_BYTES, path,
                       ellipsis(path));
    char *rest = words + len;
    size_t room = FAILURE_BYTES - (size_t)len;
    if (failure->error == ENOENT)
        (void)snprintf(rest, room, "does not exist");
    else if (failure->error == ENOTDIR)
        (void)snprintf(rest, room, "is no directory");
    else if (failure->error == EACCES)
        (void)snprintf(rest, room, "may not be entered by the user that tasks run as (uid %u)",
                       (unsigned)failure->uid);
    else
        (void)snprintf(rest, room, "can not be entered: %s", strerror(failure->error));
}

static bool is_directory(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void describe_program(const struct failure *failure, const char *path, const char *what,
                             char *words) {
    int len = snprintf(words, FAILURE_BYTES, "%s %.*s%s ", what, SHOWN_BYTES, path, ellipsis(path));
    char *rest = words + len;
    size_t room = FAILURE_BYTES - (size_t)len;
    if (failure->error == ENOENT && access(path, F_OK) != 0)
        (void)snprintf(rest, room, "does not exist on this machine");
    else if (failure->error == ENOENT)
        (void)snprintf(rest, room, "exists, but what it needs itself to run does not");
    else if (failure->error == EACCES && is_directory(path))
        (void)snprintf(rest, room, "is a directory");
    else if (failure->error == EACCES)
        (void)snprintf(rest, room, "may not be run by the user that tasks run as (uid %u)",
                       (unsigned)failure->uid);
    else if (failure->error == ENOEXEC)
        (void)snprintf(rest, room, "is no program that this machine can run");
    else
        (void)snprintf(rest, room, "can not be run: %s", strerror(failure->error));
}

/* The interpreter that the first line names, as the kernel reads it. False: the line is too long. */
static bool read_interpreter(int script_fd, char line[FIRST_LINE_BYTES + 1], char **ret_name) {
    ssize_t len = pread(script_fd, line, FIRST_LINE_BYTES, 0);
    if (len < 2)
        len = 0;
    line[len] = '\0';
    char *name = line + (len >= 2 ? 2 : 0);
    name += strspn(name, " \t");
    size_t name_len = strcspn(name, " \t\n");
    bool is_whole = name[name_len] != '\0' || len < FIRST_LINE_BYTES;
    name[name_len] = '\0';
    *ret_name = name;
    return is_whole;
}

static void describe_script(const struct failure *failure, char *words) {
    char line[FIRST_LINE_BYTES + 1];
    char *name;
    if (!read_interpreter(failure->script_fd, line, &name)) {
        (void)snprintf(words, FAILURE_BYTES,
                       "the first line of the script is longer than the %d bytes that the system "
                       "reads of it",
                       FIRST_LINE_BYTES - 1);
    } else if (name[strcspn(name, "\r")] == '\r') {
        name[strcspn(name, "\r")] = '\0';
        (void)snprintf(words, FAILURE_BYTES,
                       "the first line of the script ends in CR LF, so that the carriage return "
                       "belongs to the interpreter's name (%s); end the line with LF alone",
                       name);
    } else if (name[0] == '\0') {
        (void)snprintf(words, FAILURE_BYTES,
                       "the first line of the script begins with \"#!\" and names no interpreter");
    } else if (name[0] != '/') {
        (void)snprintf(words, FAILURE_BYTES,
                       "the interpreter of the script's first line must be an absolute path, not "
                       "%s; \"#!/usr/bin/env %s\" looks it up in PATH",
                       name, name);
    } else {
        describe_program(failure, name, "the interpreter", words);
    }
}

void failure_describe(const struct failure *failure, char ret_words[FAILURE_BYTES]) {
    ret_words[0] = '\0';
    if (failure->step == FAILURE_WORKDIR)
        describe_workdir(failure, ret_words);
    else if (failure->error == E2BIG)
        (void)snprintf(ret_words, FAILURE_BYTES,
                       "arguments and environment together are longer than the system takes");
    else if (failure->step == FAILURE_PREPARING)
        (void)snprintf(ret_words, FAILURE_BYTES, "its process could not be prepared: %s",
                       strerror(failure->error));
    else if (strcmp(failure->program, "@3") == 0 && failure->script_fd >= 0)
        describe_script(failure, ret_words);
    else if (strcmp(failure->program, "@sql") == 0)
        (void)snprintf(ret_words, FAILURE_BYTES, "sluice-sql can not be run: %s",
                       strerror(failure->error));
    else
        describe_program(failure, failure->program, "the program", ret_words);
    clean(ret_words);
}
