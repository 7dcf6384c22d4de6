// SPDX-License-Identifier: Apache-2.0
//
// cli_commands: the commands of `sluice`, one function each; sluice.c holds the table that names and describes them. One thread.
//
// Each checks its words, does its work, prints, and gives the exit code.
#pragma once

#include "cli/session.h"

enum cli_exit command_call(struct cli_session *session);
enum cli_exit command_flow_list(struct cli_session *session);
enum cli_exit command_key_change(struct cli_session *session); // enable, disable, delete
enum cli_exit command_key_create(struct cli_session *session);
enum cli_exit command_key_list(struct cli_session *session);
enum cli_exit command_key_rotate(struct cli_session *session);
enum cli_exit command_run_list(struct cli_session *session);
enum cli_exit command_run_start(struct cli_session *session);
enum cli_exit
command_run_change(struct cli_session *session); // suspend, resume, stop, rerun, restore
enum cli_exit command_run_log(struct cli_session *session);
enum cli_exit command_run_show(struct cli_session *session);
enum cli_exit command_run_watch(struct cli_session *session);
enum cli_exit command_audit_verify(struct cli_session *session); // has no client
enum cli_exit command_tenant_create(struct cli_session *session);
enum cli_exit command_tenant_list(struct cli_session *session);
enum cli_exit command_user_add(struct cli_session *session);
enum cli_exit command_user_change(struct cli_session *session); // enable, disable, delete
enum cli_exit command_user_list(struct cli_session *session);
enum cli_exit command_user_show(struct cli_session *session);
enum cli_exit command_user_update(struct cli_session *session);
