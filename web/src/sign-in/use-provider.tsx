// Signing in where another system knows the person: a button for each, and why the last one did not work.
"use client";
import { Alert, Button, Stack } from "@mantine/core";
import { refusals } from "@sallyport/hub/federation/input";
import { IconBuilding } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";

export type Offer = Outputs["providers"]["offered"]["items"][number];

interface UseProviderProps {
  offers: readonly Offer[];
  next: string;
  /** The provider is to ask for the password even if it knows this browser. */
  again?: boolean;
  /** A directory asks for name and password on a page of this console. */
  onDirectory?: (directory: Offer) => void;
}

export function UseProvider({ offers, next, again = false, onDirectory }: UseProviderProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const begin = useMutation(
    trpc.providers.begin.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ url }) => location.assign(url),
    }),
  );
  const items = offers.filter(({ kind }) => kind === "oidc" || onDirectory !== undefined);
  if (items.length === 0) return null;
  return (
    <Stack gap="xs">
      {begin.isError && (
        <Alert color="red" role="alert">
          {errorSentence(begin.error)}
        </Alert>
      )}
      {items.map((offer) => (
        <Button
          key={offer.id}
          variant="default"
          leftSection={<IconBuilding size={16} />}
          // The page goes elsewhere: until it has, a second press would begin a second sign-in.
          loading={(begin.isPending || begin.isSuccess) && begin.variables.id === offer.id}
          onClick={() => (offer.kind === "ldap" ? onDirectory?.(offer) : begin.mutate({ id: offer.id, next, again }))}
        >
          {t("signIn.with", { name: displayText(offer.name) })}
        </Button>
      ))}
    </Stack>
  );
}

/** Where a provider sent somebody back without being let in. */
export function ProviderRefusal() {
  const { t } = useTranslation();
  const reason = oneOf(useSearchParams().get("refused"), refusals);
  if (reason === undefined) return null;
  return (
    <Alert color="red" role="alert">
      {t(`providerRefusal.${reason}`)}
    </Alert>
  );
}
