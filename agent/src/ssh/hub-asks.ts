// What the agent asks the hub while it connects to a neighbour, and the answers. A question without an answer in time is answered with no.
import { sshAnswerMs } from "@sallyport/protocol/limits";
import type { UpBody } from "../link/connection.ts";
import type { Signed } from "./signer.ts";

export class HubAsks {
  readonly #send: (body: UpBody) => boolean;
  readonly #verdicts = new Map<number, (trusted: boolean) => void>();
  readonly #signatures = new Map<number, (signed: Signed) => void>();

  constructor(send: (body: UpBody) => boolean) {
    this.#send = send;
  }

  /** May the connection of the order `sequence` trust `key` (SSH wire format)? */
  mayTrust(sequence: number, key: Uint8Array): Promise<boolean> {
    return this.#ask({ hostKey: { sequence, key } }, sequence, this.#verdicts, false);
  }

  /** The hub's signature over `data` for the connection of the order `sequence`, without the algorithm's name. */
  sign(sequence: number, data: Uint8Array, algorithm: string): Promise<Signed> {
    const late: Signed = { ok: false, why: "the hub did not answer in time" };
    return this.#ask({ signRequest: { sequence, data, algorithm } }, sequence, this.#signatures, late);
  }

  /** An answer nobody waits for any more changes nothing. */
  onVerdict(sequence: number, trusted: boolean): void {
    this.#verdicts.get(sequence)?.(trusted);
  }

  onSigned(sequence: number, signed: Signed): void {
    this.#signatures.get(sequence)?.(signed);
  }

  #ask<Answer>(
    question: UpBody,
    sequence: number,
    waiting: Map<number, (answer: Answer) => void>,
    otherwise: Answer,
  ): Promise<Answer> {
    return new Promise((resolve) => {
      const settle = (answer: Answer): void => {
        clearTimeout(timer);
        waiting.delete(sequence);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(otherwise), sshAnswerMs);
      waiting.set(sequence, settle);
      if (!this.#send(question)) settle(otherwise); // no link: the hub that asked for the connection is gone
    });
  }
}
