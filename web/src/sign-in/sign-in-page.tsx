// Signing in, with the truth about attempts and lock-out.
"use client";
import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { signIn } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { sentenceOf } from "../api/error-text.ts";
import { type HubError, hubErrorOf } from "../api/hub-error.ts";
import { useTRPC } from "../api/trpc.ts";
import { useStore } from "../state/store.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { useLocale } from "../ui/use-locale.ts";
import { useNow } from "../ui/use-now.ts";
import { afterSignIn } from "./after-sign-in.ts";
import { Card } from "./card.tsx";
import { CancelSignIn, CodeStep } from "./code-step.tsx";
import { DirectoryStep } from "./directory-step.tsx";
import { ForgotPassword } from "./forgot-password.tsx";
import { PasswordStep } from "./password-step.tsx";
import { ReviewStep } from "./review-step.tsx";
import { useSignInOrganisation } from "./sign-in-organisation.ts";
import { RecoveryCodes, TotpSetUp } from "./totp-set-up.tsx";
import { unkeptCodes } from "./unkept-codes.ts";
import { UsePasskey } from "./use-passkey.tsx";
import { type Offer, ProviderRefusal, UseProvider } from "./use-provider.tsx";

export function SignInPage() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [lockedUntil, setLockedUntil] = useState(0);
  const enter = useMutation(
    trpc.auth.signIn.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() }),
      onError: (error) => {
        const { code, facts } = hubErrorOf(error);
        if (code === "locked-out") setLockedUntil(Date.now() + Number(facts.retryAfterSeconds ?? 60) * 1000);
      },
    }),
  );
  const form = useForm(signIn, { email: "", password: "" }, (parsed) => enter.mutate(parsed));
  const locked = useNow(1000) < lockedUntil;
  const [forgot, setForgot] = useState(false);
  const [directory, setDirectory] = useState<Offer | null>(null);
  const { data: state } = useQuery(trpc.auth.state.queryOptions());
  const organisation = useSignInOrganisation();
  const offered = useQuery(trpc.providers.offered.queryOptions({ org: organisation.slug }));
  const mails = state?.hub.mails === true;
  const pending = state?.pending;
  const codes = useStore(unkeptCodes);
  if (codes !== null)
    return (
      <Card title={t("secondFactor.recoveryCodes")}>
        <RecoveryCodes
          codes={codes}
          onDone={() => {
            unkeptCodes.set(null);
            void queries.invalidateQueries({ queryKey: trpc.auth.state.queryKey() });
          }}
        />
      </Card>
    );
  if (pending === "enrol")
    return (
      <Card title={t("secondFactor.setUp")}>
        <Stack gap="md">
          <Text size="sm">{t("secondFactor.mustSetUp")}</Text>
          <TotpSetUp onCodes={(made) => unkeptCodes.set(made)} />
          <CancelSignIn />
        </Stack>
      </Card>
    );
  if (pending === "passkey")
    return (
      <Card title={t("secondFactor.title")}>
        <Stack gap="md">
          <Text size="sm">{t("secondFactor.showPasskey")}</Text>
          <UsePasskey />
          <CancelSignIn />
        </Stack>
      </Card>
    );
  if (pending === "password")
    return (
      <Card title={t("settings.next")}>
        <PasswordStep />
      </Card>
    );
  if (pending === "review")
    return (
      <Card title={t("signIn.reviewTitle")}>
        <ReviewStep />
      </Card>
    );
  if (pending === "code")
    return (
      <Card title={t("secondFactor.code")}>
        <CodeStep />
      </Card>
    );
  if (forgot)
    return (
      <Card title={t("signIn.forgotTitle")}>
        <ForgotPassword onBack={() => setForgot(false)} />
      </Card>
    );
  if (directory !== null)
    return (
      <Card title={t("signIn.with", { name: displayText(directory.name) })}>
        <DirectoryStep directory={directory} onBack={() => setDirectory(null)} />
      </Card>
    );
  return (
    <Card title={t("signIn.title")}>
      <form onSubmit={form.submit} noValidate>
        <Stack gap="md">
          {enter.isIdle && <ProviderRefusal />}
          {locked ? <LockedOut until={lockedUntil} /> : enter.isError && <Refusal error={hubErrorOf(enter.error)} />}
          <TextInput
            label={t("field.email")}
            type="email"
            autoComplete="username"
            value={form.values.email}
            error={form.error("email")}
            onChange={(event) => form.set("email", event.currentTarget.value)}
            autoFocus
          />
          <PasswordInput
            label={t("field.password")}
            autoComplete="current-password"
            value={form.values.password}
            error={form.error("password")}
            onChange={(event) => form.set("password", event.currentTarget.value)}
            visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
          />
          <Button type="submit" loading={enter.isPending} disabled={locked}>
            {t("signIn.submit")}
          </Button>
          <UsePasskey />
          <UseProvider offers={offered.data?.items ?? []} next={afterSignIn()} onDirectory={setDirectory} />
          {organisation.remembered && offered.data?.own === false && (
            <Anchor component="button" type="button" size="xs" onClick={organisation.forget}>
              {t("signIn.otherOrganisation")}
            </Anchor>
          )}
          {mails ? (
            <Anchor component="button" type="button" size="xs" onClick={() => setForgot(true)}>
              {t("signIn.forgotTitle")}
            </Anchor>
          ) : (
            <Text size="xs" c="dimmed">
              {t("signIn.forgot")}
            </Text>
          )}
        </Stack>
      </form>
    </Card>
  );
}

function LockedOut({ until }: { until: number }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const left = Math.max(0, until - useNow(1000));
  return (
    <Alert color="red" role="alert">
      {t("signIn.locked", { time: duration(Math.ceil(left / 1000) * 1000) })}
    </Alert>
  );
}

function Refusal({ error }: { error: HubError }) {
  const { t } = useTranslation();
  const left = Number(error.facts.attemptsLeft ?? Number.NaN);
  if (error.code === "locked-out") return null;
  return (
    <Alert color="red" role="alert">
      {sentenceOf(error)}
      {/* The first slips are everybody's; only the last ones are worth a warning. */}
      {left <= 3 && ` ${t("signIn.attemptsLeft", { count: left })}`}
    </Alert>
  );
}
