// Neighbours that mean harm, one kind each, as a process of its own so that its memory is not the agent's:
//     hostile-server.mjs <kind> <private host key file>      prints its port
// What an honest server's library would not send is sent through its inner parts.
import { readFileSync } from "node:fs";
import net from "node:net";
import ssh2 from "ssh2";

const [kind = "", keyFile = ""] = process.argv.slice(2);

/** Writes as fast as the other side reads, for ever. */
function pour(socket, chunk) {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on("drain", more);
  more();
}

const identification = "SSH-2.0-OpenSSH_9.2p1\r\n";
const raw = {
  "endless-greeting": (socket) => pour(socket, Buffer.from(`${"welcome ".repeat(100)}\r\n`.repeat(50))),
  "endless-line": (socket) => pour(socket, Buffer.alloc(64 * 1_024, "w")),
  "says-nothing": () => {},
  "identifies-only": (socket) => socket.write(identification),
  "huge-length": (socket) => {
    socket.write(identification);
    pour(socket, Buffer.alloc(64 * 1_024, 0xff));
  },
  "zero-length": (socket) => {
    socket.write(identification);
    pour(socket, Buffer.alloc(64 * 1_024));
  },
  "other-protocol": (socket) => socket.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
};

/** Calls `send` as long as the agent is there, giving the event loop a turn after each batch. */
function flood(client, send, batch = 200) {
  const more = () => {
    if (client._sock.destroyed) return;
    for (let n = 0; n < batch && client._sock.writableLength < 1_048_576; n++) send();
    setImmediate(more);
  };
  more();
}

/** After a shell was given. */
const afterShell = {
  "rekey-loop": (client) => {
    client.on("rekey", () => client.rekey());
    client.rekey();
  },
  "beyond-window": (client, channel) =>
    flood(client, () => client._protocol.channelData(channel.outgoing.id, Buffer.alloc(32_000, "x"))),
  "beyond-window-stderr": (client, channel) =>
    flood(client, () => client._protocol.channelExtData(channel.outgoing.id, Buffer.alloc(32_000, "x"), 1)),
  "single-bytes": (client, channel) =>
    flood(client, () => client._protocol.channelData(channel.outgoing.id, Buffer.alloc(1, "x")), 2_000),
  "requests-to-answer": (client) => flood(client, () => client._protocol.ping(), 2_000),
  "keys-to-prove": (client) => flood(client, () => client._protocol._packetRW && hostKeys(client), 500),
  "vanishing-window": (client, channel) =>
    flood(client, () => client._protocol.channelWindowAdjust(channel.outgoing.id, 0xffff_ffff), 2_000),
};

/** A global request to which the library answers with a question of its own, and remembers it. */
function hostKeys(client) {
  const protocol = client._protocol;
  const name = "hostkeys-00@openssh.com";
  const start = protocol._packetRW.write.allocStart;
  const packet = protocol._packetRW.write.alloc(1 + 4 + name.length + 1);
  packet[start] = 80;
  packet.writeUInt32BE(name.length, start + 1);
  packet.write(name, start + 5);
  packet[start + 5 + name.length] = 0;
  protocol._cipher.encrypt(protocol._packetRW.write.finalize(packet));
}

const legacy = {
  kex: ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
  cipher: ["aes128-cbc", "3des-cbc"],
  hmac: ["hmac-sha1"],
  serverHostKey: ["ssh-rsa"],
};

function speakSsh(socket) {
  const server = new ssh2.Server(
    { hostKeys: [readFileSync(keyFile)], ident: "OpenSSH_9.2p1", ...(kind === "legacy" && { algorithms: legacy }) },
    (client) => {
      client.on("error", () => {});
      client.on("authentication", (context) => {
        if (kind === "silent-after-keys") return;
        if (kind === "endless-questions") flood(client, () => client._protocol.authInfoReq("", "", []), 100);
        else if (kind === "one-more-question" && context.method === "keyboard-interactive")
          context.prompt([{ prompt: "Password: ", echo: false }], () =>
            context.prompt([{ prompt: "Code: ", echo: false }], () => context.reject()),
          );
        else if (kind === "one-more-question") context.reject(["keyboard-interactive"]);
        else context.accept();
      });
      client.on("session", (accept) => {
        const session = accept();
        session.on("pty", (yes) => yes?.());
        const begin = (yes) => {
          const channel = yes();
          channel.on("error", () => {});
          channel.write("ready\n");
          afterShell[kind]?.(client, channel);
          if (kind === "legacy") {
            channel.exit(0);
            channel.end();
          }
        };
        session.on("shell", begin);
        session.on("exec", begin);
      });
      if (kind === "says-yes-at-once") {
        const { _protocol: protocol } = client;
        const accept = protocol.serviceAccept.bind(protocol);
        protocol.serviceAccept = (name) => {
          protocol._authsQueue.push("none");
          accept(name);
          protocol.authSuccess();
        };
      }
      if (kind === "no-packets") {
        const { _protocol: protocol } = client;
        const confirm = protocol.channelOpenConfirm.bind(protocol);
        protocol.channelOpenConfirm = (remote, local, window) => confirm(remote, local, window, 0);
      }
    },
  );
  server.injectSocket(socket);
}

const listener = net.createServer((socket) => {
  socket.on("error", () => {});
  socket.setNoDelay(true);
  (raw[kind] ?? speakSsh)(socket);
});
listener.listen(0, "127.0.0.1", () => process.stdout.write(`${listener.address().port}\n`));
process.on("uncaughtException", () => {}); // what the agent cuts off is no reason to stop being hostile
