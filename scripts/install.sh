#!/bin/sh
# Installs the Sallyport agent on this host, enrols it with one hub and starts it. Served by that hub, which fills in the values below.
#
#   … | SALLYPORT_TOKEN=spt_… sh                              into /opt/sallyport-agent, as root or with sudo
#   … | SALLYPORT_TOKEN=spt_… sh -s -- --prefix "$HOME/sallyport"    without privileges
#   … | sh -s -- uninstall [--prefix DIR]                     stops it and removes everything
#   --no-start      installs and enrols only
#   --no-service    starts it without making it a service
#
# The token is never an argument of any program, so no other account can read it. Nothing runs before the last line has arrived.

hub_url='@HUB_URL@'
hub_pin='@HUB_PIN@'
hub_id='@HUB_ID@'
hub_key='@HUB_KEY@'
hub_ca='@HUB_CA@'
agent_port='@AGENT_PORT@'
# Lines of: sha256, bytes, name.
manifest='@MANIFEST@'

needed_kilobytes=307200
glibc_needed=28 # of 2.28, below which Node 24 does not start

say() { printf 'sallyport: %s\n' "$1"; }

fail() {
  printf 'sallyport: %s\n' "$1" >&2
  exit 1
}

main() {
  set -eu
  umask 022
  prefix=/opt/sallyport-agent
  prefix_given=no
  start=yes
  service=yes
  action=install
  as_root=
  scratch=
  read_arguments "$@"
  token=${SALLYPORT_TOKEN:-}
  unset SALLYPORT_TOKEN
  gain_rights
  state=$prefix/state
  unit=$(unit_name)
  if [ "$action" = uninstall ]; then
    uninstall
    return
  fi
  [ -n "$token" ] || fail 'SALLYPORT_TOKEN is not set. Copy the whole line from the console; it ends in: SALLYPORT_TOKEN=… sh'
  check_host
  scratch=$(mktemp -d) || fail 'No temporary folder can be made in /tmp.'
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  report_progress
  fetch_programs
  unpack_programs
  enrol
  put_in_place
  if [ "$start" = no ]; then
    say "installed in $prefix. Start it with: $(start_line)"
    return
  fi
  start_agent
  await_online
}

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
      --prefix)
        [ $# -gt 1 ] || fail '--prefix needs a folder.'
        prefix=$2
        prefix_given=yes
        shift
        ;;
      --prefix=*)
        prefix=${1#--prefix=}
        prefix_given=yes
        ;;
      --no-start) start=no ;;
      --no-service) service=no ;;
      uninstall) action=uninstall ;;
      *) fail "unknown argument $1. Known: --prefix DIR, --no-start, --no-service, uninstall." ;;
    esac
    shift
  done
  case $prefix in
    /*) ;;
    *) prefix=$(pwd)/$prefix ;;
  esac
  prefix=${prefix%/}
  # The path goes into a service file; these characters mean nothing there.
  case $prefix in
    *[!A-Za-z0-9._/-]* | '' | *..*) fail "the folder $prefix has characters other than letters, digits, dot, dash and underscore. Choose another with --prefix." ;;
  esac
}

# An ordinary user with a folder of their own needs no rights; anybody else needs root's.
gain_rights() {
  [ "$(id -u)" != 0 ] || return 0
  [ "$prefix_given" = no ] || return 0
  command -v sudo >/dev/null 2>&1 || fail "this needs root for $prefix, and there is no sudo. Run it as root, or add: -s -- --prefix \"\$HOME/sallyport\""
  sudo -v || fail "sudo does not let $(id -un) do this. Run it as root, or add: -s -- --prefix \"\$HOME/sallyport\""
  as_root=sudo
}

supervised() { [ "$service" = yes ] && [ -d /run/systemd/system ] && { [ "$(id -u)" = 0 ] || [ -n "$as_root" ]; }; }

# One service per folder, so that two installations do not fight over a name.
unit_name() {
  if [ "$prefix" = /opt/sallyport-agent ]; then
    echo sallyport-agent
  else
    echo "sallyport-agent-$(printf '%s' "$prefix" | cksum | cut -d ' ' -f 1)"
  fi
}

# ---------------------------------------------------------------- the host

check_host() {
  [ "$(uname -s)" = Linux ] || fail "this is $(uname -s); the agent runs on Linux."
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "this processor is $(uname -m); the agent runs on x86_64 and aarch64. Reach this host through an agent nearby." ;;
  esac
  for program in curl tar gzip sha256sum mktemp base64; do
    command -v "$program" >/dev/null 2>&1 || fail "there is no $program on this host. Install it and run this line again."
  done
  check_libc
  check_space "$prefix"
}

check_libc() {
  libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || ldd --version 2>&1 | sed -n 1p || :)
  case $libc in
    *musl*) fail 'this system uses musl instead of glibc (Alpine does). The agent needs glibc 2.28; reach this host through an agent nearby.' ;;
  esac
  libc=${libc##* }
  case $libc in
    2.*) ;;
    *) fail "this system's C library could not be told to be glibc 2.28 or later, which the agent needs." ;;
  esac
  minor=${libc#2.}
  minor=${minor%%[!0-9]*}
  [ "${minor:-0}" -ge "$glibc_needed" ] || fail "this system has glibc $libc; the agent needs 2.28 or later (Debian 10, Ubuntu 18.10, RHEL 8)."
}

check_space() {
  folder=$1
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pk "$folder" | sed -n '$p')
  # shellcheck disable=SC2086 # the fields of one line
  set -- $free
  case ${4:-} in
    '' | *[!0-9]*) return 0 ;;
  esac
  [ "$4" -ge "$needed_kilobytes" ] || fail "$folder has $(($4 / 1024)) MB free; the agent needs $((needed_kilobytes / 1024)) MB. Make room, or choose another folder with --prefix."
}

# ---------------------------------------------------------------- from the hub

# The pin is the hub's key, so a certificate of its own making is as good as a bought one.
ask_hub() { curl -fsSk --pinnedpubkey "$hub_pin" --connect-timeout 10 "$@"; }

why_not() {
  case $1 in
    6) echo "the name in $hub_url is not known to this host's DNS." ;;
    7) echo "$hub_url does not answer: the hub is down, or a firewall stands between." ;;
    22) echo "$hub_url refused: see the message above." ;;
    23) echo 'the disk is full.' ;;
    28) echo "$hub_url does not answer in time: no route, or a firewall drops the packets." ;;
    35 | 60) echo "no TLS connection to $hub_url. Something between may refuse it." ;;
    90) echo "the server at $hub_url is not the hub this line was made for: its key is another. Copy the line again from the console." ;;
    *) echo "curl ended with code $1; see its message above." ;;
  esac
}

# Only for the person who watches the console; an older hub may not know it.
report_progress() {
  printf '{"token":"%s"}' "$token" | ask_hub --max-time 15 -H 'content-type: application/json' --data @- -o /dev/null "$hub_url/agent/install-progress" 2>"$scratch/progress" || {
    code=$?
    # An answer that is no success means that the hub is there; anything else would only fail again, later.
    [ "$code" = 22 ] || {
      cat "$scratch/progress" >&2
      fail "$(why_not "$code")"
    }
  }
}

fetch_programs() {
  runtime=runtime-linux-$arch.tar.gz
  runtime_sum=$(sum_of "$runtime")
  if [ -n "$runtime_sum" ] && [ "$($as_root cat "$prefix/runtime/.sha256" 2>/dev/null || :)" = "$runtime_sum" ]; then
    say "the runtime for $arch is here already"
  else
    say "fetching the runtime for $arch from $hub_url"
    fetch "$runtime" "$runtime_sum"
  fi
  fetch agent.tar.gz "$(sum_of agent.tar.gz)"
}

# Empty when the hub had not packed it yet when it wrote this script.
sum_of() { printf '%s\n' "$manifest" | sed -n "s/^\([0-9a-f]\{64\}\) [0-9]* $1\$/\1/p"; }

fetch() {
  meter=-s
  [ ! -t 2 ] || meter=-#
  # The hub may have to pack this one first, which takes a minute.
  ask_hub "$meter" --retry 2 --max-time 1800 -o "$scratch/$1" "$hub_url/agent/$1" || fail "$(why_not $?)"
  expected=$2
  [ -n "$expected" ] || expected=$(ask_hub "$hub_url/agent/manifest.json" | tr -d ' \n' | sed -n "s/.*\"$1\":{\"sha256\":\"\([0-9a-f]*\)\".*/\1/p")
  actual=$(sha256sum "$scratch/$1" | cut -d ' ' -f 1)
  [ "$actual" = "$expected" ] || fail "$1 arrived damaged: its SHA-256 is $actual, expected ${expected:-none}. Run this line again."
  case $1 in runtime-*) runtime_sum=$actual ;; esac
}

