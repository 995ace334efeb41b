# fish completion for codetrain; options come from each verb's --help.
set -l verbs credentials keyring doctor check hooks queue submit watch promote grant build sandbox help

function __codetrain_options
    set -l words (commandline -opc)
    codetrain $words[2] --help 2>/dev/null | string replace -rf '^ +(?:-[a-z], )?(--[a-z-]+).*' '$1'
end

# the message about a group that is none lists all
function __codetrain_rule_groups
    codetrain check --builtin-rules '?' /dev/null 2>&1 |
        string replace -rf '.*there are: ([a-z]+), ([a-z]+), or some of (.*)' '$1 $2 $3' | string split ' '
end

function __codetrain_refs
    git for-each-ref --format='%(refname:short)' refs/heads refs/tags refs/remotes 2>/dev/null
end

complete -c codetrain -f -n "not __fish_seen_subcommand_from $verbs" -a "$verbs"
complete -c codetrain -n "__fish_seen_subcommand_from $verbs" -a "(__codetrain_options)"
complete -c codetrain -n "__fish_seen_subcommand_from hooks" -a "install uninstall status"
complete -c codetrain -n "__fish_seen_subcommand_from queue" -a "run list show stats page serve follow retry drop record init targets"
complete -c codetrain -n "__fish_seen_subcommand_from grant" -a "plan apply"
complete -c codetrain -n "__fish_seen_subcommand_from keyring" -a "store list erase"
complete -c codetrain -n "__fish_seen_subcommand_from sandbox" -a "up down env status"
complete -c codetrain -n "__fish_seen_subcommand_from check" -l format -x -a "text json sarif junit"
complete -c codetrain -n "__fish_seen_subcommand_from check" -s t -l type -x -a "secrets training-job model buildspec container size remote"
complete -c codetrain -n "__fish_seen_subcommand_from check" -l rules -r -F
complete -c codetrain -n "__fish_seen_subcommand_from check" -l builtin-rules -x -a "(__codetrain_rule_groups)"
complete -c codetrain -n "__fish_seen_subcommand_from check" -l range -x -a "(__codetrain_refs)"
complete -c codetrain -n "__fish_seen_subcommand_from queue" -l state -x -a "waiting delivering delivered failed skipped dropped"
complete -c codetrain -n "__fish_seen_subcommand_from queue" -s C -l repository -x -a "(__fish_complete_directories)"
complete -c codetrain -n "__fish_seen_subcommand_from queue" -s t -l target -x -a "(git config --get-all codetrain.target 2>/dev/null)"
complete -c codetrain -n "__fish_seen_subcommand_from queue" -s o -l output -r -F
