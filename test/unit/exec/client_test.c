// SPDX-License-Identifier: Apache-2.0
//
// The client against a supervisor that this test plays itself, step by step over a real socket, and against the real one.
#include "exec/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/frame.h"

enum { DEADLINE_MS = 20000, FENCES_MANY = 2000 };

// Everything one test needs; reports are kept as lines of text.
struct scene {
    char *dir;
    int dir_fd;
    int listen_fd; // -1: nobody listens
    int peer_fd;   // the supervisor's end; -1 none
    struct frame_reader reader;
    struct frame_writer writer;
    struct client *client;
    GString *reports;
    int launches;
    bool can_launch;
    int64_t clock_ms;
    GPid pid; // of a real supervisor
};

static bool launch(void *user) {
    struct scene *scene = user;
    scene->launches++;
    return scene->can_launch;
}

static void note(const struct report *report, void *user) {
    GString *reports = ((struct scene *)user)->reports;
    switch (report->kind) {
    case REPORT_READY:
        g_string_append_printf(reports, "READY mark=%d capacity=%d other=%d journal=%d level=%s\n",
                               (int)report->mark, report->capacity, report->is_other_supervisor,
                               report->has_journal, report->level);
        return;
    case REPORT_STARTED:
        g_string_append_printf(reports, "STARTED %d pid=%d at=%d\n", (int)report->fence,
                               report->pid > 0, report->started_ms > 0);
        return;
    case REPORT_EXITED:
        g_string_append_printf(
            reports, "EXITED %d cause=%d code=%d kill=%d oom=%d long=%d lost=%d result=%s\n",
            (int)report->fence, report->exit.cause, report->exit.code, report->exit.kill,
            report->exit.was_out_of_memory, report->exit.is_result_too_long,
            report->exit.is_result_lost, report->exit.result != NULL ? report->exit.result : "-");
        return;
    case REPORT_REFUSED:
        g_string_append_printf(reports, "REFUSED %d reason=%d %s\n", (int)report->fence,
                               report->refusal, report->text);
        return;
    case REPORT_GONE: g_string_append(reports, "GONE\n"); return;
    }
    g_assert_not_reached();
}

static void pump(struct scene *scene) {
    client_pump(scene->client, scene->clock_ms, 41, note, scene);
}

static void expect(struct scene *scene, const char *reports) {
    g_assert_cmpstr(scene->reports->str, ==, reports);
    (void)g_string_truncate(scene->reports, 0);
}

static void listen_here(struct scene *scene) {
    g_assert_cmpint(file_listen(scene->dir_fd, "supervisor.sock", 0600, (uid_t)-1, (gid_t)-1,
                                &scene->listen_fd),
                    ==, 0);
}

static struct scene *scene_new(const char *below) {
    struct scene *scene = g_new0(struct scene, 1);
    g_autofree char *top = g_strdup("/var/tmp/sluice-client-XXXXXX");
    g_assert_nonnull(g_mkdtemp(top));
    g_assert_cmpint(chmod(top, 0711), ==, 0);
    scene->dir = g_build_filename(top, below, NULL);
    g_assert_cmpint(g_mkdir_with_parents(scene->dir, 0711), ==, 0);
    scene->dir_fd = open(scene->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(scene->dir_fd, >=, 0);
    scene->listen_fd = scene->peer_fd = -1;
    scene->reports = g_string_new(NULL);
    scene->can_launch = true;
    scene->clock_ms = 1000;
    scene->client = client_new(scene->dir, launch, scene);
    return scene;
}

static void hang_up(struct scene *scene) {
    frame_reader_done(&scene->reader);
    frame_writer_done(&scene->writer);
    (void)close(scene->peer_fd);
    scene->peer_fd = -1;
}

static void scene_free(struct scene *scene) {
    client_free(scene->client);
    if (scene->peer_fd >= 0) {
        hang_up(scene);
    }
    if (scene->listen_fd >= 0) {
        (void)close(scene->listen_fd);
    }
    (void)close(scene->dir_fd);
    // The folder right below /var/tmp, with what a real supervisor left in it.
    g_auto(GStrv) parts = g_strsplit(scene->dir, "/", 5);
    g_autofree char *top = g_strdup_printf("/var/tmp/%s", parts[3]);
    const char *argv[] = { "rm", "-rf", "--", top, NULL };
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
                               NULL, NULL, NULL));
    (void)g_string_free(scene->reports, TRUE);
    g_free(scene->dir);
    g_free(scene);
}

