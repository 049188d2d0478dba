// Holds back the key that runs a line until a rule has been asked about the line. Everything else that is typed passes at once, so that a terminal under
// rules feels like any other until Enter. It is a guard rail, not a wall: see docs/decisions/0025.
//
//   free ──Enter──► looking ──pass──────────────────────────► free
//                     ├─ warn ───► warned ──Enter──► free        any other key: free, and looked at again at the next Enter
//                     ├─ review ─► waiting ─approved─► free      Ctrl-C: given up; other keys go nowhere
//                     │               └─rejected, lapsed─► refused
//                     └─ refuse ─────────────────────────► refused ──any key──► free
//
// Whatever was typed ahead of an answer other than "pass" is dropped: it was typed for what would have come after.
import type { LineScreen } from "./line-screen.ts";
import { TypedText } from "./typed-text.ts";

/** shown: as the screen has it; empty in a full-screen program. typed: the keys, where they are all there is to know; null: see typed-text.ts. */
export type TypedLine = { shown: string; typed: string | null };

export type HeldBack = "refused" | "rejected" | "lapsed" | "withdrawn" | "changed" | "too-long" | "unavailable";

export type Verdict =
  | { kind: "pass" }
  /** confirmed: puts it on record; false when that failed, and it does not run. Never throws. */
  | { kind: "warn"; rule: string; line: string; says: string; confirmed(): Promise<boolean> }
  | { kind: "refuse"; rule: string; line: string; says: string; why: "refused" | "too-long" | "unavailable" }
  | {
      kind: "review";
      rule: string;
      line: string;
      says: string;
      ticketId: string;
      deciders: string[];
      outcome: Promise<"approved" | Exclude<HeldBack, "refused" | "changed" | "too-long" | "unavailable">>;
      giveUp(): void;
    };

/** What the windows of the session are told; says: the rule's own words. */
export type LineState =
  | { state: "free" }
  | { state: "warned"; rule: string; line: string; says: string }
  | { state: "waiting"; rule: string; line: string; says: string; ticketId: string; deciders: string[] }
  | { state: "refused"; rule: string; line: string; says: string; why: HeldBack };

export type LineGateOptions = {
  screen: LineScreen;
  /** Never throws. */
  judge(line: TypedLine): Promise<Verdict>;
  /** To the shell. */
  forward(bytes: Uint8Array): void;
  /** How much of what was typed waits here has changed. */
  onWaiting(): void;
  onState(state: LineState): void;
  /** From the hub to the agent and back, now. */
  roundTripMs(): number;
  /** It was put there while a line may already have been standing. */
  late: boolean;
};

/** Carriage return, line feed, and readline's operate-and-get-next: each runs the line. */
const runs = new Set([0x0d, 0x0a, 0x0f]);
const interrupt = 0x03;

/** An echo comes in one go; after this much silence it is over. */
const quietMs = 25;
/** No echo came: a secret is asked for, or the line is drawn only when it is whole. */
const noEchoMs = 120;
/** Something goes on printing. The line is looked at as it stands then. */
const settleMs = 1_000;

const pasteBegins = Buffer.from("\u001b[200~");
const pasteEnds = Buffer.from("\u001b[201~");

export class LineGate {
  readonly #options: LineGateOptions;
  readonly #typed = new TypedText();
  #queue: Buffer = Buffer.alloc(0);
  #state: LineState = { state: "free" };
  #verdict: Verdict | null = null;
  /** Inside of a paste that the shell takes in as a whole. */
  #pasting = false;
  /** Something of this line has been typed, and where it began is marked. */
  #begun = false;
  /** Lines were pasted into it, so it stands below itself. */
  #spans = false;
  #interrupted = false;
  #busy = false;
  #over = false;
  #forwardedAt = 0;
  #printedAt = 0;

  constructor(options: LineGateOptions) {
    this.#options = options;
    this.#begun = options.late;
  }

  /** Typed, and not yet on its way to the shell. */
  get waiting(): number {
    return this.#queue.length;
  }

  get state(): LineState {
    return this.#state;
  }

  take(bytes: Uint8Array): void {
    if (this.#state.state === "waiting") {
      this.#takeWhileWaiting(bytes);
      return;
    }
    this.#queue = Buffer.concat([this.#queue, bytes]);
    void this.#pump();
  }

  onPrinted(data: Uint8Array): void {
    this.#printedAt = performance.now();
    this.#options.screen.print(data);
  }

  onResize(columns: number, rows: number): void {
    this.#options.screen.resize(columns, rows);
  }

