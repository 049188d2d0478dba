// A real OpenLDAP server on this machine, with a folder, ports and a certificate of its own; it ends with the block that made it.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

const program = "/usr/sbin/slapd";
/** Said where tests are skipped. */
export const missingLdapServer = existsSync(program) ? null : "slapd (Debian package slapd) is not installed";

export const ldapBase = "dc=example,dc=org";
export const ldapService = { dn: `cn=service,${ldapBase}`, password: "the-service-password-of-this-test" };

export type LdapServer = AsyncDisposable & {
  url: string;
  tlsUrl: string;
  /** PEM of the server's certificate. */
  ca: string;
  addPerson(uid: string, more?: Record<string, string>): Promise<string>;
  setPerson(uid: string, attribute: string, values: string[]): Promise<void>;
  removePerson(uid: string): Promise<void>;
  setGroup(name: string, uids: string[]): Promise<void>;
};

export const ldapPassword = "a-password-of-the-directory";
const personDn = (uid: string): string => `uid=${uid},ou=people,${ldapBase}`;

export async function startLdapServer(): Promise<LdapServer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "sallyport-ldap-"));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [key, certificate] = [path.join(folder, "key.pem"), path.join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", [...kind, "-keyout", key, "-out", certificate, ...subject], { stdio: "ignore" });
  mkdirSync(path.join(folder, "database"));
  const lines = [
    ...["core", "cosine", "inetorgperson", "nis"].map((name) => `include /etc/ldap/schema/${name}.schema`),
    "modulepath /usr/lib/ldap",
    "moduleload back_mdb",
    `TLSCertificateFile ${certificate}`,
    `TLSCertificateKeyFile ${key}`,
    `pidfile ${path.join(folder, "pid")}`,
    "allow bind_v2 bind_anon_dn", // as careless as directories in the field: an empty password is a sign-in as nobody
    "database mdb",
    `suffix "${ldapBase}"`,
    `rootdn "${ldapService.dn}"`,
    `rootpw ${ldapService.password}`,
    `directory ${path.join(folder, "database")}`,
  ];
  const configuration = path.join(folder, "slapd.conf");
  writeFileSync(configuration, `${lines.join("\n")}\n`, { mode: 0o600 });
  const [url, tlsUrl] = [`ldap://127.0.0.1:${port}`, `ldaps://127.0.0.1:${tlsPort}`];
  // A debug level, even 0, keeps it a child instead of a service.
  const child = spawn(program, ["-d", "0", "-f", configuration, "-h", `${url}/ ${tlsUrl}/`], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const asRoot = async (work: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client({ url });
    try {
      await client.bind(ldapService.dn, ldapService.password);
      await work(client);
    } finally {
      await client.unbind();
    }
  };
  const isUp = () =>
    asRoot(async () => {}).then(
      () => true,
      () => false,
    );
  await eventually(isUp, (up) => up, { withinMs: 30_000, what: "slapd" });
  await asRoot(async (client) => {
    await client.add(ldapBase, { objectClass: ["dcObject", "organization"], dc: "example", o: "Example" });
    for (const ou of ["people", "groups"]) await client.add(`ou=${ou},${ldapBase}`, { objectClass: "organizationalUnit", ou });
  });
  return {
    url,
    tlsUrl,
    ca: readFileSync(certificate, "utf8"),
    addPerson: async (uid, more = {}) => {
      const entry = { objectClass: "inetOrgPerson", uid, cn: `Person ${uid}`, sn: uid, mail: `${uid}@example.org` };
      await asRoot((client) => client.add(personDn(uid), { ...entry, userPassword: ldapPassword, ...more }));
      return uid;
    },
    setPerson: (uid, type, values) =>
      asRoot((client) =>
        client.modify(personDn(uid), new Change({ operation: "replace", modification: new Attribute({ type, values }) })),
      ),
    removePerson: (uid) => asRoot((client) => client.del(personDn(uid))),
    setGroup: (name, uids) =>
      asRoot(async (client) => {
        const dn = `cn=${name},ou=groups,${ldapBase}`;
        await client.del(dn).catch(() => {}); // there was none
        if (uids.length > 0) await client.add(dn, { objectClass: "groupOfNames", cn: name, member: uids.map(personDn) });
      }),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