# ---------------------------------------------------------------- onto the disk

unpack_programs() {
  fresh=$prefix/.fresh
  $as_root rm -rf "$fresh"
  $as_root mkdir -p "$fresh" || fail "$prefix cannot be made. Run this as root, or choose another folder with --prefix."
  $as_root tar -xzf "$scratch/agent.tar.gz" -C "$fresh" --no-same-owner || fail "agent.tar.gz could not be unpacked into $prefix."
  if [ -f "$scratch/$runtime" ]; then
    $as_root tar -xzf "$scratch/$runtime" -C "$fresh" --no-same-owner || fail "the runtime could not be unpacked into $prefix."
    printf '%s\n' "$runtime_sum" | $as_root tee "$fresh/runtime/.sha256" >/dev/null
    ! command -v chcon >/dev/null 2>&1 || $as_root chcon -t bin_t "$fresh/runtime/node" 2>/dev/null || :
  fi
  node=$fresh/runtime/node
  [ -f "$scratch/$runtime" ] || node=$prefix/runtime/node
  if ! version=$($as_root "$node" "$fresh/agent.cjs" version 2>"$scratch/error"); then
    cat "$scratch/error" >&2
    if grep -q 'ermission denied' "$scratch/error"; then
      fail "programs in $prefix may not be started: the filesystem is mounted noexec, or a policy forbids it. Choose another folder with --prefix."
    fi
    fail "the runtime does not start on this host: see the message above. A missing libstdc++ comes with the package libstdc++6 or libstdc++."
  fi
}

