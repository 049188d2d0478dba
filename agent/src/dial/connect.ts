// Connects to what an order names: the name is looked up once and its address, judged, is what is connected to. Nothing is asked twice.
import { lookup as systemLookup } from "node:dns/promises";
import net from "node:net";
import os from "node:os";
import { dialTimeoutMsMax } from "@sallyport/protocol/limits";
import { codeOf } from "../state/files.ts";
import { type DialRefusal, readHost, refusalText, whyRefused } from "./dial-target.ts";

export type Dialled = { ok: true; socket: net.Socket } | { ok: false; code: string; message: string };
export type Lookup = (name: string) => Promise<readonly string[]>;

/** Of a name with many addresses these are tried, one after the other. */
const addressesMax = 4;

const lookupOnHost: Lookup = async (name) => (await systemLookup(name, { all: true })).map(({ address }) => address);

/**
 * The connection of an order, paused and with its sending half open when the other ends.
 *
 * @param onread how the socket is read; without it as a stream.
 */
export async function connect(
  target: { host: string; port: number; allowed: readonly string[]; timeoutMs: number },
  { hub, onread, lookup = lookupOnHost }: { hub: readonly string[]; onread?: net.OnReadOpts; lookup?: Lookup },
): Promise<Dialled> {
  const host = readHost(target.host);
  if (host === null) return refusedAs("bad-address");
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535)
    return { ok: false, code: "bad-address", message: "The port is not one of 1 to 65535." };
  const deadline = performance.now() + Math.min(dialTimeoutMsMax, target.timeoutMs || dialTimeoutMsMax);
  const found = host.kind === "address" ? [host.host] : await inTime(lookup(host.host), deadline);
  if (found === null)
    return { ok: false, code: "name-not-found", message: `The agent's host does not find the name ${host.host}.` };
  const here = { own: ownAddresses(), hub, allowed: target.allowed };
  const judged = found.map((address) => ({ address, refusal: whyRefused(address, here) }));
  const open = judged.filter(({ refusal }) => refusal === null).slice(0, addressesMax);
  const [first] = judged;
  if (open.length === 0) return refusedAs(first?.refusal ?? "bad-address");
  let last: Dialled = timedOut;
  for (const { address } of open) {
    if (performance.now() >= deadline) return last;
    last = await connectOnce(address, target.port, deadline, onread ?? null);
    if (last.ok) return last;
  }
  return last;
}

const refusedAs = (refusal: DialRefusal): Dialled => ({ ok: false, code: refusal, message: refusalText(refusal) });

const timedOut: Dialled = { ok: false, code: "timed-out", message: "Nothing answered there in time." };

const failures: Record<string, { code: string; message: string }> = {
  ECONNREFUSED: { code: "refused", message: "Nothing listens on that port." },
  EHOSTUNREACH: { code: "unreachable", message: "The agent's network has no way there." },
  ENETUNREACH: { code: "unreachable", message: "The agent's network has no way there." },
  ETIMEDOUT: { code: "timed-out", message: "Nothing answered there in time." },
};

function connectOnce(address: string, port: number, deadline: number, onread: net.OnReadOpts | null): Promise<Dialled> {
  return new Promise((resolve) => {
    // Half-open: one side may be done while the other still sends. Paused: nobody takes its bytes yet.
    const socket = new net.Socket({ allowHalfOpen: true, ...(onread !== null && { onread }) });
    const fail = (failure: Dialled): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => fail(timedOut), Math.max(1, deadline - performance.now()));
    const onError = (error: Error): void => {
      const known = failures[codeOf(error)];
      fail({ ok: false, code: known?.code ?? "failed", message: known?.message ?? `The connection failed: ${codeOf(error)}.` });
    };
    socket.once("error", onError);
    socket.connect({ host: address, port, autoSelectFamily: false });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", onError);
      socket.setNoDelay(true);
      socket.pause();
      resolve({ ok: true, socket });
    });
  });
}

async function inTime(lookup: Promise<readonly string[]>, deadline: number): Promise<readonly string[] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(1, deadline - performance.now()));
  });
  try {
    return await Promise.race([lookup.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

const ownAddresses = (): string[] =>
  Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
