// What the hub runs on a Linux host to make an account, and to set its password and key. Pure: makes the text, reads the answer.
//
// The command is fixed but for the name that su(1) is told, and so is the script; other values come before it on stdin as base64, so nothing of
// them is ever read by a shell as anything but a value. Secrets come before that, on lines of their own that travel sealed to the agent. None of it
// is in a process list: read and printf are the shell's own. What is written into a home is written as the account itself, so that a link laid
// there leads only where the account may write anyway. A new account has `*` for a password, which no password is; the usual `!` would lock it,
// and sshd without PAM lets a locked account in by no key either.
//
// A command is one line of single quotes, without `!` and without a backslash before a quote: bash, dash, ash, csh and fish take it alike.
import type { OutcomeCode } from "./outcome.ts";

/** As useradd(8) takes them; other names are made by hand. No shell reads anything but a name into it. */
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
};

/** After signing in, another account by su(1). */
export type Su = { username: string; password: string };

/** Who works: the login itself on its own key, or root, which it is, or becomes by su or by sudo(8). */
export type Worker = { itself: true } | { itself: false; su: Su | null; sudoPassword: string | null };

/** @property secretLines what the command reads first, a line each. */
export type TargetCommand = { command: string; secretLines: string[]; stdin: string };

/**
 * By root, or by who becomes root with sudo: without a question, or with the password that signed in. That is tried first on a sudo that has
 * nothing else to read, so that a wrong one counts as one failure and no line of the script is taken for the next try.
 */
const asRoot = [
  "IFS= read -r own; IFS= read -r new",
  'feed() { printf "PASSWORD=%s\\n" "$new"; cat; }',
  'if [ "$(id -u)" = 0 ]; then feed | sh -s',
  "elif sudo -n sh -c : </dev/null >/dev/null 2>&1; then feed | sudo -n sh -s",
  'elif [ -n "$own" ] && printf "%s\\n" "$own" | sudo -k -S -p "" sh -c : >/dev/null 2>&1; then { printf "%s\\n" "$own"; feed; } | sudo -k -S -p "" sh -s 2>/dev/null',
  "else echo; echo sallyport:no-rights-there; fi",
].join("; ");

/** su without a terminal reads its answer from stdin, a byte at a time, and leaves the rest to what it runs. */
const bySu = (username: string): string =>
  `IFS= read -r own; IFS= read -r new; { printf "%s\\nPASSWORD=%s\\n" "$own" "$new"; cat; } | LC_ALL=C su - ${username} -c "sh -s" 2>&1`;
const suAlone = (username: string): string =>
  `IFS= read -r own; printf "%s\\n" "$own" | LC_ALL=C su - ${username} -c "echo; echo sallyport:works" 2>&1`;

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
PATH=$PATH:/usr/sbin:/sbin
say() { printf '\\nsallyport:%s\\n' "$1"; exit 0; }
value() { printf %s "$1" | base64 -d; }
has() { command -v "$1" >/dev/null 2>&1; }
[ "$(uname -s)" = Linux ] || say not-linux
name=$(value "$NAME"); password=$(value "$PASSWORD"); add=$(value "$ADD"); remove=$(value "$REMOVE"); own=$(value "$OWN")
if [ "$SELF" = 1 ]; then
  printf '%s\\n%s\\n' "$add" "$remove" | sh -c "$own"
else
  [ "$(id -u)" = 0 ] || say no-rights-there
  if ! id -u "$name" >/dev/null 2>&1; then
    [ "$MAKE" = 1 ] || say no-user-there
    if has useradd; then useradd -m -s /bin/sh -p '*' "$name" >/dev/null 2>&1 || say user-not-made
    else adduser -D -s /bin/sh "$name" >/dev/null 2>&1 </dev/null || say user-not-made
      printf '%s:*\\n' "$name" | chpasswd -e >/dev/null 2>&1; fi
  fi
  if [ -n "$password" ]; then
    if has chpasswd; then printf '%s:%s\\n' "$name" "$password" | chpasswd >/dev/null 2>&1 || say password-not-set
    else printf '%s\\n%s\\n' "$password" "$password" | passwd "$name" >/dev/null 2>&1 || say password-not-set; fi
  fi
  [ -n "$add$remove" ] || say works
  printf '%s\\n%s\\n' "$add" "$remove" | su -s /bin/sh "$name" -c "$own" >/dev/null 2>&1
fi
case $? in 0) say works;; 21) say home-missing;; *) say key-not-written;; esac
`;

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** What to run, and what it reads. Null for a name that useradd or su would not take. */
export function accountCommand(work: AccountWork, worker: Worker): TargetCommand | null {
  const su = worker.itself ? null : worker.su;
  if (!usableName.test(work.username) || (su !== null && !usableName.test(su.username))) return null;
  const values = { NAME: work.username, ADD: work.addKey ?? "", REMOVE: work.removeKey ?? "", OWN: ownKeys };
  const lines = Object.entries(values).map(([name, value]) => `${name}='${base64(value)}'`);
  const switches = `MAKE=${work.make ? 1 : 0}\nSELF=${worker.itself ? 1 : 0}`;
  const stdin = `${lines.join("\n")}\n${switches}\n${script}`;
  if (worker.itself) return { command: "sh -s", secretLines: [], stdin };
  return {
    command: `sh -c '${su === null ? asRoot : bySu(su.username)}'`,
    secretLines: [su?.password ?? worker.sudoPassword ?? "", base64(work.password ?? "")],
    stdin,
  };
}

/** Becomes the account and does nothing. Null for a name that su would not take. */
export const suCommand = ({ username, password }: Su): TargetCommand | null =>
  usableName.test(username) ? { command: `sh -c '${suAlone(username)}'`, secretLines: [password], stdin: "" } : null;

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

/**
 * The last answer counts: shells greet before it, and some say goodbye after it.
 *
 * @param stdout hostile.
 * @param su whether su stood before the script: then its complaint is the answer.
 */
export function targetAnswer(stdout: string, { su }: { su: boolean }): OutcomeCode {
  const said = [...stdout.matchAll(/(?:^|\n)sallyport:([a-z-]{1,32})(?=\r?\n|$)/g)].at(-1)?.[1];
  const answer = answers.find((one) => one === said);
  if (answer !== undefined) return answer;
  // sudo that asks for what nobody has, or a shell that is none, says nothing at all.
  if (!su) return "no-rights-there";
  return /su: (authentication failure|incorrect password)/i.test(stdout) ? "authentication-failed" : "su-refused";
}
