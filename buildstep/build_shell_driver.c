#include "build_shell_driver.h"

/*
 * A command may turn on -e, -u, -f or -x, set IFS and define functions that hide
 * commands: the loop must work with all of them, and -x must not show it. eval's
 * redirections are undone before a trap runs, so the trap has descriptor 8 again;
 * not so in a bash that set -u ends, which has it under another number (found by
 * the name of the pipe, so that what is kept never goes to a file of the command).
 *
 * bash: an assignment to a read-only variable, or to an array that bash keeps for
 * itself, would end all of what brings the state back, so those are left out.
 */
const char build_shell_driver[] =
"_codetrain_x=\n"
"[ -z \"${BASH_VERSION:-}\" ] || _codetrain_p=$(readlink /proc/$$/fd/8)\n"
"trap '{ _codetrain_o=$-; set +eux; } 2>/dev/null\n"
"  { true >&8; } 2>/dev/null || for _codetrain_v in 10 11 12 13 14 15 16; do\n"
"    if [ \"$(command readlink /proc/$$/fd/$_codetrain_v)\" = \"${_codetrain_p:-none}\" ]; then\n"
"      exec 8>&$_codetrain_v; break\n"
"    fi\n"
"  done 2>/dev/null\n"
"  {\n"
"    command printf \"exit\\0{\\n\"\n"
"    if [ -n \"${BASH_VERSION:-}\" ]; then\n"
"      shopt -p; shopt -po pipefail; declare -f; declare -p IFS\n"
"      IFS=$(command printf \" \\n\\t\")\n"
"      for _codetrain_v in $(compgen -v); do\n"
"        case $_codetrain_v in\n"
"        IFS|_codetrain_p|BASH_ARGC|BASH_ARGV|BASH_LINENO|BASH_SOURCE|DIRSTACK|FUNCNAME|GROUPS|PIPESTATUS)\n"
"          continue;;\n"
"        esac\n"
"        _codetrain_c=$(declare -p \"$_codetrain_v\")\n"
"        _codetrain_l=${_codetrain_c#declare }\n"
"        case ${_codetrain_l%% *} in *r*) ;; *) command printf \"%s\\n\" \"$_codetrain_c\";; esac\n"
"      done\n"
"    else\n"
"      set; export -p\n"
"    fi\n"
"    command printf \"cd -- \\\"\\$PWD\\\"\\n} 2>/dev/null\\n\"\n"
"    for _codetrain_c in a e f u x; do\n"
"      case $_codetrain_o in *$_codetrain_c*) echo set -$_codetrain_c;; esac\n"
"    done\n"
"    command printf \"\\0\"\n"
"  } >&8 2>/dev/null' EXIT\n"
"while :; do\n"
"  _codetrain_c=\n"
"  while IFS= command read -r _codetrain_l <&9; do\n"
"    case $_codetrain_l in\n"
"    +*) _codetrain_c=\"$_codetrain_c${_codetrain_l#+}\n\";;\n"
"    *) break;;\n"
"    esac\n"
"  done\n"
"  case $_codetrain_l in\n"
"  .)\n"
"    eval \"$_codetrain_x$_codetrain_c\" 8>&- 9<&-\n"
"    { _codetrain_s=$?\n"
"      case $- in *x*) _codetrain_x='set -x; '; set +x;; *) _codetrain_x=;; esac; } 2>/dev/null\n"
"    command printf '%s\\0' \"$_codetrain_s\" >&8;;\n"
"  =*)\n"
"    if eval \"[ -n \\\"\\${${_codetrain_l#=}+x}\\\" ]\"; then\n"
"      eval \"command printf '=%s\\\\0' \\\"\\${${_codetrain_l#=}}\\\"\" >&8\n"
"    else\n"
"      command printf '\\0' >&8\n"
"    fi;;\n"
"  *) exit 0;;\n"
"  esac\n"
"done\n";
