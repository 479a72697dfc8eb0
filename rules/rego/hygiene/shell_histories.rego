# METADATA
# title: No shell remembers what was typed
# description: >-
#   Histories hold what was typed during the build, and passwords and tokens are typed too. Those of shells, editors, pagers and
#   clients of databases count, in every home that somebody may log in to.
# related_resources:
#   - https://libguestfs.org/virt-sysprep.1.html
# custom:
#   id: hygiene-shell-histories
#   severity: medium
#   facts: [homes]
#   controls:
#     ref: [GI-004]
#   params:
#     names:
#       type: array
#       default:
#         - .bash_history
#         - .zsh_history
#         - .zhistory
#         - .ash_history
#         - .sh_history
#         - .ksh_history
#         - .mksh_history
#         - .history
#         - .local/share/fish/fish_history
#         - .python_history
#         - .node_repl_history
#         - .irb_history
#         - .mysql_history
#         - .mariadb_history
#         - .psql_history
#         - .sqlite_history
#         - .rediscli_history
#         - .dbshell
#         - .lesshst
#         - .viminfo
#       doc: names of histories below a home; * is anything within a name
#   remediation: Remove the histories as the last step of the build, and run it with HISTFILE unset.
package guestctl.hygiene.shell_histories

import data.guestctl.lib.leftovers
import data.guestctl.params

histories := leftovers.in_homes(input.homes, params["hygiene-shell-histories"].names)

deny contains leftovers.finding(file, "no history") if some file in histories

unknown contains {"msg": leftovers.unread(input.homes)} if count(histories) == 0
