// Ends the embedded database of a hub that was killed and could not do it itself.
import { readFileSync } from "node:fs";
import path from "node:path";

/** @param {string} dataDir  does nothing unless the process in the pid file is the server of this very folder */
export function endLeftOverDatabase(dataDir) {
  const cluster = path.join(dataDir, "postgres");
  try {
    const pid = Number(readFileSync(path.join(cluster, "postmaster.pid"), "utf8").split("\n")[0]);
    const serves = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(cluster);
    if (serves && pid > 1) process.kill(pid, "SIGINT"); // fast shutdown (postgres(1))
  } catch {
    // No pid file or no such process: it is gone, which is what we want.
  }
}
