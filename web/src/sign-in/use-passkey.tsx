// Signing in with a passkey instead of address and password.
"use client";
import { Alert, Button, Stack } from "@mantine/core";
import { browserSupportsWebAuthn, startAuthentication } from "@simplewebauthn/browser";
import { IconFingerprint } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";

export function UsePasskey() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [supported, setSupported] = useState(false);
  // The page is drawn once without a browser; only this one knows.
  useEffect(() => setSupported(browserSupportsWebAuthn()), []);
  const enter = useMutation(
    trpc.passkeys.signIn.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const begin = useMutation(
    trpc.passkeys.beginSignIn.mutationOptions({
      meta: { showsError: true },
      onSuccess: async (options) => {
        const answer = await startAuthentication({ optionsJSON: options }).catch(() => null); // the person turned it down
        if (answer !== null) enter.mutate({ ...answer, clientExtensionResults: {} });
      },
    }),
  );
  if (!supported) return null;
  const error = begin.error ?? enter.error;
  return (
    <Stack gap="xs">
      {error !== null && (
        <Alert color="red" role="alert">
          {errorSentence(error)}
        </Alert>
      )}
      <Button
        variant="default"
        leftSection={<IconFingerprint size={16} />}
        loading={begin.isPending || enter.isPending}
        onClick={() => begin.mutate()}
      >
        {t("passkeys.use")}
      </Button>
    </Stack>
  );
}
