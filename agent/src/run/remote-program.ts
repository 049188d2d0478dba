// What a neighbour's shell runs for a script: a constant, so that nothing of a run is ever read as a command. Everything that differs comes behind it on
// stdin, one line a value. POSIX sh; read by dash, bash and busybox. It needs setsid, mkfifo and `head -c` besides what POSIX has.
//
//   agent ──► program · nonce, folder's name, cap ──► hello: new, there or begun; which boot
//         ──► start … the script's bytes          ──► started, begun (by somebody), failed
//         ──► get <stdout from> <stderr from>     ──► data <bytes> <bytes> running | exit … | lost, then the bytes
//         ──► stop <grace seconds>                ──► stopping
//         ──► match one|many <folder> <name>       ──► matches <how many>
//         ──► next                                ──► found <bytes of name> <size> <mode> <mtime>, or left <bytes of name> <why>, then the name; or none
//         ──► take <bytes>                        ──► piece <bytes>, then the bytes of what was found
//         ──► forget                              ──► forgotten
//
// Each answer is a line that begins with the nonce: what a login prints before is nobody's answer. The folder `begun` is made once, by who starts the
// script. The supervisor has no terminal and no pipe of ours: the connection may end, it goes on.

/** Account's shells read this, csh among them: one line, no quote but the outer ones, no `!`. */
export const remoteCommand = `exec /bin/sh -c 'IFS= read -r p; eval "$(printf %b "$p")"'`;

/** Bytes of one answer, per output: what an execution holds in memory at most, twice. */
export const answerBytesMax = 256 * 1_024;

/** A value as one line: `read -r` keeps it as it is, and printf's %b gives back what it was. */
export const oneLine = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/**
 * The supervisor's `wait` answers 128 and a number when a signal interrupts it, which is not the script's end: it is asked again, and says 127 where it
 * had said the end just before.
 */
