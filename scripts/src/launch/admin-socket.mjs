// The hub's admin socket as seen from its own machine: HTTP over a unix socket in the data folder, no network, no password.
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { LaunchFault } from "./fault.mjs";

const answerBytesMax = 1024 * 1024;
const answerDeadlineMs = 10_000;

/** A socket's path holds 107 bytes; a hub in a deep folder puts it elsewhere and says where. @param {string} dataDir */
export function adminSocketPath(dataDir) {
  const pointer = path.join(dataDir, "hub.sock.path");
  return existsSync(pointer) ? readFileSync(pointer, "utf8").trim() : path.join(dataDir, "hub.sock");
}

/**
 * @param {string} dataDir @param {string} method @param {string} url @param {unknown} [body]
 * @returns {Promise<{ status: number, body: unknown }>}
 * @throws {LaunchFault} when no hub answers
 */
export function askHub(dataDir, method, url, body) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        socketPath: adminSocketPath(dataDir),
        method,
        path: url,
        timeout: answerDeadlineMs,
        headers: text === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
      },
      (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (/** @type {string} */ chunk) => {
          answer += chunk;
          if (answer.length > answerBytesMax) request.destroy(new LaunchFault("The hub's answer is too long to be one of ours."));
        });
        response.on("end", () => {
          try {
            resolve({ status: response.statusCode ?? 0, body: answer === "" ? null : JSON.parse(answer) });
          } catch {
            reject(
              new LaunchFault(`The hub in ${dataDir} answered something that is not JSON. Is it of another version? Restart it.`),
            );
          }
        });
      },
    );
    request.once("timeout", () =>
      request.destroy(
        new LaunchFault(
          `The hub in ${dataDir} did not answer within ${answerDeadlineMs / 1_000} s. Look at its log, or restart it.`,
        ),
      ),
    );
    request.once("error", (error) => reject(error instanceof LaunchFault ? error : notRunning(dataDir, error)));
    request.end(text);
  });
}

/** @param {string} dataDir @param {NodeJS.ErrnoException} error */
function notRunning(dataDir, error) {
  if (error.code === "EACCES")
    return new LaunchFault(`This user may not talk to the hub in ${dataDir}. Run the command as the user who started the hub.`);
  return new LaunchFault(
    `No hub is running in ${dataDir}. Start one with npm start -- --data ${dataDir}, or name the folder of a running one with --data.`,
  );
}