static void accept_client(struct scene *scene) {
    scene->peer_fd = accept4(scene->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    g_assert_cmpint(scene->peer_fd, >=, 0);
    frame_reader_init(&scene->reader, 0);
    frame_writer_init(&scene->writer, 0);
}

// The next message of the client; it must be there or come at once.
static struct frame_message hear(struct scene *scene, enum frame_type type) {
    struct frame_message message;
    int result = frame_reader_next(&scene->reader, &message);
    while (result == 0) {
        struct pollfd poll_fd = { .fd = scene->peer_fd, .events = POLLIN };
        g_assert_cmpint(poll(&poll_fd, 1, DEADLINE_MS), ==, 1);
        g_assert_cmpint(frame_reader_receive(&scene->reader, scene->peer_fd), ==, 1);
        result = frame_reader_next(&scene->reader, &message);
    }
    g_assert_cmpint(result, ==, 1);
    g_assert_cmpint(message.type, ==, type);
    return message;
}

static bool is_silent(struct scene *scene) {
    return frame_reader_receive(&scene->reader, scene->peer_fd) == -EAGAIN;
}

static void say(struct scene *scene, struct frame_message message) {
    g_assert_cmpint(frame_writer_push(&scene->writer, &message), ==, 0);
    g_assert_cmpint(frame_writer_flush(&scene->writer, scene->peer_fd), ==, 0);
}

static void say_state(struct scene *scene, uint32_t pid) {
    say(scene, (struct frame_message){ .type = FRAME_STATE,
                                       .state = { .mark = 40,
                                                  .pid = pid,
                                                  .capacity = 100,
                                                  .level = frame_text("L1"),
                                                  .boot_id = frame_text("boot") } });
}

static void say_exited(struct scene *scene, uint64_t fence, const char *result) {
    say(scene, (struct frame_message){
                   .type = FRAME_EXITED,
                   .exited = { .fence = fence,
                               .cause = FRAME_CAUSE_EXITED,
                               .code = 3,
                               .result_flags = result != NULL ? FRAME_RESULT_PRESENT : 0,
                               .result = frame_text(result) } });
}

// Connects and greets: the client is READY.
static void greet(struct scene *scene, uint32_t pid) {
    pump(scene);
    accept_client(scene);
    struct frame_message hello = hear(scene, FRAME_HELLO);
    g_assert_cmpuint(hello.hello.highest_fence, ==, 41);
    say_state(scene, pid);
    say(scene, (struct frame_message){ .type = FRAME_STATE_END });
    pump(scene);
    g_assert_true(client_is_ready(scene->client));
    (void)g_string_truncate(scene->reports, 0);
}

static struct scene *ready_scene(void) {
    struct scene *scene = scene_new("data");
    listen_here(scene);
    greet(scene, 77);
    return scene;
}

static void a_supervisor_is_asked_for_when_nobody_listens(void) {
    struct scene *scene = scene_new("data");
    g_assert_cmpint(client_due_ms(scene->client), ==, 0); // at once
    pump(scene);
    g_assert_cmpint(scene->launches, ==, 1);
    g_assert_cmpint(client_fd(scene->client), ==, -1);
    g_assert_cmpint(client_due_ms(scene->client), ==, 1020);
    int64_t pauses[8];
    for (int i = 0; i < 8; i++) {
        scene->clock_ms = client_due_ms(scene->client);
        pump(scene);
        pauses[i] = client_due_ms(scene->client) - scene->clock_ms;
        g_assert_cmpint(pauses[i], >=, 20);
        g_assert_cmpint(pauses[i], <=, 1000);
    }
    g_assert_cmpint(pauses[0], ==, 40);
    g_assert_cmpint(pauses[1], ==, 80);
    // It was asked for again, but not more than once a second.
    g_assert_cmpint(scene->launches, >, 1);
    g_assert_cmpint(scene->launches, <=, 1 + (scene->clock_ms - 1000) / 1000);
    listen_here(scene);
    scene->clock_ms = client_due_ms(scene->client);
    greet(scene, 5);
    expect(scene, "");
    scene_free(scene);
}

static void pumping_early_asks_nobody(void) {
    struct scene *scene = scene_new("data");
    scene->can_launch = false;
    pump(scene);
    pump(scene);
    g_assert_cmpint(scene->launches, ==, 1);
    scene->clock_ms = client_due_ms(scene->client);
    pump(scene); // it could not be launched, so it is asked for again
    g_assert_cmpint(scene->launches, ==, 2);
    scene_free(scene);
}

static void the_state_is_told_before_it_is_ready(void) {
    struct scene *scene = scene_new("data");
    listen_here(scene);
    pump(scene);
    accept_client(scene);
    (void)hear(scene, FRAME_HELLO);
    say_state(scene, 77);
    say(scene, (struct frame_message){ .type = FRAME_STARTED,
                                       .started = { .fence = 7, .pid = 9, .started_ms = 1 } });
    say_exited(scene, 8, "{\"a\":\"b\"}");
    pump(scene);
    g_assert_false(client_is_ready(scene->client));
    say(scene, (struct frame_message){ .type = FRAME_STATE_END });
    pump(scene);
    expect(scene, "STARTED 7 pid=1 at=1\n"
                  "EXITED 8 cause=0 code=3 kill=0 oom=0 long=0 lost=0 result={\"a\":\"b\"}\n"
                  "READY mark=40 capacity=100 other=1 journal=1 level=L1\n");
    scene_free(scene);
}

static void nothing_is_sent_before_it_is_ready(void) {
    struct scene *scene = scene_new("data");
    listen_here(scene);
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    client_start(scene->client, 42, spec);
    pump(scene);
    accept_client(scene);
    (void)hear(scene, FRAME_HELLO);
    client_start(scene->client, 42, spec);
    client_kill(scene->client, 42, 1);
    client_acknowledge(scene->client, 42);
    client_void(scene->client, 42);
    client_quit(scene->client);
    pump(scene);
    g_assert_true(is_silent(scene));
    attempt_spec_free(spec);
    scene_free(scene);
}

static char *memory_text(int fd, size_t *ret_len) {
    struct stat status;
    g_assert_cmpint(fstat(fd, &status), ==, 0);
    char *text = g_malloc0((gsize)status.st_size + 1);
    g_assert_cmpint(file_read_at(fd, text, (size_t)status.st_size, 0, ret_len), ==, 0);
    return text;
}

static void a_start_carries_the_whole_description(void) {
    struct scene *scene = ready_scene();
    struct attempt_spec *spec = attempt_spec_new("@3");
    g_ptr_array_add(spec->arguments, g_strdup("name"));
    g_ptr_array_add(spec->arguments, g_strdup("x y"));
    g_ptr_array_add(spec->environment, g_strdup("A=1"));
    g_ptr_array_add(spec->contents, g_bytes_new("#!/bin/sh\n", 10));
    g_ptr_array_add(spec->contents, g_bytes_new("", 0));
    spec->timeout_ms = 60000;
    spec->grace_ms = 500;
    spec->result_max_bytes = UINT32_MAX;
    client_start(scene->client, 42, spec);
    attempt_spec_free(spec);

    struct frame_message message = hear(scene, FRAME_START);
    g_assert_cmpuint(message.start.fence, ==, 42);
    g_assert_cmpuint(message.start.timeout_ms, ==, 60000);
    g_assert_cmpuint(message.start.grace_ms, ==, 500);
    g_assert_cmpuint(message.start.result_max, ==, FRAME_RESULT_BYTES_MAX);
    g_assert_true(frame_slice_equals(message.start.program, "@3"));
    g_assert_true(frame_slice_equals(message.start.workdir, ""));
    g_assert_cmpuint(message.start.argument_count, ==, 2);
    g_assert_cmpuint(message.start.environment_count, ==, 2);
    g_assert_cmpuint(message.start.fd_count, ==, 3);
    size_t len = 0;
    g_autofree char *texts = memory_text(message.start.fds[0], &len);
    g_autofree char *home = g_strdup_printf("HOME=%s/work/42", scene->dir);
    g_assert_cmpuint(len, ==, 5 + 4 + 4 + strlen(home) + 1);
    g_assert_cmpstr(texts, ==, "name");
    g_assert_cmpstr(texts + 5, ==, "x y");
    g_assert_cmpstr(texts + 9, ==, "A=1");
    g_assert_cmpstr(texts + 13, ==, home);
    g_autofree char *content = memory_text(message.start.fds[1], &len);
    g_assert_cmpstr(content, ==, "#!/bin/sh\n");
    g_assert_cmpint(fcntl(message.start.fds[1], F_GET_SEALS) & F_SEAL_WRITE, ==, F_SEAL_WRITE);
    for (uint32_t i = 0; i < message.start.fd_count; i++) {
        (void)close(message.start.fds[i]);
    }
    scene_free(scene);
}

static void a_given_work_directory_is_home(void) {
    struct scene *scene = ready_scene();
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    g_ptr_array_add(spec->arguments, g_strdup("true"));
    spec->work_dir = g_strdup("/some/where");
    client_start(scene->client, 42, spec);
    attempt_spec_free(spec);
    struct frame_message message = hear(scene, FRAME_START);
    size_t len = 0;
    g_autofree char *text = memory_text(message.start.fds[0], &len);
    g_assert_cmpstr(text + 5, ==, "HOME=/some/where");
    g_assert_true(frame_slice_equals(message.start.workdir, "/some/where"));
    (void)close(message.start.fds[0]);
    scene_free(scene);
}

static void a_supervisor_that_does_not_answer_is_noticed(void) {
    struct scene *scene = ready_scene();
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    g_ptr_array_add(spec->arguments, g_strdup("true"));
    scene->clock_ms += 60000;
    pump(scene);
    g_assert_false(client_is_silent(scene->client)); // it was asked for nothing
    g_assert_cmpint(client_due_ms(scene->client), ==, INT64_MAX);
    client_start(scene->client, 42, spec);
    client_start(scene->client, 43, spec);
    g_assert_cmpint(client_due_ms(scene->client), ==, scene->clock_ms + 5000);
    scene->clock_ms += 4999;
    pump(scene);
    g_assert_false(client_is_silent(scene->client));
    scene->clock_ms += 1;
    pump(scene);
    g_assert_true(client_is_silent(scene->client));
    g_assert_true(client_is_ready(scene->client));
    g_assert_cmpint(client_due_ms(scene->client), ==, INT64_MAX);
    // One answer is a sign of life, until the other is late.
    say(scene, (struct frame_message){ .type = FRAME_REFUSED,
                                       .refused = { .fence = 42, .reason = FRAME_STALE_FENCE } });
    pump(scene);
    g_assert_false(client_is_silent(scene->client));
    scene->clock_ms += 5000;
    pump(scene);
    g_assert_true(client_is_silent(scene->client));
    say(scene, (struct frame_message){ .type = FRAME_REFUSED,
                                       .refused = { .fence = 43, .reason = FRAME_STALE_FENCE } });
    pump(scene);
    scene->clock_ms += 60000;
    pump(scene);
    g_assert_false(client_is_silent(scene->client));
    // Nor is one that has gone.
    client_start(scene->client, 44, spec);
    scene->clock_ms += 5000;
    hang_up(scene);
    pump(scene);
    g_assert_false(client_is_silent(scene->client));
    attempt_spec_free(spec);
    scene_free(scene);
}

static void orders_arrive_as_they_were_given(void) {
    struct scene *scene = ready_scene();
    client_kill(scene->client, 5, 250);
    client_acknowledge(scene->client, 6);
    client_void(scene->client, 7);
    client_quit(scene->client);
    struct frame_message message = hear(scene, FRAME_KILL);
    g_assert_cmpuint(message.kill.fence, ==, 5);
    g_assert_cmpuint(message.kill.grace_ms, ==, 250);
    g_assert_cmpuint(hear(scene, FRAME_ACK).fence, ==, 6);
    g_assert_cmpuint(hear(scene, FRAME_VOID).fence, ==, 7);
    (void)hear(scene, FRAME_QUIT);
    scene_free(scene);
}

static void what_is_too_long_is_refused_here(void) {
    struct scene *scene = ready_scene();
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    for (int i = 0; i < 3; i++) {
        g_ptr_array_add(spec->arguments, g_strnfill(1024 * 1024, 'x'));
    }
    client_start(scene->client, 42, spec);
    attempt_spec_free(spec);
    expect(scene, ""); // no report out of a sending function
    g_assert_cmpint(client_due_ms(scene->client), ==, 0);
    pump(scene);
    g_assert_true(g_str_has_prefix(scene->reports->str, "REFUSED 42 reason=3 "));
    g_assert_true(client_is_ready(scene->client));
    g_assert_cmpint(client_due_ms(scene->client), ==, INT64_MAX);
    g_assert_true(is_silent(scene));
    scene_free(scene);
}

static void what_can_not_be_sent_is_refused_here(void) {
    struct scene *scene = ready_scene();
    struct attempt_spec *spec = attempt_spec_new("relative/program");
    g_ptr_array_add(spec->arguments, g_strdup("program"));
    spec->work_dir = g_strnfill(FRAME_PATH_MAX + 1, '/');
    client_start(scene->client, 42, spec);
    attempt_spec_free(spec);
    pump(scene);
    g_assert_true(g_str_has_prefix(scene->reports->str, "REFUSED 42 reason=3 "));
    g_assert_true(client_is_ready(scene->client));
    scene_free(scene);
}

static void refusals_and_exits_are_passed_on(void) {
    struct scene *scene = ready_scene();
    say(scene, (struct frame_message){ .type = FRAME_REFUSED,
                                       .refused = { .fence = 42,
                                                    .error = 11,
                                                    .reason = FRAME_LIMIT,
                                                    .text = frame_text("full") } });
    say(scene, (struct frame_message){ .type = FRAME_EXITED,
                                       .exited = { .fence = 43,
                                                   .cause = FRAME_CAUSE_SIGNALED,
                                                   .code = 9,
                                                   .kill_sent = FRAME_KILL_TIMEOUT,
                                                   .is_oom_killed = true,
                                                   .result_flags = FRAME_RESULT_TOO_LONG } });
    say_exited(scene, 44, NULL);
    pump(scene);
    expect(scene, "REFUSED 42 reason=1 full\n"
                  "EXITED 43 cause=1 code=9 kill=2 oom=1 long=1 lost=0 result=-\n"
                  "EXITED 44 cause=0 code=3 kill=0 oom=0 long=0 lost=0 result=-\n");
    scene_free(scene);
}

static void the_end_of_the_connection_is_told_once(void) {
    struct scene *scene = ready_scene();
    say_exited(scene, 44, NULL);
    hang_up(scene);
    pump(scene);
    expect(scene, "EXITED 44 cause=0 code=3 kill=0 oom=0 long=0 lost=0 result=-\nGONE\n");
    g_assert_false(client_is_ready(scene->client));
    g_assert_cmpint(client_fd(scene->client), ==, -1);
    pump(scene);
    expect(scene, "");
    scene_free(scene);
}

static void another_supervisor_is_recognised(void) {
    struct scene *scene = scene_new("data");
    listen_here(scene);
    const struct {
        uint32_t pid;
        bool is_other;
    } visits[] = { { 77, true }, { 77, false }, { 78, true }, { 78, false } };
    for (size_t i = 0; i < G_N_ELEMENTS(visits); i++) {
        scene->clock_ms = MAX(scene->clock_ms, client_due_ms(scene->client));
        pump(scene);
        accept_client(scene);
        (void)hear(scene, FRAME_HELLO);
        say_state(scene, visits[i].pid);
        say(scene, (struct frame_message){ .type = FRAME_STATE_END });
        hang_up(scene);
        pump(scene);
        g_autofree char *expected = g_strdup_printf(
            "READY mark=40 capacity=100 other=%d journal=1 level=L1\nGONE\n", visits[i].is_other);
        expect(scene, expected);
    }
    scene_free(scene);
}

static void nonsense_ends_the_connection(void) {
    for (int what = 0; what < 4; what++) {
        struct scene *scene = what == 3 ? scene_new("data") : ready_scene();
        if (what == 0) {
            g_assert_cmpint(write(scene->peer_fd, "GET / HTTP/1.1\r\n\r\n", 18), ==, 18);
        } else if (what == 1) {
            say(scene, (struct frame_message){ .type = FRAME_QUIT });
        } else if (what == 2) {
            say_state(scene, 77);
        } else {
            listen_here(scene);
            pump(scene);
            accept_client(scene);
            say_exited(scene, 44, NULL); // before STATE
        }
        pump(scene);
        expect(scene, "GONE\n");
        scene_free(scene);
    }
}

static void a_full_socket_delays_and_loses_nothing(void) {
    struct scene *scene = ready_scene();
    int small = 4096;
    (void)setsockopt(client_fd(scene->client), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    struct attempt_spec *spec = attempt_spec_new("/bin/true");
    g_ptr_array_add(spec->arguments, g_strdup("true"));
    for (int fence = 1; fence <= FENCES_MANY; fence++) {
        client_acknowledge(scene->client, fence);
        if (fence % 100 == 0) {
            client_start(scene->client, fence, spec);
        }
    }
    attempt_spec_free(spec);
    g_assert_true(client_wants_write(scene->client));
    for (int fence = 1; fence <= FENCES_MANY; fence++) {
        pump(scene);
        g_assert_cmpuint(hear(scene, FRAME_ACK).fence, ==, fence);
        if (fence % 100 == 0) {
            struct frame_message message = hear(scene, FRAME_START);
            g_assert_cmpuint(message.start.fence, ==, fence);
            (void)close(message.start.fds[0]);
        }
    }
    g_assert_false(client_wants_write(scene->client));
    g_assert_true(client_is_ready(scene->client));
    scene_free(scene);
}

static void a_flush_waits_no_longer_than_it_may(void) {
    struct scene *scene = ready_scene();
    int small = 4096;
    (void)setsockopt(client_fd(scene->client), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    for (int fence = 1; fence <= FENCES_MANY; fence++) {
        client_acknowledge(scene->client, fence);
    }
    int64_t before_us = g_get_monotonic_time();
    client_flush(scene->client, 50);
    int64_t took_ms = (g_get_monotonic_time() - before_us) / 1000;
    g_assert_cmpint(took_ms, >=, 49);
    g_assert_cmpint(took_ms, <, DEADLINE_MS);
    scene_free(scene);
}

static void a_long_path_is_no_obstacle(void) {
    g_autofree char *part = g_strnfill(200, 'd');
    struct scene *scene = scene_new(part);
    listen_here(scene);
    greet(scene, 3);
    scene_free(scene);
}

// Pumps until the reports hold the text.
static void wait_for(struct scene *scene, const char *text) {
    int64_t deadline_us = g_get_monotonic_time() + (int64_t)DEADLINE_MS * 1000;
    while (strstr(scene->reports->str, text) == NULL) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        struct pollfd poll_fd = { .fd = client_fd(scene->client), .events = POLLIN };
        (void)poll(&poll_fd, 1, 10);
        scene->clock_ms = g_get_monotonic_time() / 1000;
        pump(scene);
    }
}

static char *program(const char *name) {
    const char *build = g_getenv("SLUICE_BUILD");
    char *path = g_build_filename(build != NULL ? build : "build", "src", "main", name, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
        g_clear_pointer(&path, g_free);
    }
    return path;
}

static bool spawn_supervisor(void *user) {
    struct scene *scene = user;
    g_autofree char *path = program("sluice-supervisor");
    g_autofree char *sql_path = program("sluice-sql");
    g_autofree char *uid = g_strdup_printf("%d", (int)geteuid());
    g_autofree char *gid = g_strdup_printf("%d", (int)getegid());
    const char *argv[] = { path, "--data",    scene->dir, "--server-uid",  uid,      "--server-gid",
                           gid,  "--idle-ms", "1000",     "--sql-program", sql_path, NULL };
    scene->launches++;
    GError *error = NULL;
    (void)g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                        &scene->pid, &error);
    g_assert_no_error(error);
    return true;
}

static void the_real_supervisor_runs_what_a_node_asks_for(void) {
    g_autofree char *path = program("sluice-supervisor");
    g_autofree char *sql_path = program("sluice-sql");
    if (path == NULL || sql_path == NULL) {
        g_test_skip("sluice-supervisor or sluice-sql is not built");
        return;
    }
    struct scene *scene = scene_new("data");
    client_free(scene->client);
    scene->client = client_new(scene->dir, spawn_supervisor, scene);
    wait_for(scene, "READY");
    g_assert_cmpint(scene->launches, ==, 1);
    (void)g_string_truncate(scene->reports, 0);

    struct attempt_spec *spec = attempt_spec_new("/bin/sh");
    g_ptr_array_add(spec->arguments, g_strdup("sh"));
    g_ptr_array_add(spec->arguments, g_strdup("/dev/fd/3"));
    g_ptr_array_add(spec->arguments, g_strdup("world"));
    static const char script[] =
        "cd && test \"$PWD\" = \"$HOME\" && touch here && echo \"hello $1 $A\"; exit 3";
    g_ptr_array_add(spec->contents, g_bytes_new_static(script, strlen(script)));
    g_ptr_array_add(spec->environment, g_strdup("A=1"));
    g_ptr_array_add(spec->environment, g_strdup("PATH=/usr/bin:/bin"));
    client_start(scene->client, 42, spec);
    attempt_spec_free(spec);
    wait_for(scene, "EXITED 42");
    expect(scene, "STARTED 42 pid=1 at=1\nEXITED 42 cause=0 code=3 kill=0 oom=0 long=0 lost=0 "
                  "result=hello world 1\n");
    client_acknowledge(scene->client, 42);

    struct attempt_spec *direct = attempt_spec_new("@3");
    g_ptr_array_add(direct->arguments, g_strdup("direct"));
    g_ptr_array_add(direct->arguments, g_strdup("there"));
    static const char text[] = "#!/bin/sh\necho \"who is $1\"\n";
    g_ptr_array_add(direct->contents, g_bytes_new_static(text, strlen(text)));
    client_start(scene->client, 43, direct);
    attempt_spec_free(direct);
    wait_for(scene, "EXITED 43");
    g_assert_nonnull(
        strstr(scene->reports->str, "code=0 kill=0 oom=0 long=0 lost=0 result=who is there\n"));
    (void)g_string_truncate(scene->reports, 0);
    client_acknowledge(scene->client, 43);

    struct exec_connection nowhere = { .kind = g_strdup("sqlite"),
                                       .host = g_strdup("relative.db") };
    struct attempt_spec *probe = kind_probe(&nowhere);
    client_start(scene->client, 44, probe);
    attempt_spec_free(probe);
    exec_connection_done(&nowhere);
    wait_for(scene, "EXITED 44");
    g_assert_nonnull(strstr(scene->reports->str, "code=0 "));
    g_assert_nonnull(
        strstr(scene->reports->str,
               "result={\"ok\":false,\"error\":\"the database file must be an absolute"));
    client_acknowledge(scene->client, 44);
    client_quit(scene->client);
    client_flush(scene->client, DEADLINE_MS);
    wait_for(scene, "GONE");
    int status = 0;
    g_assert_cmpint(waitpid(scene->pid, &status, 0), ==, scene->pid);
    scene_free(scene);
}

#define TEST(name) g_test_add_func("/client/" #name, name)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    TEST(a_supervisor_is_asked_for_when_nobody_listens);
    TEST(pumping_early_asks_nobody);
    TEST(the_state_is_told_before_it_is_ready);
    TEST(nothing_is_sent_before_it_is_ready);
    TEST(a_start_carries_the_whole_description);
    TEST(a_given_work_directory_is_home);
    TEST(a_supervisor_that_does_not_answer_is_noticed);
    TEST(orders_arrive_as_they_were_given);
    TEST(what_is_too_long_is_refused_here);
    TEST(what_can_not_be_sent_is_refused_here);
    TEST(refusals_and_exits_are_passed_on);
    TEST(the_end_of_the_connection_is_told_once);
    TEST(another_supervisor_is_recognised);
    TEST(nonsense_ends_the_connection);
    TEST(a_full_socket_delays_and_loses_nothing);
    TEST(a_flush_waits_no_longer_than_it_may);
    TEST(a_long_path_is_no_obstacle);
    TEST(the_real_supervisor_runs_what_a_node_asks_for);
    return g_test_run();
}
