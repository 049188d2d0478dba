// What the hub runs on a Linux host to make an account, and to set its password and key. Pure: makes the text, reads the answer.
//
// The command is fixed and so is the script; values come before it on stdin as base64 in single quotes, so nothing of them is ever read by a
// shell as anything but a value, and none is in a process list: printf and read are the shell's own. What is written into a home is written as
// the account itself, so that a link laid there leads only where the account may write anyway. A new account has `*` for a password, which no
// password is; the usual `!` would lock it, and sshd without PAM lets a locked account in by no key either.
import type { OutcomeCode } from "./outcome.ts";

/** As useradd(8) takes them; other names are made by hand. */
const usableName = /^[a-z_][a-z0-9_.-]{0,31}\$?$/;

export type AccountWork = {
  username: string;
  /** Made when it is not there. */
  make: boolean;
  /** Set by chpasswd(8). */
  password?: string;
  /** The line of authorized_keys. */
  addKey?: string;
  /** Lines with this key, base64, are taken away. */
  removeKey?: string;
  /** As the account itself, whose shell needs no rights of others: its own key only. */
  asItself?: boolean;
};

/** By root, or by who may become root with sudo(8) without being asked. */
const asRoot = `sh -c 'if [ "$(id -u)" = 0 ]; then exec sh -s; else exec sudo -n sh -s; fi'`;
const asItself = "sh -s";

/** Runs as the account, in its home; its stdin are two lines: the key to add and the key to remove, either may be empty. */
const ownKeys = `
umask 077
IFS= read -r add; IFS= read -r remove
cd ~ || exit 21
mkdir -p .ssh || exit 22
f=.ssh/authorized_keys
[ -e "$f" ] || : > "$f" || exit 22
if [ -n "$add" ] && ! grep -qxF -e "$add" "$f"; then
  [ -z "$(tail -c 1 "$f")" ] || printf "\\n" >> "$f" || exit 22
  printf "%s\\n" "$add" >> "$f" || exit 22
fi
if [ -n "$remove" ] && grep -qF -e "$remove" "$f"; then
  rest=$(grep -vF -e "$remove" "$f")
  printf "%s\\n" "$rest" > "$f.new" && mv -f "$f.new" "$f" || exit 22
fi
exit 0
`;

const script = `
say() { printf '\\nsallyport:%s\\n' "$1"; exit 0; }
value() { printf %s "$1" | base64 -d; }
[ "$(uname -s)" = Linux ] || say not-linux
name=$(value "$NAME"); password=$(value "$PASSWORD"); add=$(value "$ADD"); remove=$(value "$REMOVE"); own=$(value "$OWN")
if [ "$SELF" = 1 ]; then
  printf '%s\\n%s\\n' "$add" "$remove" | sh -c "$own"
else
  [ "$(id -u)" = 0 ] || say no-rights-there
  if ! id -u "$name" >/dev/null 2>&1; then
    [ "$MAKE" = 1 ] || say no-user-there
    if command -v useradd >/dev/null 2>&1; then useradd -m -s /bin/sh -p '*' "$name" >/dev/null 2>&1 || say user-not-made
    else adduser -D -s /bin/sh "$name" >/dev/null 2>&1 || say user-not-made; fi
  fi
  if [ -n "$password" ]; then
    printf '%s:%s\\n' "$name" "$password" | chpasswd >/dev/null 2>&1 || say password-not-set
  fi
  [ -n "$add$remove" ] || say works
  printf '%s\\n%s\\n' "$add" "$remove" | su -s /bin/sh "$name" -c "$own" >/dev/null 2>&1
fi
case $? in 0) say works;; 21) say home-missing;; *) say key-not-written;; esac
`;

/** What to run, and its stdin. Null for a name that useradd would not take. */
export function accountCommand(work: AccountWork): { command: string; stdin: string } | null {
  if (!usableName.test(work.username)) return null;
  const values = {
    NAME: work.username,
    PASSWORD: work.password ?? "",
    ADD: work.addKey ?? "",
    REMOVE: work.removeKey ?? "",
    OWN: ownKeys,
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}='${Buffer.from(value).toString("base64")}'`);
  const switches = `MAKE=${work.make ? 1 : 0}\nSELF=${work.asItself ? 1 : 0}`;
  return { command: work.asItself ? asItself : asRoot, stdin: `${lines.join("\n")}\n${switches}\n${script}` };
}

/** What the script may say: a host that says anything else is not understood. */
const answers: readonly OutcomeCode[] = [
  "works",
  "not-linux",
  "no-rights-there",
  "no-user-there",
  "user-not-made",
  "password-not-set",
  "home-missing",
  "key-not-written",
];

/** @param stdout hostile. */
export function accountAnswer(stdout: string): OutcomeCode {
  const said = /(?:^|\n)sallyport:([a-z-]{1,32})\n*$/.exec(stdout)?.[1];
  // sudo that asks, or a shell that is none, says nothing at all.
  return answers.find((answer) => answer === said) ?? "no-rights-there";
}
