// What a neighbour's shell runs to place files: a constant, so that nothing of a file's place is ever read as a command. Everything that differs comes
// behind it on stdin, one line a value. POSIX sh, and `head -c`.
//
//   agent ──► program · nonce                                                ──► hello
//         ──► place: draft's name, path, mode, owner, group, keep, size, hash ──► have <bytes> | kept | unchanged | failed <why> <words>
//         ──► piece <bytes>, then the bytes                                   ──► got <bytes> | failed …
//         ──► finish                                                          ──► placed <checked> | failed …
//         ──► drop <what the script alone was to get begins with this>        ──► dropped
//
// The draft stands beside its place, under a name that nobody knows before it is there, and is ours alone: how long it is says where to go on.
import { oneLine } from "./remote-program.ts";

/** Bytes of one piece. Each is answered, so this is what goes over in a round trip. */
export const pieceBytes = 1024 * 1_024;

const program = String.raw`
umask 077
say() { printf "\n%s %s\n" "$nonce" "$*"; }
IFS= read -r nonce || exit 1
value() {
  IFS= read -r v || exit 1
  v=$(printf "%b." "$v")
  v=\${v%.}
}

size() {
  set -- $(ls -ln "$1" 2>/dev/null)
  s=\${5:-0}
}

has() { command -v "$1" >/dev/null 2>&1; }

hash_of() {
  h=
  if has sha256sum; then h=$(sha256sum <"$1");
  elif has shasum; then h=$(shasum -a 256 <"$1");
  elif has sha256; then h=$(sha256 -q <"$1"); fi
  h=\${h%% *}
}

fail() {
  [ -z "$draft" ] || rm -f "$draft"
  draft=
  say failed "$@"
}

own() {
  if [ -n "$owner" ] && ! chown "$owner" "$1" 2>/dev/null; then fail not-root; return 1; fi
  if [ -n "$group" ] && ! chgrp "$group" "$1" 2>/dev/null; then fail not-root; return 1; fi
  chmod "$mode" "$1" 2>/dev/null || { fail denied; return 1; }
}

group_known() {
  case $group in *[!0-9]*) ;; *) return 0 ;; esac
  if has getent; then getent group "$group" >/dev/null 2>&1; else grep "^$group:" /etc/group >/dev/null 2>&1; fi
}

place() {
  value; name=$v
  value; path=$v
  value; mode=$v
  value; owner=$v
  value; group=$v
  value; keep=$v
  value; total=$v
  value; hash=$v
  draft=
  folder=\${path%/*}
  [ -n "$folder" ] || folder=/
  if [ ! -d "$folder" ]; then
    if [ -e "$folder" ]; then fail not-folder; else fail no-folder; fi
    return
  fi
  if [ -L "$path" ]; then fail link; return; fi
  if [ -d "$path" ]; then fail folder; return; fi
  if [ -e "$path" ]; then
    if [ ! -f "$path" ]; then fail special; return; fi
    if [ "$keep" = 1 ]; then say kept; return; fi
  fi
  case $owner in *[!0-9]*) id -u "$owner" >/dev/null 2>&1 || { fail no-account; return; } ;; esac
  group_known || { fail no-group; return; }
  if [ -e "$path" ] && [ -r "$path" ]; then
    size "$path"
    if [ "$s" -eq "$total" ]; then
      hash_of "$path"
      if [ "$h" = "$hash" ]; then
        own "$path" && say unchanged
        return
      fi
    fi
  fi
  draft=$folder/$name
  if [ -L "$draft" ] || [ ! -f "$draft" ] || [ ! -O "$draft" ]; then
    rm -f "$draft" 2>/dev/null
    if ! (set -C; : >"$draft") 2>/dev/null; then draft=; fail denied; return; fi
  fi
  size "$draft"
  if [ "$s" -gt "$total" ]; then : >"$draft"; s=0; fi
  have=$s
  set -- $(df -Pk "$folder" 2>/dev/null | tail -n 1)
  case \${4:-x} in
  *[!0-9]*) ;;
  *) if [ "$4" -lt "$(((total - have) / 1024))" ]; then fail no-room "$4"; return; fi ;;
  esac
  say have "$have"
}

piece() {
  if [ -z "$draft" ]; then
    head -c "$1" >/dev/null
    say failed gone
    return
  fi
  head -c "$1" 2>/dev/null >>"$draft"
  size "$draft"
  have=$((have + $1))
  if [ "$s" -ne "$have" ]; then fail no-room; return; fi
  say got "$s"
}

finish() {
  [ -n "$draft" ] || { say failed gone; return; }
  size "$draft"
  if [ "$s" -ne "$total" ]; then fail changed; return; fi
  hash_of "$draft"
  checked=1
  if [ -z "$h" ]; then checked=0; elif [ "$h" != "$hash" ]; then fail changed; return; fi
  own "$draft" || return
  sync "$draft" >/dev/null 2>&1
  if [ -L "$path" ] || [ -d "$path" ]; then fail link; return; fi
  if ! mv -f "$draft" "$path" 2>/dev/null; then fail denied; return; fi
  draft=
  say placed "$checked"
}

draft=
say hello
while read -r op a; do
  case $op in
  place) place ;;
  piece) piece "$a" ;;
  finish) finish ;;
  drop)
    [ -z "$draft" ] || rm -f "$draft"
    draft=
    case $a in /var/tmp/.sallyport-*) rm -f "$a"* ;; esac
    say dropped
    ;;
  esac
done
`.replaceAll("\\${", "${");

/** The first line that the neighbour's shell reads. */
export const remoteFilesProgram = `${oneLine(program)}\n`;
