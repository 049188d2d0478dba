// An LDAP directory: looking people up as the hub's own account, and asking whether a password is theirs. Filters are built from values, never
// from text, so that what somebody types stays a value.
import { isIP } from "node:net";
import { AndFilter, Client, type Entry, EqualityFilter, FilterParser, InvalidCredentialsError, OrFilter } from "ldapts";
import type { LdapSettings } from "./input.ts";

/** A directory that does not answer must not hold a sign-in longer. */
const answerWithinMs = 10_000;
/** Groups of one person; a directory that names more is not believed. */
const groupsMax = 1_000;

export type DirectoryPerson = { dn: string; subject: string; email: string | null; name: string | null; username: string | null };

/** Does the work as the hub's own account. @throws what the directory or the network says. */
export async function askDirectory<T>(settings: LdapSettings, secret: string, work: (client: Client) => Promise<T>): Promise<T> {
  return connected(settings, async (client) => {
    await client.bind(settings.bindDn, secret);
    return work(client);
  });
}

/** Asks the directory itself. False for a wrong password and for a person who may not bind there. */
export async function passwordHolds(settings: LdapSettings, dn: string, password: string): Promise<boolean> {
  if (password === "") return false;
  return connected(settings, async (client) => {
    try {
      await client.bind(dn, password);
      return true;
    } catch (error) {
      if (error instanceof InvalidCredentialsError) return false;
      throw error;
    }
  });
}

async function connected<T>(settings: LdapSettings, work: (client: Client) => Promise<T>): Promise<T> {
  const { hostname } = new URL(settings.url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const tlsOptions = {
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(settings.ca === null ? {} : { ca: settings.ca }),
  };
  const client = new Client({
    url: settings.url,
    timeout: answerWithinMs,
    connectTimeout: answerWithinMs,
    ...(settings.url.startsWith("ldaps:") ? { tlsOptions } : {}),
  });
  try {
    if (settings.startTls && !settings.url.startsWith("ldaps:")) await client.startTLS(tlsOptions);
    return await work(client);
  } finally {
    await client.unbind().catch(() => {}); // it has gone already
  }
}

/** Null when nobody, or more than one, has this name under the filter. */
export async function findByUsername(client: Client, settings: LdapSettings, username: string): Promise<DirectoryPerson | null> {
  const found = await search(client, settings, new EqualityFilter({ attribute: settings.usernameAttribute, value: username }));
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Those of the subjects that are still there and still meet the filter. */
export async function findBySubjects(
  client: Client,
  settings: LdapSettings,
  subjects: readonly string[],
): Promise<DirectoryPerson[]> {
  const filters = subjects.map((subject) => new EqualityFilter({ attribute: settings.idAttribute, value: toId(subject) }));
  return search(client, settings, new OrFilter({ filters }));
}

/** Their names and their whole paths: an administrator may map either. */
export async function groupsOf(client: Client, settings: LdapSettings, person: DirectoryPerson): Promise<string[]> {
  const paths =
    settings.groupBaseDn === null ? await memberOf(client, person) : await groupsNaming(client, settings.groupBaseDn, person);
  return paths.slice(0, groupsMax).flatMap((dn) => [dn, nameOf(dn)]);
}

async function memberOf(client: Client, { dn }: DirectoryPerson): Promise<string[]> {
  const { searchEntries } = await client.search(dn, { scope: "base", attributes: ["memberOf"] });
  return textsOf(searchEntries[0], "memberOf");
}

async function groupsNaming(client: Client, baseDn: string, { dn, username }: DirectoryPerson): Promise<string[]> {
  const naming = [
    new EqualityFilter({ attribute: "member", value: dn }),
    new EqualityFilter({ attribute: "uniqueMember", value: dn }),
    ...(username === null ? [] : [new EqualityFilter({ attribute: "memberUid", value: username })]),
  ];
  const filter = new OrFilter({ filters: naming });
  const { searchEntries } = await client.search(baseDn, { scope: "sub", filter, attributes: ["cn"], sizeLimit: groupsMax });
  return searchEntries.map((entry) => entry.dn);
}

/** cn=Operators,ou=groups,dc=example → Operators. A name with an escaped letter is mapped by its path. */
const nameOf = (dn: string): string => /^[^=]+=([^,+\\]*)/.exec(dn)?.[1] ?? dn;

async function search(client: Client, settings: LdapSettings, filter: EqualityFilter | OrFilter): Promise<DirectoryPerson[]> {
  const { idAttribute, usernameAttribute, emailAttribute, nameAttribute, userFilter, baseDn } = settings;
  const { searchEntries } = await client.search(baseDn, {
    scope: "sub",
    filter: new AndFilter({ filters: [FilterParser.parseString(userFilter), filter] }),
    attributes: [idAttribute, usernameAttribute, emailAttribute, nameAttribute],
    explicitBufferAttributes: [idAttribute],
  });
  return searchEntries.flatMap((entry) => {
    const subject = subjectOf(entry, idAttribute);
    if (subject === null) return [];
    const text = (attribute: string) => textsOf(entry, attribute)[0] ?? null;
    return [{ dn: entry.dn, subject, email: text(emailAttribute), name: text(nameAttribute), username: text(usernameAttribute) }];
  });
}

export function isFilter(text: string): boolean {
  try {
    FilterParser.parseString(text);
    return true;
  } catch {
    return false;
  }
}

/** In hex: Active Directory's are bytes. */
function subjectOf(entry: Entry, attribute: string): string | null {
  const [first] = valuesOf(entry, attribute);
  return first === undefined || first.length === 0 || first.length > 200 ? null : Buffer.from(first).toString("hex");
}

const toId = (subject: string): Buffer => Buffer.from(subject, "hex");

/** Directories write names of attributes as they like. */
function valuesOf(entry: Entry | undefined, attribute: string): (string | Buffer)[] {
  const [, value] = Object.entries(entry ?? {}).find(([name]) => name.toLowerCase() === attribute.toLowerCase()) ?? [];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** Texts of PostgreSQL hold no NUL and no half character. */
const textsOf = (entry: Entry | undefined, attribute: string): string[] =>
  valuesOf(entry, attribute)
    .map(String)
    .filter((text) => text !== "" && text.length <= 500 && !text.includes("\0") && text.isWellFormed());