  end(): void {
    this.#over = true;
    if (this.#verdict?.kind === "review") this.#verdict.giveUp();
    this.#options.screen.end();
  }

  /** No rule looks at this terminal any more: what waits goes on its way. */
  release(): void {
    const waiting = this.#queue;
    this.end();
    this.#queue = Buffer.alloc(0);
    if (waiting.length > 0) this.#options.forward(waiting);
    this.#tell({ state: "free" });
  }

  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#queue.length > 0 && !this.#over && this.#state.state !== "waiting") await this.#step();
    } finally {
      this.#busy = false;
      this.#options.onWaiting();
    }
  }

  async #step(): Promise<void> {
    const [first = 0] = this.#queue;
    if (this.#verdict?.kind === "warn" && runs.has(first)) {
      await this.#confirm(this.#verdict);
      return;
    }
    if (this.#state.state !== "free") this.#free();
    const at = this.#queue.findIndex((byte) => runs.has(byte));
    const before = this.#queue.subarray(0, at < 0 ? this.#queue.length : at);
    if (before.length > 0) {
      this.#pass(before);
      return;
    }
    await this.#look();
  }

  async #confirm(verdict: Verdict & { kind: "warn" }): Promise<void> {
    const isOnRecord = await verdict.confirmed();
    if (this.#over) return;
    if (isOnRecord) {
      this.#run();
      return;
    }
    this.#drop();
    this.#refuse(verdict, "unavailable");
  }

  /** Bytes that run nothing. */
  #pass(bytes: Buffer): void {
    const begun = bytes.lastIndexOf(pasteBegins);
    const ended = bytes.lastIndexOf(pasteEnds);
    if (begun !== ended) this.#pasting = begun > ended && this.#options.screen.marksPastes;
    if (!this.#begun) this.#options.screen.begin();
    else if (this.#interrupted) this.#options.screen.beginBelow();
    this.#begun = true;
    this.#interrupted = bytes.includes(interrupt);
    this.#typed.add(bytes);
    this.#forwardFirst(bytes.length);
  }

  async #look(): Promise<void> {
    if (!this.#begun) {
      this.#run(); // an empty line
      return;
    }
    const { screen, judge } = this.#options;
    let line: TypedLine;
    if (this.#pasting) {
      // The shell takes it in as a whole and runs it at the Enter that follows; each line of it is looked at by its letters meanwhile.
      line = { shown: "", typed: this.#typed.text };
    } else {
      await this.#settled();
      const { text, fullScreen } = screen.line(this.#spans);
      line = { shown: fullScreen ? "" : text, typed: this.#typed.text };
    }
    const verdict = await judge(line);
    if (this.#over) {
      if (verdict.kind === "review") verdict.giveUp();
      return;
    }
    if (verdict.kind === "pass") {
      this.#run();
      return;
    }
    this.#verdict = verdict;
    this.#drop();
    switch (verdict.kind) {
      case "warn":
        this.#tell({ state: "warned", rule: verdict.rule, line: verdict.line, says: verdict.says });
        return;
      case "refuse":
        this.#refuse(verdict, verdict.why);
        return;
      case "review": {
        const { rule, line: told, says, ticketId, deciders } = verdict;
        this.#tell({ state: "waiting", rule, line: told, says, ticketId, deciders });
        void verdict.outcome.then((outcome) => this.#decided(verdict, line, outcome));
        return;
      }
    }
  }

  async #decided(verdict: Verdict & { kind: "review" }, line: TypedLine, outcome: "approved" | HeldBack): Promise<void> {
    if (this.#over || this.#verdict !== verdict || this.#state.state !== "waiting") return;
    if (outcome !== "approved") {
      this.#refuse(verdict, outcome);
      return;
    }
    // What was approved is what stood there; what stands there now may have been drawn by something else meanwhile.
    await this.#options.screen.drawn();
    const { text, fullScreen } = this.#options.screen.line(this.#spans);
    if (!fullScreen && line.shown !== "" && text !== line.shown) this.#refuse(verdict, "changed");
    else this.#run(Buffer.from([0x0d]));
  }

  #takeWhileWaiting(bytes: Uint8Array): void {
    this.#options.onWaiting(); // taken, and gone nowhere
    if (!bytes.includes(interrupt)) return;
    const verdict = this.#verdict;
    if (verdict?.kind === "review") verdict.giveUp();
    this.#free();
    this.#typed.clear();
    this.#interrupted = true;
    this.#forward(Buffer.from([interrupt]));
  }

  /** The line runs; a new one begins. */
  #run(key?: Buffer): void {
    if (this.#state.state !== "free") this.#free();
    this.#typed.clear();
    this.#begun = this.#pasting;
    this.#spans = this.#pasting;
    if (key === undefined) this.#forwardFirst(1);
    else this.#forward(key);
  }

  #refuse({ rule, line, says }: Exclude<Verdict, { kind: "pass" }>, why: HeldBack): void {
    this.#verdict = null;
    this.#tell({ state: "refused", rule, line, says, why });
  }

  #free(): void {
    this.#verdict = null;
    this.#tell({ state: "free" });
  }

  #drop(): void {
    this.#queue = Buffer.alloc(0);
    this.#options.onWaiting();
  }

  #forwardFirst(count: number): void {
    const bytes = this.#queue.subarray(0, count);
    this.#queue = this.#queue.subarray(count);
    this.#forward(bytes);
  }

  #forward(bytes: Buffer): void {
    this.#forwardedAt = performance.now();
    this.#options.forward(bytes);
  }

  #tell(state: LineState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  /** What was typed has come back from the shell, as far as it does. */
  async #settled(): Promise<void> {
    const until = performance.now() + settleMs;
    for (;;) {
      const now = performance.now();
      const echoed = this.#printedAt > this.#forwardedAt;
      const at = echoed ? this.#printedAt + quietMs : this.#forwardedAt + this.#options.roundTripMs() + noEchoMs;
      if (now >= at || now >= until || this.#over) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(at, until) - now));
    }
    await this.#options.screen.drawn();
  }
}
