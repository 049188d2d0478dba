// The command line's side of the admin socket.
import http from "node:http";
import type { TestHub } from "./test-hub.ts";

export const askAdminSocket = (hub: TestHub, method: string, path: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const request = http.request({ socketPath: hub.hub.adminSocket, method, path }, async (response) => {
      const parts = await response.toArray();
      resolve(JSON.parse(Buffer.concat(parts).toString()));
    });
    request.once("error", reject).end();
  });
