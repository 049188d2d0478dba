// The key of this host that the agent may sign in on neighbours with, because the host's owner said so. The hub has nothing of it but its public half.
//
// The owner names a file, or says "own": then the agent makes a key in its state folder. Read anew for each connection, so that a key which was
// replaced, withdrawn or opened to others counts at once.
import fs from "node:fs";
import path from "node:path";
import type { ParsedKey } from "ssh2";
import { codeOf, hasCode, writeDurably } from "../state/files.ts";
import type { ConnectionKey } from "./connection.ts";
import { ssh2 } from "./load-ssh2.ts";

/** `line` as in authorized_keys(5). `why` is a sentence for people and holds nothing of the key. */
export type ReadKey = { ok: true; key: ConnectionKey; line: string } | { ok: false; why: string };

/** An RSA key of 16,384 bits is 12 KiB in its longest form. */
const keyFileBytesMax = 32 * 1_024;

/** What is read of a file that is not a key would come to no harm, but nobody should guess at it by this agent's words. */
const noKey = "is no private key in OpenSSH or PEM format";

/** One key in 256 comes out of ssh2 1.17.0 in a form that nobody reads; so many in a row would be something else. */
const keyTriesMax = 20;

export class OwnKey {
  readonly #setting: string | null;
  readonly #stateDir: string;
  readonly #comment: string;

  /** @param setting `own`, the path of a file, or null: no key may be used. @param agentId tells whose the key is, where its line stands. */
  constructor({ setting, stateDir, agentId }: { setting: string | null; stateDir: string; agentId: string }) {
    this.#setting = setting;
    this.#stateDir = stateDir;
    this.#comment = `sallyport-${agentId}`;
  }

  /** The owner said so; whether the key is of any use is another matter. */
  get allowed(): boolean {
    return this.#setting !== null;
  }

  /** Makes the agent's own key where it is wanted and not there. Never throws: what stands in the way is said by {@link read}. */
  prepare(): void {
    if (this.#setting !== "own" || fs.existsSync(this.#ownFile)) return;
    try {
      writeDurably(this.#ownFile, newKey(this.#comment), 0o600);
    } catch {
      // a full disk: the file is still not there, which is what the next look says
    }
  }

  read(): ReadKey {
    if (this.#setting === null) return { ok: false, why: "No key of this host may be used." };
    const file = this.#setting === "own" ? this.#ownFile : this.#setting;
    if (!path.isAbsolute(file)) return { ok: false, why: `The key must be "own" or a whole path, not ${file}.` };
    const text = readPrivately(file);
    if (!text.ok) return { ok: false, why: `${file} ${text.why}.` };
    const parsed = parse(text.content.toString("latin1"));
    text.content.fill(0);
    if (!parsed.ok) return { ok: false, why: `${file} ${parsed.why}.` };
    const { key } = parsed;
    const publicKey = key.getPublicSSH();
    return {
      ok: true,
      line: `${key.type} ${publicKey.toString("base64")} ${this.#comment}`,
      key: {
        publicKey,
        sign: async (data, algorithm) => {
          const signature: unknown = key.sign(Buffer.from(data), hashOf(algorithm));
          return Buffer.isBuffer(signature)
            ? { ok: true, signature }
            : { ok: false, why: "the key of the agent's host could not sign" };
        },
      },
    };
  }

  /** For HostFacts. */
  facts(): { ownKey: string; ownKeyProblem: string } {
    if (!this.allowed) return { ownKey: "", ownKeyProblem: "" };
    const read = this.read();
    return read.ok ? { ownKey: read.line, ownKeyProblem: "" } : { ownKey: "", ownKeyProblem: read.why };
  }

  get #ownFile(): string {
    return path.join(this.#stateDir, "neighbours-key");
  }
}

type Bytes = { ok: true; content: Buffer } | { ok: false; why: string };

/** What sshd's own client asks of a key file, and no more than a key's worth of it. Of the file that is open, so that no link is laid between. */
function readPrivately(file: string): Bytes {
  let fd: number;
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK); // a pipe must not hold the agent up
  } catch (error) {
    return { ok: false, why: hasCode(error, "ENOENT") ? "is not there" : `cannot be read (${codeOf(error)})` };
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) return { ok: false, why: "is no file" };
    if ((stat.mode & 0o077) !== 0) return { ok: false, why: "may be read or written by others: chmod 600" };
    if (stat.size > keyFileBytesMax) return { ok: false, why: noKey };
    return { ok: true, content: fs.readFileSync(fd) };
  } catch (error) {
    return { ok: false, why: `cannot be read (${codeOf(error)})` };
  } finally {
    fs.closeSync(fd);
  }
}

function parse(text: string): { ok: true; key: ParsedKey } | { ok: false; why: string } {
  const parsed = ssh2().utils.parseKey(text.trim());
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key instanceof Error && /passphrase|encrypted/i.test(key.message))
    return { ok: false, why: "has a passphrase, which nobody is there to type: use a key without one" };
  return key === undefined || key instanceof Error || !key.isPrivateKey() ? { ok: false, why: noKey } : { ok: true, key };
}

/** Ed25519, in OpenSSH's format, read once before it is given. */
function newKey(comment: string): string {
  for (let tries = 0; tries < keyTriesMax; tries++) {
    const pair = ssh2().utils.generateKeyPairSync("ed25519", { comment });
    if (parse(pair.private).ok) return pair.private;
  }
  throw new Error(`no readable key in ${keyTriesMax} tries`);
}

/** The library signs RSA with SHA-1 unless told otherwise; of other keys the hash follows from the key. */
const hashOf = (algorithm: string): string | undefined =>
  algorithm === "rsa-sha2-512" ? "sha512" : algorithm === "rsa-sha2-256" ? "sha256" : undefined;
