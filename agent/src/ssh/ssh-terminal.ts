// A shell on a neighbour, as a terminal. How it echoes cannot be seen from here.
import type { ClientChannel } from "ssh2";
import type { Terminal, TerminalOwner } from "../session/terminal.ts";
import { onChannelEnd } from "./channel-end.ts";
import type { SshConnection } from "./connection.ts";
import { SuPrompt } from "./su-prompt.ts";

/** su asks at once, or does not ask; a busy host or a directory service that is slow to know the account takes some seconds. */
const suPromptMs = 10_000;
/** A shell without a prompt says nothing after su's answer, which takes two seconds where it is no. */
const suSilenceMs = 3_000;

export class SshTerminal implements Terminal {
  readonly slave = null;
  readonly #connection: SshConnection;
  readonly #channel: ClientChannel;
  readonly #owner: TerminalOwner;
  readonly #su: SuPrompt | null;
  #suTimer: NodeJS.Timeout | null = null;
  /** Typed before su had its answer; at most the window of the stream. */
  #held: Buffer[] = [];
  #pending = 0;
  #ended = false;

  /** @param suPassword what to answer su with; wiped once it has been. Null: no su. */
  constructor(
    { connection, channel, suPassword }: { connection: SshConnection; channel: ClientChannel; suPassword: Buffer | null },
    owner: TerminalOwner,
  ) {
    this.#connection = connection;
    this.#channel = channel;
    this.#owner = owner;
    this.#su = suPassword === null ? null : new SuPrompt();
    if (suPassword !== null) this.#suTimer = setTimeout(() => this.#suTooLate(suPassword), suPromptMs);
    for (const output of [channel, channel.stderr])
      output.on("data", (bytes: Buffer) => {
        connection.delivered(bytes.length);
        if (suPassword !== null && this.#su !== null) this.#watchSu(suPassword, this.#su, bytes);
        if (owner.onOutput(bytes)) return;
        channel.pause();
        channel.stderr.pause();
      });
    onChannelEnd(connection, channel, (closing) => {
      this.#ended = true;
      if (this.#suTimer !== null) clearTimeout(this.#suTimer);
      suPassword?.fill(0);
      owner.onEnd(this.#su?.closingOf(closing) ?? closing);
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#ended || !this.#channel.writable) {
      this.#pending = 0;
      this.#owner.onInputTaken(0);
      return;
    }
    this.#pending += bytes.length;
    const copy = Buffer.from(bytes); // the caller's bytes are only valid now
    if (this.#su?.holdsInput) this.#held.push(copy);
    else this.#send(copy);
  }

  resize(columns: number, rows: number): void {
    if (!this.#ended) this.#channel.setWindow(rows, columns, 0, 0);
  }

  resume(): void {
    this.#channel.resume();
    this.#channel.stderr.resume();
  }

  /** The neighbour hangs its pty up with the channel; who does not listen there has at least lost its terminal. */
  hangUp(): void {
    if (this.#ended) return;
    this.#channel.close();
    this.#connection.end();
  }

  #send(bytes: Buffer): void {
    this.#channel.write(bytes, () => {
      this.#pending -= bytes.length;
      this.#owner.onInputTaken(this.#pending);
    });
  }

  #watchSu(password: Buffer, su: SuPrompt, output: Buffer): void {
    if (su.onOutput(output)) {
      if (this.#suTimer !== null) clearTimeout(this.#suTimer);
      this.#suTimer = setTimeout(() => this.#suTooLate(password), suSilenceMs);
      const line = Buffer.concat([password, Buffer.from("\n")]);
      password.fill(0);
      this.#channel.write(line, () => line.fill(0));
    } else if (!su.holdsInput) this.#release();
  }

  #suTooLate(password: Buffer): void {
    password.fill(0);
    this.#su?.tooLate();
    this.#release();
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#send(bytes);
  }
}
