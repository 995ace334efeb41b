# bash completion for codetrain. Options come from each verb's --help, so that
# they cannot differ from it; results are kept for the life of the shell.

declare -gA _codetrain_options=()

_codetrain_words() { # COMMAND...: its long options
	local key="$*"
	if [[ ! -v _codetrain_options[$key] ]]; then
		_codetrain_options[$key]=$("$@" --help 2>/dev/null |
			sed -nE 's/^ +(-[a-z], )?(--[a-z-]+).*/\2/p')
	fi
	printf '%s\n' "${_codetrain_options[$key]}"
}

_codetrain_rule_groups() { # the message about a group that is none lists all
	codetrain check --builtin-rules '?' /dev/null 2>&1 | sed -nE 's/.*there are: ([a-z]+), ([a-z]+), or some of /\1 \2 /p'
}

_codetrain_refs() {
	git for-each-ref --format='%(refname:short)' refs/heads refs/tags refs/remotes 2>/dev/null
}

_codetrain_profiles() {
	sed -nE 's/^\[(profile )?([^] ]+)\].*/\2/p' "${AWS_CONFIG_FILE:-$HOME/.aws/config}" \
		"${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" 2>/dev/null | sort -u
}

_codetrain() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local verbs='credentials keyring doctor check hooks queue submit watch promote grant build sandbox help'
	local verb=${COMP_WORDS[1]-}

	case $prev in
	--profile | --to) mapfile -t COMPREPLY < <(compgen -W "$(_codetrain_profiles)" -- "$cur"); return ;;
	-t | --target | --type)
		if [[ $verb == queue ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(git config --get-all codetrain.target 2>/dev/null)" -- "$cur")
			return
		fi
		mapfile -t COMPREPLY < <(compgen -W 'secrets training-job model buildspec container size remote' -- "$cur")
		return
		;;
	--format)
		local formats='process env json'
		[[ $verb != check ]] || formats='text json sarif junit'
		mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$cur")
		return
		;;
	--builtin-rules) mapfile -t COMPREPLY < <(compgen -W "$(_codetrain_rule_groups)" -- "$cur"); return ;;
	--range) mapfile -t COMPREPLY < <(compgen -P "${cur%"${cur##*..}"}" -W "$(_codetrain_refs)" -- "${cur##*..}"); return ;;
	--state) mapfile -t COMPREPLY < <(compgen -W 'waiting delivering delivered failed skipped dropped' -- "$cur"); return ;;
	-C | --repository) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-f | -o | --output | --rules | --report | --log | --result | --job-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	esac
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$verbs --help --version" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_codetrain_words codetrain "$verb")" -- "$cur")
	elif ((COMP_CWORD == 2)); then
		case $verb in
		hooks) mapfile -t COMPREPLY < <(compgen -W 'install uninstall status' -- "$cur") ;;
		queue) mapfile -t COMPREPLY < <(compgen -W 'run list show stats page serve follow retry drop record init targets' -- "$cur") ;;
		grant) mapfile -t COMPREPLY < <(compgen -W 'plan apply' -- "$cur") ;;
		keyring) mapfile -t COMPREPLY < <(compgen -W 'store list erase' -- "$cur") ;;
		sandbox) mapfile -t COMPREPLY < <(compgen -W 'up down env status' -- "$cur") ;;
		help) mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$cur") ;;
		*) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
		esac
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -F _codetrain codetrain
