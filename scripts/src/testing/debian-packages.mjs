// The programs that the tests drive, and the Debian packages that bring them. Root gets what is missing; anyone else gets it named.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

/** @type {Record<string, string>} program (a name in PATH or a path) → package */
const programs = {
  // Without a window, a fourth of the work.
  "chromium-headless-shell": "chromium-headless-shell",
  sshd: "openssh-server",
  ssh: "openssh-client",
  tmux: "tmux",
  vim: "vim",
  htop: "htop",
  less: "less",
  ip: "iproute2",
  iptables: "iptables",
  curl: "curl",
  openssl: "openssl",
  python3: "python3",
  faketime: "faketime",
  unshare: "util-linux",
  slapd: "slapd",
  sudo: "sudo",
  busybox: "busybox-static",
  tcsh: "tcsh",
  fish: "fish",
  "/usr/lib/postgresql/15/bin/postgres": "postgresql-15",
  // The parts without a service of the system's.
  mariadbd: "mariadb-server-core",
  mariadb: "mariadb-client-core",
};

/** What does as well where a release does not have the other. @type {Record<string, string>} */
const instead = { "chromium-headless-shell": "chromium" };

const folders = [...(process.env.PATH ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];

/** @param {string} program */
const isThere = (program) =>
  program.startsWith("/") ? existsSync(program) : folders.some((folder) => existsSync(path.join(folder, program)));

/** @param {Record<string, string>} wanted program (a name in PATH or a path) → package; those of the tests when nothing is said */
export function bringPrograms(wanted = programs) {
  const missing = () => Object.entries(wanted).filter(([program]) => !isThere(program));
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && isThere("apt-get")) installPackages(missing().map(([, name]) => name));
  for (const [program, name] of missing()) {
    if (isThere(instead[program] ?? program)) continue;
    process.stdout.write(
      `Missing program: ${program} (Debian package ${name}). What needs it is skipped; install it to run that.\n`,
    );
  }
}

/** @param {string[]} names */
function installPackages(names) {
  process.stdout.write(`Installing Debian packages: ${names.join(" ")}\n`);
  // The tests bring their own clusters: the package must neither make nor start one of the system's.
  const clusters = "/etc/postgresql-common/createcluster.d";
  if (names.includes("postgresql-15") && !existsSync("/etc/postgresql-common")) {
    mkdirSync(clusters, { recursive: true });
    writeFileSync(`${clusters}/sallyport-tests.conf`, "create_main_cluster = false\n");
  }
  // Nor may that of the directory server.
  if (names.includes("slapd"))
    spawnSync("debconf-set-selections", {
      input: "slapd slapd/no_configuration boolean true\n",
      stdio: ["pipe", "ignore", "ignore"],
    });
  apt("update");
  // One that this release does not have must not keep the others away.
  if (!apt("install", "-y", "--no-install-recommends", ...names))
    for (const name of names)
      if (!apt("install", "-y", "--no-install-recommends", name) && instead[name] !== undefined)
        apt("install", "-y", "--no-install-recommends", instead[name]);
}

/** @param {string[]} args */
function apt(...args) {
  const { status, stdout, stderr } = spawnSync("apt-get", ["-q", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
  });
  if (status !== 0) process.stdout.write(`apt-get ${args.join(" ")} failed:\n${`${stdout}${stderr}`.slice(-2_000)}\n`);
  return status === 0;
}