# Into a folder of its own: when the hub refuses the token, an agent that runs here already goes on as it was.
enrol() {
  new_state=$prefix/.fresh/state
  printf '%s' "$hub_ca" | base64 -d >"$scratch/ca.pem" || fail 'the certificate in this script is damaged. Copy the line again from the console.'
  printf '%s' "$token" | $as_root "$node" "$fresh/agent.cjs" enrol --hub "$hub_url" --hub-id "$hub_id" --hub-key "$hub_key" \
    --agent-port "$agent_port" --ca "$scratch/ca.pem" --state "$new_state" --token-stdin || {
    $as_root rm -rf "$fresh"
    fail 'not installed: the hub did not enrol this host.'
  }
}

put_in_place() {
  stop_agent
  if [ -d "$fresh/runtime" ]; then
    $as_root rm -rf "$prefix/runtime"
    $as_root mv "$fresh/runtime" "$prefix/runtime"
  fi
  $as_root rm -rf "$state"
  for name in agent.cjs ssh2.cjs runner.cjs VERSION node-flags.txt state; do $as_root mv "$fresh/$name" "$prefix/$name"; done
  $as_root rmdir "$fresh"
  $as_root chmod 700 "$state"
  node=$prefix/runtime/node
  flags=$(cat "$prefix/node-flags.txt")
  say "agent $version is in $prefix"
}

# ---------------------------------------------------------------- running it

start_line() {
  if supervised; then echo "systemctl start $unit"; else echo "setsid $node $flags $prefix/agent.cjs run --state $state --log-file $state/agent.log"; fi
}

