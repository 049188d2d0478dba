// One message from the hub, to the one file that handles it. Nothing else.
import type { DownMessage } from "@sallyport/protocol/wire";
import { onFileLacks } from "./handlers/file-lacks.ts";
import { onGoaway } from "./handlers/goaway.ts";
import { onHeartbeatEcho } from "./handlers/heartbeat-echo.ts";
import { onHostKeyVerdict } from "./handlers/host-key-verdict.ts";
import { onOrder } from "./handlers/order.ts";
import { onRunGo } from "./handlers/run-go.ts";
import { onRunLacks } from "./handlers/run-lacks.ts";
import { onRunLook } from "./handlers/run-look.ts";
import { onRunOffers } from "./handlers/run-offers.ts";
import { onRunResultAck } from "./handlers/run-result-ack.ts";
import { onSignAnswer } from "./handlers/sign-answer.ts";
import { onWatchEcho } from "./handlers/watch-echo.ts";
import { onWelcome } from "./handlers/welcome.ts";
import type { AgentParts } from "./parts.ts";

export function dispatch(parts: AgentParts, message: DownMessage): void {
  switch (message.body) {
    case "welcome":
      onWelcome(parts, message.value);
      return;
    case "heartbeatEcho":
      onHeartbeatEcho(parts, message.value);
      return;
    case "order":
      onOrder(parts, message.value);
      return;
    case "runLook":
      onRunLook(parts);
      return;
    case "runOffers":
      onRunOffers(parts, message.value);
      return;
    case "runGo":
      onRunGo(parts, message.value);
      return;
    case "runResultAck":
      onRunResultAck(parts, message.value);
      return;
    case "runLacks":
      onRunLacks(parts, message.value);
      return;
    case "fileLacks":
      onFileLacks(parts, message.value);
      return;
    case "goaway":
      onGoaway(parts, message.value);
      return;
    case "watchEcho":
      onWatchEcho(parts, message.value);
      return;
    case "hostKeyVerdict":
      onHostKeyVerdict(parts, message.value);
      return;
    case "signAnswer":
      onSignAnswer(parts, message.value);
      return;
  }
}
