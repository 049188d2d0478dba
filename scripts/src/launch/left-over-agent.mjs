// Ends the agent of an earlier start whose launcher was killed: it holds the state folder and dials ports that are no more.
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const endDeadlineMs = 5_000;
const pollMs = 20;

/** @param {string} stateDir  its agent.pid says `pid start boot`, so that a pid used again is never mistaken */
export async function endLeftOverAgent(stateDir) {
  const pid = holderOf(stateDir);
  if (pid === null) return;
  process.kill(pid, "SIGTERM");
  for (const deadline = performance.now() + endDeadlineMs; performance.now() < deadline; await wait(pollMs)) {
    if (holderOf(stateDir) !== pid) return;
  }
  process.kill(pid, "SIGKILL");
}

/** @param {string} stateDir @returns {number | null} the process that runs on this folder now */
function holderOf(stateDir) {
  try {
    const [pid = "", start, boot] = readFileSync(path.join(stateDir, "agent.pid"), "utf8").trim().split(" ");
    if (!/^\d+$/.test(pid) || boot !== readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) return null;
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): the name may contain anything, so fields are counted from its closing bracket; the start time is field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[19] === start && fields[0] !== "Z" ? Number(pid) : null;
  } catch {
    return null; // no file, or no such process
  }
}