start_agent() {
  if supervised; then
    $as_root tee "/etc/systemd/system/$unit.service" >/dev/null <<UNIT
[Unit]
Description=Sallyport agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart=$node $flags $prefix/agent.cjs run --state $state
Restart=always
RestartSec=2
# Scripts outlive their agent; one of them eating all memory must not end it.
KillMode=process
OOMPolicy=continue

[Install]
WantedBy=multi-user.target
UNIT
    $as_root systemctl daemon-reload
    $as_root systemctl enable --quiet "$unit"
    $as_root systemctl restart "$unit" || fail "systemd could not start it: see systemctl status $unit"
    return
  fi
  detach=setsid
  command -v setsid >/dev/null 2>&1 || detach=nohup
  # shellcheck disable=SC2086 # flags are words
  (cd / && $as_root "$detach" "$node" $flags "$prefix/agent.cjs" run --state "$state" --log-file "$state/agent.log" </dev/null >/dev/null 2>&1 &)
}

await_online() {
  if ! $as_root "$node" "$prefix/agent.cjs" status --state "$state" --wait 30; then
    $as_root "$node" "$prefix/agent.cjs" doctor --state "$state" || :
    fail "the agent is installed and runs, but the hub does not see it yet. It goes on trying; what is wrong stands above."
  fi
  supervised || say "it runs until this host restarts. To make that permanent, add to crontab -e: @reboot $(start_line)"
}

stop_agent() {
  if supervised && [ -f "/etc/systemd/system/$unit.service" ]; then $as_root systemctl stop "$unit" || :; fi
  stop_process "$state/agent.pid" 5
}

# Ends the process that a mark names (pid, start time, boot), if it is still that one. $2: seconds until it is killed.
stop_process() {
  pid=$(pid_of_mark "$1") || return 0
  $as_root kill -TERM "$pid" 2>/dev/null || :
  tries=$(($2 * 10))
  while [ "$tries" -gt 0 ] && pid_of_mark "$1" >/dev/null; do
    sleep 0.1 2>/dev/null || sleep 1
    tries=$((tries - 1))
  done
  if pid_of_mark "$1" >/dev/null; then $as_root kill -KILL "$pid" 2>/dev/null || :; fi
}

# Process ids are used again, so the start time (field 22 of /proc/PID/stat) must be the same. Counted after the last bracket: a name may hold blanks.
pid_of_mark() {
  marked=$($as_root cat "$1" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # the fields of one line
  set -- $marked
  [ $# -ge 2 ] || return 1
  marked_pid=$1
  marked_start=$2
  case $marked_pid in
    '' | *[!0-9]*) return 1 ;;
  esac
  fields=$(cat "/proc/$marked_pid/stat" 2>/dev/null) || return 1
  # shellcheck disable=SC2086 # the fields of one line
  set -- ${fields##*) }
  [ "${1:-}" != Z ] && [ "${20:-}" = "$marked_start" ] || return 1
  echo "$marked_pid"
}

uninstall() {
  [ -e "$prefix/agent.cjs" ] || fail "there is no agent in $prefix. Name its folder with --prefix."
  stop_agent
  if supervised && [ -f "/etc/systemd/system/$unit.service" ]; then
    $as_root systemctl disable --quiet "$unit" || :
    $as_root rm -f "/etc/systemd/system/$unit.service"
    $as_root systemctl daemon-reload
  fi
  # Scripts that still run have a process of their own beside them; it needs ten seconds to end one that does not listen.
  for mark in $($as_root find "$state/journal" -mindepth 2 -maxdepth 2 -name runner 2>/dev/null || :); do stop_process "$mark" 12; done
  # Only what this script put there.
  for name in agent.cjs ssh2.cjs runner.cjs VERSION node-flags.txt runtime state .fresh; do $as_root rm -rf "${prefix:?}/$name"; done
  $as_root rmdir "$prefix" 2>/dev/null || say "$prefix holds files that are not ours, so the folder stays."
  say "the agent is stopped and removed from $prefix. Revoke it in the console, too."
}

main "$@" </dev/null
