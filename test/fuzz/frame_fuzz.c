// SPDX-License-Identifier: Apache-2.0
// folder: base
//
// frame: whatever decodes must encode to the very same bytes, so that two readers can not see two messages.
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct frame_message message;
    if (frame_decode(data, size, &message) != 0) {
        return 0;
    }
    uint8_t *again = malloc(size);
    assert(again != NULL);
    size_t len = 0;
    int result = frame_encode(&message, again, size, &len);
    assert(result == 0);
    assert(len == size);
    assert(memcmp(again, data, size) == 0);
    free(again);
    return 0;
}
