// One SSH connection to a neighbour, from a TCP socket to one that has let us in. Knows nothing of shells or of streams.
//
//   key exchange ──key proven──► trust ──hub or order says yes──► sign-in ──► open ──► closed
//        └─────────────┴─ any fault, or the time is over ─────┴──────────────────────────▲
//
// The library would have the key judged before the neighbour has proven that it holds it. So it is only remembered then, and judged once the
// exchange is complete and before anything of the account is said.
import type net from "node:net";
import { sshHandshakeMs } from "@sallyport/protocol/limits";
import type {
  AnyAuthMethod,
  AuthenticationType,
  BaseAgent,
  Client,
  ClientChannel,
  ClientErrorExtensions,
  NextAuthHandler,
  Prompt,
} from "ssh2";
import { type Outcome, refused } from "../orders/order-gate.ts";
import { noCommonAlgorithms, offered, readServerOffer } from "./algorithms.ts";
import type { HubAsks } from "./hub-asks.ts";
import { ssh2 } from "./load-ssh2.ts";
import { type Sign, signer } from "./signer.ts";
import type { SshTarget } from "./ssh-target.ts";
import { TrafficGuard } from "./traffic-guard.ts";
import { wipePacketsOf } from "./wipe-packets.ts";

/** Three unanswered: a neighbour that vanished is noticed within a minute, also by a terminal nobody types into. */
const keepaliveMs = 15_000;
const keepalivesMissedMax = 3;

/** Of all banners together. They are not shown, so an honest one is only in the way. */
const bannerCharsMax = 8 * 1_024;

/** A server's first packet lists what it can. Longer lists than this are of nobody we could speak to. */
const offerBytesMax = 16 * 1_024;

/** Between saying goodbye and cutting. */
const goodbyeMs = 2_000;

/** Packets that carry less than this each would keep the agent busy with headers; zero would keep it busy for ever. */
const packetBytesMin = 64;

type Stage = "key exchange" | "trust" | "sign-in" | "open" | "closed";

/** What a neighbour is asked for: a shell (no command) or a command; a pty or none. */
export type Opening = { command: string | null; pty: { term: string; columns: number; rows: number } | null };

export type ConnectionOptions = {
  socket: net.Socket;
  target: SshTarget;
  sequence: number;
  asks: HubAsks;
  /** What signs in, beside a password of the target: null where there is none. */
  key: ConnectionKey | null;
};

/** @property publicKey SSH wire format. */
export type ConnectionKey = { publicKey: Uint8Array; sign: Sign };

export class SshConnection {
  readonly #client: Client;
  readonly #socket: net.Socket;
  readonly #target: SshTarget;
  readonly #sequence: number;
  readonly #asks: HubAsks;
  readonly #key: ConnectionKey | null;
  readonly #guard = new TrafficGuard(performance.now());
  readonly #timer: NodeJS.Timeout;
  #stage: Stage = "key exchange";
  #hostKey: Buffer | null = null;
  #firstBytes: Buffer | null = Buffer.alloc(0);
  #bannerChars = 0;
  /** The password has been given to a question. */
  #asked = false;
  #channel: ClientChannel | null = null;
  #settle: (outcome: Outcome | null) => void = () => {};

