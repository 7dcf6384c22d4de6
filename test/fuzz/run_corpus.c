// SPDX-License-Identifier: Apache-2.0
// Feeds every file of a corpus folder to the fuzz target it is linked with, one TAP result per file.
//
// A target that misbehaves ends the program, which the test runner counts as a failure; there is nothing to compare.
// Besides the files, every prefix of the first 512 bytes of each is tried: a parser's ends are where it breaks.
#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PREFIX_BYTES_MAX = 512, FILE_BYTES_MAX = 16 * 1024 * 1024 };

// The bytes are handed over in a block of exactly their size, so that a sanitizer sees the first byte read too far.
static void run_copy(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL) {
        abort();
    }
    memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static int run_file(const char *path) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        printf("# %s: %s\n", path, strerror(errno));
        return -1;
    }
    uint8_t *data = malloc(FILE_BYTES_MAX);
    if (data == NULL) {
        abort();
    }
    size_t size = fread(data, 1, FILE_BYTES_MAX, file);
    (void)fclose(file);
    for (size_t prefix = 0; prefix < size && prefix < PREFIX_BYTES_MAX; prefix++) {
        run_copy(data, prefix);
    }
    run_copy(data, size);
    free(data);
    return 0;
}

int main(int argc, char **argv) {
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1;
    if (count < 0) {
        printf("Bail out! usage: %s CORPUS-FOLDER (%s)\n", argv[0], strerror(errno));
        return 2;
    }
    int number = 0;
    int failed = 0;
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            char path[4096];
            (void)snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
            number++;
            int result = run_file(path);
            failed += result != 0;
            printf("%sok %d %s\n", result == 0 ? "" : "not ", number, entries[i]->d_name);
            (void)fflush(stdout);
        }
        free(entries[i]);
    }
    free(entries);
    printf("1..%d\n", number);
    return failed == 0 && number > 0 ? 0 : 1;
}
