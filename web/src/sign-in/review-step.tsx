// The last step of signing in where a rule lets somebody else look first: whom it waits for, and what became of it. Nobody is signed in yet, so no hint
// comes: the hub is asked.
"use client";
import { Alert, Group, Loader, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { displayText } from "../ui/display-text.ts";
import { CancelSignIn } from "./code-step.tsx";

/** A person looks at the screen and waits; the hub answers from two rows. */
const askEveryMs = 2_000;

export function ReviewStep() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const review = useQuery(trpc.auth.review.queryOptions(undefined, { refetchInterval: askEveryMs }));
  const goOn = useMutation(
    trpc.auth.afterReview.mutationOptions({
      meta: { showsError: true },
      onSettled: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
    }),
  );
  const state = review.data?.state;
  const { mutate, isIdle } = goOn;
  useEffect(() => {
    if (state === "approved" && isIdle) mutate();
  }, [state, isIdle, mutate]);
  const failure = goOn.error ?? review.error;
  if (failure !== null)
    return (
      <Stack gap="md">
        <Alert color="red" role="alert">
          {errorSentence(failure)}
        </Alert>
        <CancelSignIn />
      </Stack>
    );
  const comment = displayText(review.data?.comment ?? "", 500);
  if (state === "rejected" || state === "lapsed" || state === "withdrawn" || state === "ended")
    return (
      <Stack gap="md">
        <Alert color="red" role="alert">
          {t(state === "rejected" ? "signIn.reviewRejected" : "signIn.reviewOver")}
          {comment !== "" && ` ${comment}`}
        </Alert>
        <CancelSignIn />
      </Stack>
    );
  const deciders = (review.data?.deciders ?? []).slice(0, 5).map((name) => displayText(name, 60));
  return (
    <Stack gap="md">
      <Group gap="sm" wrap="nowrap" role="status">
        <Loader size="sm" aria-hidden />
        <Text size="sm">
          {deciders.length === 0
            ? t("signIn.reviewWaitsForNobody")
            : t("signIn.reviewWaits", { deciders: deciders.join(t("list.comma")) })}
        </Text>
      </Group>
      <Text size="sm" c="dimmed">
        {t("signIn.reviewHint", { rule: displayText(review.data?.rule ?? "", 200) })}
      </Text>
      <CancelSignIn />
    </Stack>
  );
}
