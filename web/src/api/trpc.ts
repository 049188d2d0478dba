// The typed handle on the hub: react-query options for each procedure, and the client beneath them.

import type { AppRouter } from "@sallyport/hub/api/router";
import { createTRPCClient, httpBatchStreamLink, httpLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";

const url = "/trpc";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

export function createHubClient() {
  return createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url }),
        false: splitLink({
          condition: ({ type }) => type === "mutation",
          // Signing in sets a cookie, which a streamed answer could not: its headers leave before the procedure has run.
          true: httpLink({ url }),
          false: httpBatchStreamLink({ url, maxItems: 20 }),
        }),
      }),
    ],
  });
}