const program = String.raw`
umask 077
say() { printf "\n%s %s\n" "$nonce" "$*"; }
IFS= read -r nonce && IFS= read -r name && IFS= read -r cap || exit 1
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)
base=
for b in /var/tmp /tmp; do
  if [ -d "$b/$name" ]; then base=$b; break; fi
done
if [ -z "$base" ]; then
  for b in /var/tmp /tmp; do
    if [ -d "$b" ] && [ -w "$b" ]; then base=$b; break; fi
  done
fi
d=$base/$name

value() {
  IFS= read -r v || exit 1
  v=$(printf "%b." "$v")
  v=\${v%.}
}

locate() {
  IFS=:
  for b in $PATH; do
    case $b in
    /*) if [ -f "$b/$1" ] && [ -x "$b/$1" ]; then echo "$b/$1"; return; fi ;;
    esac
  done
}

size() {
  set -- $(ls -ln "$1" 2>/dev/null)
  s=\${5:-0}
}

end_group() {
  kill -TERM "-$pid"
  kill -CONT "-$pid"
  (
    n=0
    while kill -0 "-$pid" && [ "$n" -lt "$((grace * 5))" ]; do
      if sleep 0.2; then n=$((n + 1)); else sleep 1; n=$((n + 5)); fi
    done
    kill -KILL "-$pid"
  ) &
  killer=$!
}

end_by() {
  hit=1
  [ "$end" = exited ] || return 0
  end=$1
  grace=10
  [ "$end" = timeout ] || read -r grace <"$d/stop"
  [ -z "$pid" ] || end_group
}

keep() {
  "$setsid" sh -c "ulimit -c 0; ulimit -f $blocks; cat >\"\$1\"; wc -c >\"\$1.dropped\"; : >\"\$1.end\"" sh "$d/$2" <"$d/$1" &
}

supervise() {
  end=exited
  pid=
  killer=
  trap "" HUP
  trap "end_by stopped" TERM
  trap "end_by timeout" ALRM
  me=$(exec sh -c "echo \$PPID")
  echo "$me" >"$d/supervisor.new"
  mv "$d/supervisor.new" "$d/supervisor"
  keep o stdout
  c1=$!
  keep e stderr
  c2=$!
  (
    trap - HUP
    while [ "$1" = = ]; do
      export "$2=$3"
      shift 3
    done
    shift
    exec "$@"
  ) >"$d/o" 2>"$d/e" &
  pid=$!
  echo "$pid" >"$d/started"
  [ "$end" = exited ] || end_group
  "$setsid" sh -c "sleep $limit; kill -ALRM $me" &
  timer=$!
  code=
  while :; do
    hit=
    wait "$pid"
    c=$?
    case $c:$code in
    127: | 127:142 | 127:143) code=$c ;;
    127:*) ;;
    *) code=$c ;;
    esac
    [ -n "$hit" ] || break
  done
  kill -KILL "-$timer"
  [ -z "$killer" ] || wait "$killer"
  n=0
  while [ "$n" -lt 40 ]; do
    if [ -e "$d/stdout.end" ] && [ -e "$d/stderr.end" ]; then break; fi
    if sleep 0.05; then n=$((n + 1)); else sleep 1; n=$((n + 20)); fi
  done
  kill -KILL "-$c1" "-$c2"
  signal=
  [ "$code" -le 128 ] || signal=$(kill -l "$code")
  read -r o <"$d/stdout.dropped" || o=0
  read -r e <"$d/stderr.dropped" || e=0
  echo "$end $code \${signal:--} $o $e" >"$d/exit.new"
  mv "$d/exit.new" "$d/exit"
}

fail() {
  rm -rf "$d"
  say failed "$*"
}

start() {
  IFS= read -r limit && IFS= read -r blocks && IFS= read -r interpreter && IFS= read -r file && IFS= read -r bytes || exit 1
  IFS= read -r variables && IFS= read -r words || exit 1
  set --
  while [ "$variables" -gt 0 ]; do
    IFS= read -r key || exit 1
    value
    set -- "$@" = "$key" "$v"
    variables=$((variables - 1))
  done
  setsid=$(locate setsid)
  interpreter_file=$(locate "$interpreter")
  set -- "$@" . "$setsid" "$interpreter_file" "$d/$file"
  while [ "$words" -gt 0 ]; do
    value
    set -- "$@" "$v"
    words=$((words - 1))
  done
  made=
  if [ -n "$base" ]; then
    if mkdir "$d" 2>/dev/null; then
      made=1
    elif mkdir "$d/begun" 2>/dev/null; then
      rm -rf "$d"
      mkdir "$d" 2>/dev/null && made=1
    fi
  fi
  if [ -z "$made" ]; then
    head -c "$bytes" >/dev/null
    if [ -O "$d/begun" ]; then say begun; else say failed This host has no room for a folder in /var/tmp or /tmp.; fi
    return
  fi
  head -c "$bytes" >"$d/$file" 2>/dev/null
  size "$d/$file"
  if [ "$s" -ne "$bytes" ]; then
    fail This host has no room for the script.
    return
  fi
  [ -n "$setsid" ] || { fail This host has no setsid.; return; }
  [ -n "$interpreter_file" ] || { fail "This host has no $interpreter where programs are looked for."; return; }
  if ! { echo "$boot" >"$d/boot" && : >"$d/stdout" && : >"$d/stderr" && mkfifo "$d/o" "$d/e"; } 2>/dev/null; then
    fail This host has no mkfifo, or no room.
    return
  fi
  if mkdir "$d/begun" 2>/dev/null; then
    supervise "$@" </dev/null >/dev/null 2>&1 &
    say started
  else
    say begun
  fi
}

look() {
  state=running
  exit=
  if [ -e "$d/exit" ]; then
    read -r exit <"$d/exit"
    state=exit
  elif [ ! -d "$d/begun" ] || [ "$(cat "$d/boot" 2>/dev/null)" != "$boot" ]; then
    state=lost
  elif read -r s 2>/dev/null <"$d/supervisor" && ! kill -0 "$s" 2>/dev/null; then
    if [ -e "$d/exit" ]; then look; return; fi
    state=lost
    read -r s 2>/dev/null <"$d/started" && kill -KILL "-$s" 2>/dev/null
  fi
  size "$d/stdout"
  o=$s
  size "$d/stderr"
  e=$s
}

get() {
  for nap in 0.02 0.05 0.1 0.2 0.4 0; do
    look
    more_o=$((o - $1))
    more_e=$((e - $2))
    [ "$o" -le "$cap" ] || more_o=$((cap - $1))
    [ "$e" -le "$cap" ] || more_e=$((cap - $2))
    if [ "$more_o" -gt 0 ] || [ "$more_e" -gt 0 ] || [ "$state" != running ]; then break; fi
    [ "$nap" = 0 ] || sleep "$nap" 2>/dev/null || sleep 1
  done
  [ "$more_o" -le ${answerBytesMax} ] || more_o=${answerBytesMax}
  [ "$more_e" -le ${answerBytesMax} ] || more_e=${answerBytesMax}
  [ "$more_o" -gt 0 ] || more_o=0
  [ "$more_e" -gt 0 ] || more_e=0
  say data "$more_o" "$more_e" "$state" "$o" "$e" "$exit"
  [ "$more_o" = 0 ] || tail -c "+$(($1 + 1))" "$d/stdout" | head -c "$more_o"
  [ "$more_e" = 0 ] || tail -c "+$(($2 + 1))" "$d/stderr" | head -c "$more_e"
}

stop() {
  echo "$1" >"$d/stop"
  n=0
  while [ ! -e "$d/supervisor" ] && [ "$n" -lt 5 ]; do
    sleep 1
    n=$((n + 1))
  done
  read -r s 2>/dev/null <"$d/supervisor" && kill -TERM "$s" 2>/dev/null
  say stopping
}

# What was found is what is open, whoever puts a link in its place meanwhile.
next() {
  { exec 3<&-; } 2>/dev/null
  why=
  if [ -L "$1" ]; then why=no-file
  elif [ ! -e "$1" ]; then why=not-there
  elif [ ! -f "$1" ]; then why=no-file
  elif [ ! -r "$1" ]; then why=unreadable
  elif ! command exec 3<"$1"; then why=unreadable
  else
    facts=$(stat -L -c "%s %a %Y %d:%i" /proc/self/fd/3)
    if [ "\${facts##* }" != "$(stat -c "%d:%i" "$1")" ]; then why=no-file; fi
    if [ -z "$facts" ]; then why=unreadable; fi
  fi 2>/dev/null
  bytes=$(printf %s "$1" | wc -c)
  if [ -n "$why" ]; then say left "$((bytes))" "$why"; else say found "$((bytes))" "\${facts% *}"; fi
  printf %s "$1"
}

state=new
if [ -L "$d" ] || { [ -e "$d" ] && [ ! -O "$d" ]; }; then
  say failed Somebody else has made the folder of this script.
  exit 1
fi
[ ! -d "$d" ] || state=there
[ ! -d "$d/begun" ] || state=begun
say hello "$state" "\${boot:--}"
while read -r op a b; do
  case $op in
  start) start ;;
  get) get "$a" "$b" ;;
  stop) stop "$a" ;;
  match)
    value
    folder=$v
    value
    IFS=
    if [ "$a" = many ]; then set -- "$folder"/$v; else set -- "$folder/$v"; fi
    unset IFS
    if [ "$a" = many ] && [ ! -e "$1" ] && [ ! -L "$1" ]; then set --; fi
    say matches "$#"
    ;;
  next)
    if [ "$#" -eq 0 ]; then say none; else next "$1"; shift; fi
    ;;
  take)
    say piece "$a"
    { head -c "$a" <&3; head -c "$a" /dev/zero; } 2>/dev/null | head -c "$a"
    ;;
  forget)
    rm -rf "$d" "/var/tmp/$name-"*
    say forgotten
    exit 0
    ;;
  esac
done
`.replaceAll("\\${", "${");

/** The first line that {@link remoteCommand} reads. */
export const remoteProgram = `${oneLine(program)}\n`;
