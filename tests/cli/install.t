#!/bin/sh
# make install into a staging folder, run from there, make uninstall: nothing is left.
. "$SOURCE/tests/lib/tap.sh"
if readelf -sW "$BUILD/codetrain" | grep -q __asan_init; then skip_all 'a sanitizer build'; fi

stage() { make -s -C "$SOURCE" B="$BUILD" DESTDIR="$T/stage" PREFIX=/opt/ct "$@"; }
status 0 'make install' stage install
bin=$T/stage/opt/ct/bin
PATH=$bin:/usr/bin:/bin
status 0 'codetrain runs from there' codetrain --version
is "$(out)" "$("$BUILD/codetrain" --version)" 'and is the one that was built'
for verb in submit watch promote grant build check hooks queue credentials keyring sandbox; do
	status 0 "codetrain $verb --help" codetrain $verb --help
	like "$(out)" '^usage: ' "codetrain $verb tells its usage"
	[ -z "$(out | awk 'length($0) > 80')" ]
	ok "in 80 columns" || out | awk 'length($0) > 80' | _show
	[ -s "$T/stage/opt/ct/share/man/man1/codetrain-$verb.1" ]
	ok "codetrain-$verb has a manual page"
done
units=$T/stage/opt/ct/lib/systemd/system
is "$(sed -n 's/^ExecStart=//p' "$units/codetrain-queue@.service")" \
	'/opt/ct/libexec/codetrain/codetrain-queue run -C %f' 'the unit runs the installed drainer'
[ -s "$units/codetrain-queue@.path" ] && [ -s "$units/codetrain-queue@.timer" ]
ok 'with its path and its timer'
git init -q "$T/r" && cd "$T/r" || exit 1
status 0 'hooks install' codetrain hooks install
grep -q "$T/stage/opt/ct/libexec/codetrain/pre-push" .git/hooks/pre-push
ok 'the hook is the installed one'
mv "$T/stage/opt/ct" "$T/stage/opt/moved"
PATH=$T/stage/opt/moved/bin:/usr/bin:/bin
status 0 'a moved tree works' codetrain check --help
mv "$T/stage/opt/moved" "$T/stage/opt/ct"
status 0 'make uninstall' stage uninstall
is "$(find "$T/stage" -type f -o -type l)" '' 'nothing is left'
done_testing
