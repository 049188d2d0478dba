// Everything the pages stand on: theme, language, the hub client and its cache.
"use client";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { I18nextProvider } from "react-i18next";
import { createQueryClient } from "../api/query-client.ts";
import { createHubClient, TRPCProvider } from "../api/trpc.ts";
import i18next from "../i18n/i18n.ts";
import { sayMissingParts } from "../ui/missing-parts.ts";
import { theme } from "../ui/theme.ts";
import { Toasts } from "../ui/toasts.tsx";
import { hasBegun } from "./begun.ts";
import { ConfirmIdentity, confirmFirst } from "./confirm-identity.tsx";

/** The key tRPC gives to `auth.state`: asked for again whenever the hub says that nobody is signed in. */
const authStateKey = [["auth", "state"]];

export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(() => {
    const client = createQueryClient(() => void client.invalidateQueries({ queryKey: authStateKey }), confirmFirst);
    return client;
  });
  const [hubClient] = useState(createHubClient);
  useEffect(hasBegun, []);
  useEffect(sayMissingParts, []);
  return (
    <I18nextProvider i18n={i18next}>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <TRPCProvider trpcClient={hubClient} queryClient={queryClient}>
            {children}
            <ConfirmIdentity />
            <Toasts />
          </TRPCProvider>
        </QueryClientProvider>
      </MantineProvider>
    </I18nextProvider>
  );
}
