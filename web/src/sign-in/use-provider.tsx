// Signing in where another system knows the person: a button for each, and why the last one did not work.
"use client";
import { Alert, Button, Stack } from "@mantine/core";
import { refusals } from "@sallyport/hub/federation/input";
import { IconBuilding } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearchParams } from "next/navigation";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { oneOf } from "../state/url-state.ts";
import { displayText } from "../ui/display-text.ts";

/** @param again the provider is to ask for the password even if it knows this browser. */
export function UseProvider({ next, again = false }: { next: string; again?: boolean }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const offered = useQuery(trpc.providers.offered.queryOptions());
  const begin = useMutation(
    trpc.providers.begin.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ url }) => location.assign(url),
    }),
  );
  const items = offered.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Stack gap="xs">
      {begin.isError && (
        <Alert color="red" role="alert">
          {errorSentence(begin.error)}
        </Alert>
      )}
      {items.map(({ id, name }) => (
        <Button
          key={id}
          variant="default"
          leftSection={<IconBuilding size={16} />}
          // The page goes elsewhere: until it has, a second press would begin a second sign-in.
          loading={(begin.isPending || begin.isSuccess) && begin.variables.id === id}
          onClick={() => begin.mutate({ id, next, again })}
        >
          {t("signIn.with", { name: displayText(name) })}
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
