// One message from the hub, to the one file that handles it. Nothing else.
import type { DownMessage } from "@sallyport/protocol/wire";
import { onGoaway } from "./handlers/goaway.ts";
import { onHeartbeatEcho } from "./handlers/heartbeat-echo.ts";
import { onOrder } from "./handlers/order.ts";
import { onRunGo } from "./handlers/run-go.ts";
import { onRunLook } from "./handlers/run-look.ts";
import { onRunOffers } from "./handlers/run-offers.ts";
import { onRunResultAck } from "./handlers/run-result-ack.ts";
import { onWelcome } from "./handlers/welcome.ts";
import type { AgentParts } from "./parts.ts";

export function dispatch(parts: AgentParts, message: DownMessage): void {
  switch (message.body) {
    case "welcome":
      return onWelcome(parts, message.value);
    case "heartbeatEcho":
      return onHeartbeatEcho(parts, message.value);
    case "order":
      return onOrder(parts, message.value);
    case "runLook":
      return onRunLook(parts);
    case "runOffers":
      return onRunOffers(parts, message.value);
    case "runGo":
      return onRunGo(parts, message.value);
    case "runResultAck":
      return onRunResultAck(parts, message.value);
    case "goaway":
      return onGoaway(parts, message.value);
  }
}
