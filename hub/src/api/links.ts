// Addresses of this hub, as the person asking reaches it.
import type { Context } from "./trpc.ts";

export const baseUrl = ({ hub, host, secure }: Pick<Context, "hub" | "host" | "secure">): string =>
  hub.config.publicUrl ?? `${secure ? "https" : "http"}://${host ?? `localhost:${hub.ports.console}`}`;