  /** Takes the socket over, which must be paused. */
  constructor({ socket, target, sequence, asks, key }: ConnectionOptions) {
    this.#client = new (ssh2().Client)();
    this.#socket = socket;
    this.#target = target;
    this.#sequence = sequence;
    this.#asks = asks;
    this.#key = key;
    this.#timer = setTimeout(
      () => this.#fail(refused("timeout", `The neighbour did not let us in within ${sshHandshakeMs / 1_000} seconds.`)),
      sshHandshakeMs,
    );
  }

  /** The connection is gone, whether by us or by others. */
  get closed(): boolean {
    return this.#stage === "closed";
  }

  /** Resolves with null once the neighbour has let us in, or with why not. Call once. */
  signIn(): Promise<Outcome | null> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#begin();
    });
  }

  /** A shell on a pty, or `command`, with or without a pty. Resolves with the channel, or with why there is none. Call once, after {@link signIn}. */
  async open({ command, pty }: Opening): Promise<ClientChannel | Outcome> {
    const window = pty === null ? null : { term: pty.term, cols: pty.columns, rows: pty.rows, width: 0, height: 0 };
    const opened = await new Promise<ClientChannel | Outcome>((resolve) => {
      this.#settle = (outcome) => resolve(outcome ?? closedEarly);
      const done = (error: Error | undefined, channel: ClientChannel): void => {
        const what = command === null ? "gives this account no terminal" : "runs no commands for this account";
        const none = this.closed ? closedEarly : refused("command-refused", `The neighbour let us in but ${what}.`);
        resolve(error ? none : channel);
      };
      this.#try(() => {
        if (command !== null) this.#client.exec(command, window === null ? {} : { pty: window }, done);
        else this.#client.shell(window ?? false, done);
      });
      if (this.closed) resolve(closedEarly);
    });
    clearTimeout(this.#timer);
    if ("accepted" in opened) {
      this.end();
      return opened;
    }
    if (!takesPackets(opened)) {
      this.#fail(notSsh);
      return notSsh;
    }
    this.#channel = opened;
    this.#guard.open();
    return opened;
  }

  /** A packet of the channel's output was read. Whoever reads the channel says so. */
  delivered(bytes: number): void {
    this.#guard.delivered(bytes);
  }

  /** Says goodbye; who does not answer is cut off. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.closed) return;
    this.#client.end();
    setTimeout(() => this.#socket.destroy(), goodbyeMs).unref();
  }

  #begin(): void {
    const client = this.#client;
    const socket = this.#socket;
    client.on("error", (error) => this.#onError(error));
    client.on("close", () => this.#onClose());
    client.on("handshake", () => this.#onKeysExchanged());
    client.on("banner", (text) => this.#onBanner(text));
    client.on("greeting", (text) => this.#onBanner(text));
    client.on("change password", () =>
      this.#fail(refused("authentication-failed", "The password has expired: the neighbour asks for a new one.")),
    );
    client.on("ready", () => {
      // A neighbour that says yes before it was asked hopes that nobody looks at its key.
      if (this.#stage !== "sign-in") {
        this.#fail(notSsh);
        return;
      }
      this.#stage = "open";
      this.#forgetSecrets();
      this.#settle(null);
    });
    socket.on("data", (data) => this.#onBytes(data));
    socket.on("end", () => socket.destroy()); // made to stay half open, which is of no use here
    this.#try(() =>
      client.connect({
        sock: socket,
        username: this.#target.username,
        ident: "Sallyport",
        algorithms: offered(this.#target.legacyAlgorithms),
        readyTimeout: 0, // ours includes the hub's answers
        keepaliveInterval: keepaliveMs,
        keepaliveCountMax: keepalivesMissedMax,
        hostVerifier: (key: Buffer) => this.#isSameKey(key),
        authHandler: this.#authHandler(),
      }),
    );
  }

  /** A key may be exchanged again, but never for another one. */
  #isSameKey(key: Buffer): boolean {
    this.#hostKey ??= Buffer.from(key);
    return this.#hostKey.equals(key);
  }

  #authHandler() {
    const { username, password } = this.#target;
    const key = this.#key;
    const methods: ("none" | "agent" | "password" | "keyboard-interactive")[] = [];
    // Asking for nothing tells what the neighbour takes, so that no password counts as a failed one only because it came by another way.
    if (key !== null) methods.push("agent");
    else methods.push("none");
    if (password !== null) methods.push("password", "keyboard-interactive");
    /** The first method left that the neighbour may take; `left` is what it said it takes, null before it said anything. */
    const next = (left: AuthenticationType[] | null): AnyAuthMethod | null => {
      const method = methods.shift();
      if (method === undefined) return null;
      const wanted = method === "agent" ? "publickey" : method;
      if (left !== null && method !== "none" && !left.some((name) => name === wanted)) return next(left);
      switch (method) {
        case "none":
          return { type: "none", username };
        case "agent":
          return key === null ? null : { type: "agent", username, agent: this.#signer(key) };
        case "password":
          methods.length = 0; // the same again as an answer to a question would count as another failure
          // The library takes bytes as well, which can be wiped; its types do not say so.
          return Object.assign({ type: "password" as const, username, password: "" }, { password: password ?? Buffer.alloc(0) });
        case "keyboard-interactive":
          return {
            type: "keyboard-interactive",
            username,
            prompt: (_name, _text, _language, ...asked) => this.#answer(...asked),
          };
      }
    };
    return (left: AuthenticationType[] | null, _partial: boolean | null, then: NextAuthHandler): void => {
      void this.#trusted().then((trusted) => {
        if (this.closed) return;
        if (!trusted) {
          this.#fail(refused("host-key-refused", "The neighbour's host key is not trusted."));
          return;
        }
        this.#stage = "sign-in";
        const method = next(left);
        if (method === null) this.#fail(this.#notLetIn(left));
        else this.#try(() => then(method));
      });
    };
  }

  #signer(key: ConnectionKey): BaseAgent {
    return signer({
      ...key,
      legacyAlgorithms: this.#target.legacyAlgorithms,
      onRefused: (why) => this.#fail(refused("authentication-failed", `There is no signature for the neighbour: ${why}.`)),
    });
  }

  /** What the library throws is the neighbour's doing, or that of keys we were given. */
  #try(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #trusted(): Promise<boolean> {
    if (this.#stage === "sign-in") return true;
    const key = this.#hostKey;
    if (key === null) return false;
    if (this.#target.hostKeys.some((pinned) => key.equals(pinned))) return true;
    return this.#asks.mayTrust(this.#sequence, key);
  }

  /** One hidden question is the password's. Others are for a person, who is not there. */
  #answer(prompts: Prompt[], answer: (answers: string[]) => void): void {
    const [prompt] = prompts;
    if (prompts.length !== 1 || prompt?.echo !== false || this.#asked) {
      this.#fail(refused("authentication-failed", "The neighbour asks for more than a password."));
      return;
    }
    this.#asked = true;
    answer([this.#target.password?.toString() ?? ""]);
  }
  #onKeysExchanged(): void {
    this.#firstBytes = null;
    wipePacketsOf(this.#client);
    if (this.#stage === "key exchange") this.#stage = "trust";
    if (!this.#guard.rekeyed(performance.now())) this.#fail(notSsh);
  }

  #onBanner(text: string): void {
    this.#bannerChars += text.length;
    if (this.#bannerChars > bannerCharsMax) this.#fail(refused("not-ssh", "The neighbour's banner does not end."));
  }

  #onBytes(data: Buffer): void {
    if (this.#firstBytes !== null && this.#firstBytes.length < offerBytesMax)
      this.#firstBytes = Buffer.concat([this.#firstBytes, data.subarray(0, offerBytesMax)]);
    const buffered = (this.#channel?.readableLength ?? 0) + (this.#channel?.stderr.readableLength ?? 0);
    if (!this.#guard.received(data.length, buffered, performance.now())) this.#fail(notSsh);
  }

  #onError(error: Error & ClientErrorExtensions): void {
    if (/no matching (key exchange|host key|[CS]->[CS])/.test(error.message)) {
      const offer = this.#firstBytes === null ? null : readServerOffer(this.#firstBytes);
      this.#fail(refused("no-common-algorithms", noCommonAlgorithms(offered(this.#target.legacyAlgorithms), offer)));
      return;
    }
    // A number: the neighbour took its leave and said which reason it has (RFC 4253 §11.1), after sign-in most often "too many failures".
    const tookLeave = typeof Reflect.get(error, "code") === "number";
    if (this.#stage === "sign-in" && (tookLeave || error.level === "client-authentication")) this.#fail(this.#notLetIn(null));
    else if (tookLeave || error.level === "client-socket") this.#fail(closedEarly);
    else if (error.level === "client-timeout") this.#fail(refused("timeout", "The neighbour no longer answers."));
    else this.#fail(notSsh);
  }

  #notLetIn(left: AuthenticationType[] | null): Outcome {
    const { password, ownKey } = this.#target;
    const tried = [
      ...(this.#key === null ? [] : [ownKey ? "the key of the agent's host" : "the key"]),
      ...(password === null ? [] : ["the password"]),
    ].join(" and ");
    const known = ["publickey", "password", "keyboard-interactive", "gssapi-with-mic", "hostbased"];
    const takes = known.filter((name) => left?.some((one) => String(one) === name));
    const hint = takes.length === 0 ? "" : ` It takes ${takes.join(", ")}.`;
    return refused(
      "authentication-failed",
      `The neighbour does not let ${printable(this.#target.username)} in with ${tried}.${hint}`,
    );
  }

  #onClose(): void {
    if (this.#stage === "closed") return;
    // A word of refusal comes as an error before this: without one it may be the network as well.
    this.#fail(this.#stage === "sign-in" ? closedAtSignIn : closedEarly);
  }

  /** The end of the connection, whatever it was doing. */
  #fail(outcome: Outcome): void {
    if (this.#stage === "closed") return;
    this.#stage = "closed";
    clearTimeout(this.#timer);
    this.#forgetSecrets();
    this.#socket.destroy();
    this.#settle(outcome);
  }

  #forgetSecrets(): void {
    this.#target.password?.fill(0);
  }
}

const notSsh = refused("not-ssh", "What answers there does not speak SSH, or breaks its rules.");
const closedEarly = refused("closed", "The neighbour closed the connection.");
const closedAtSignIn = refused("closed", "The neighbour closed the connection during sign-in, without a word why.");

const printable = (text: string): string => text.replace(/[^\x21-\x7e]/g, "?").slice(0, 64);

/** The library sends input in packets as large as the neighbour says it takes; how large that is, its types do not tell. */
function takesPackets(channel: ClientChannel): boolean {
  const outgoing: unknown = Reflect.get(channel, "outgoing");
  const size: unknown = typeof outgoing === "object" && outgoing !== null ? Reflect.get(outgoing, "packetSize") : null;
  return typeof size === "number" && size >= packetBytesMin;
}
