// SPDX-License-Identifier: Apache-2.0
//
// budget: `bytes` of the budget is the sum of all claims, `bytes` of a holder that of its claims; a claim is in the queue exactly while it
// holds something and may give way. All walks are over connections, and only when the store is empty.
#include "web/budget.h"

#include <string.h>

static gint by_name(gconstpointer left, gconstpointer right, gpointer ctx) {
    return strcmp(left, right);
}

void budget_init(struct budget *budget) {
    *budget = (struct budget){ .holders = g_tree_new_full(by_name, NULL, NULL, NULL) };
    g_queue_init(&budget->claims);
}

void budget_done(struct budget *budget) {
    g_assert(g_tree_nnodes(budget->holders) == 0);
    g_assert(budget->bytes == 0);
    g_tree_unref(budget->holders);
}

struct holder *budget_holder(struct budget *budget, const char *name, bool is_key) {
    // An address never begins so, hence the two kinds do not meet.
    g_autofree char *full = g_strconcat(is_key ? "key " : "", name, NULL);
    struct holder *holder = g_tree_lookup(budget->holders, full);
    if (holder == NULL) {
        holder = g_new0(struct holder, 1);
        holder->name = g_steal_pointer(&full);
        holder->is_key = is_key;
        g_tree_insert(budget->holders, holder->name, holder);
    }
    holder->references++;
    return holder;
}

void budget_drop(struct budget *budget, struct holder *holder) {
    if (--holder->references == 0) {
        g_assert(holder->bytes == 0);
        (void)g_tree_remove(budget->holders, holder->name);
        g_free(holder->name);
        g_free(holder);
    }
}

static struct holder *holder_of(const struct claim *claim) {
    return claim->key != NULL ? claim->key : claim->address;
}

static void leave_queue(struct budget *budget, struct claim *claim) {
    if (claim->link.data != NULL) {
        g_queue_unlink(&budget->claims, &claim->link);
        claim->link.data = NULL;
    }
}

static void give_back(struct budget *budget, struct claim *claim) {
    budget->bytes -= claim->bytes;
    holder_of(claim)->bytes -= claim->bytes;
    claim->bytes = 0;
    leave_queue(budget, claim);
}

void budget_vouch(struct budget *budget, struct claim *claim, const char *key) {
    g_assert(claim->key == NULL);
    claim->address->bytes -= claim->bytes;
    claim->key = budget_holder(budget, key, true);
    claim->key->bytes += claim->bytes;
}

// The claim that gives way to this one, or NULL. It may be this one itself.
static struct claim *find_weakest(const struct budget *budget, const struct claim *claim) {
    const struct holder *mine = holder_of(claim);
    struct claim *weakest = NULL;
    for (GList *at = budget->claims.head; at != NULL; at = at->next) {
        struct claim *other = at->data;
        const struct holder *theirs = holder_of(other);
        if (theirs->is_key && !mine->is_key) {
            continue;
        }
        const struct holder *found = weakest == NULL ? NULL : holder_of(weakest);
        bool is_weaker = found == NULL || (found->is_key && !theirs->is_key) ||
                         (found->is_key == theirs->is_key && theirs->bytes > found->bytes);
        if (is_weaker) {
            weakest = other;
        }
    }
    bool is_own = weakest != NULL && mine->is_key && holder_of(weakest) == mine;
    return is_own ? NULL : weakest;
}

bool budget_grow(struct budget *budget, struct claim *claim, size_t bytes,
                 void (*gave_way)(void *ctx, struct claim *claim), void *ctx) {
    size_t wanted = bytes > HTTP_OWN_BYTES ? bytes - HTTP_OWN_BYTES : 0;
    if (claim->is_lost) {
        return false;
    }
    if (wanted <= claim->bytes) {
        return true;
    }
    size_t more = wanted - claim->bytes;
    while (budget->bytes + more > HTTP_STORE_BYTES) {
        struct claim *weakest = find_weakest(budget, claim);
        if (weakest == NULL || weakest == claim) {
            return false;
        }
        give_back(budget, weakest);
        weakest->is_lost = true;
        gave_way(ctx, weakest);
    }
    budget->bytes += more;
    holder_of(claim)->bytes += more;
    claim->bytes = wanted;
    if (claim->link.data == NULL) {
        claim->link = (GList){ .data = claim };
        g_queue_push_tail_link(&budget->claims, &claim->link);
    }
    return true;
}

bool budget_fix(struct budget *budget, struct claim *claim) {
    if (claim->is_lost) {
        return false;
    }
    if (claim->key == NULL) {
        size_t together = budget->fixed_bytes + claim->bytes;
        if (claim->bytes > 0 && budget->fixed_bytes > 0 && together > HTTP_STORE_BYTES / 2) {
            return false;
        }
        budget->fixed_bytes = together;
    }
    claim->is_fixed = true;
    leave_queue(budget, claim);
    return true;
}

void budget_release(struct budget *budget, struct claim *claim) {
    if (claim->is_fixed && claim->key == NULL) {
        budget->fixed_bytes -= claim->bytes;
    }
    give_back(budget, claim);
    if (claim->key != NULL) {
        budget_drop(budget, claim->key);
        claim->key = NULL;
    }
    claim->is_fixed = false;
    claim->is_lost = false;
}
