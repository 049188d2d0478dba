// Setting up an authenticator app: scan, show a code, keep the recovery codes. The same at sign-in and in the settings.
"use client";
import { Alert, Button, Group, List, Loader, Stack, Text, TextInput } from "@mantine/core";
import { code as codeInput } from "@sallyport/hub/identity/input";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { encode } from "uqr";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useForm } from "../state/use-form.ts";
import { CopyButton } from "../ui/copy.tsx";

/** Hands over the recovery codes; whoever asked shows them. */
export function TotpSetUp({ onCodes }: { onCodes: (codes: readonly string[]) => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const begin = useMutation(trpc.auth.beginTotp.mutationOptions({ meta: { showsError: true } }));
  const confirm = useMutation(
    trpc.auth.confirmTotp.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ recoveryCodes }) => onCodes(recoveryCodes),
    }),
  );
  const form = useForm(codeInput, { code: "" }, (parsed) => confirm.mutate(parsed));
  const { mutate: start, isIdle } = begin;
  useEffect(() => {
    if (isIdle) start();
  }, [isIdle, start]);
  if (begin.isError) return <Alert color="red">{errorSentence(begin.error)}</Alert>;
  if (begin.data === undefined) return <Loader size={20} aria-label={t("list.loadingRows")} />;
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm">{t("secondFactor.scan")}</Text>
        <QrCode text={begin.data.uri} />
        <TextInput
          readOnly
          label={t("secondFactor.secret")}
          ff="monospace"
          size="xs"
          value={begin.data.secret}
          onFocus={(event) => event.currentTarget.select()}
        />
        {confirm.isError && (
          <Alert color="red" role="alert">
            {errorSentence(confirm.error)}
          </Alert>
        )}
        <TextInput
          label={t("secondFactor.confirm")}
          autoComplete="one-time-code"
          inputMode="numeric"
          value={form.values.code}
          error={form.error("code")}
          onChange={(event) => form.set("code", event.currentTarget.value)}
        />
        <Button type="submit" loading={confirm.isPending} style={{ alignSelf: "flex-start" }}>
          {t("secondFactor.finish")}
        </Button>
      </Stack>
    </form>
  );
}

/** Quiet zone of four modules (ISO/IEC 18004), black on white in every theme: scanners want contrast. */
function QrCode({ text }: { text: string }) {
  const { t } = useTranslation();
  const { size, path } = useMemo(() => {
    const { data } = encode(text, { border: 4 });
    const modules = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { size: data.length, path: modules.join("") };
  }, [text]);
  return (
    <svg
      role="img"
      aria-label={t("secondFactor.picture")}
      viewBox={`0 0 ${size} ${size}`}
      width={208}
      height={208}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}

export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Alert color="teal" title={t("secondFactor.recoveryCodes")}>
        {t("secondFactor.recoveryText")}
      </Alert>
      <List listStyleType="none" ff="monospace" size="sm">
        {codes.map((one) => (
          <List.Item key={one}>{one}</List.Item>
        ))}
      </List>
      <Group>
        <CopyButton text={codes.join("\n")} label={t("action.copy")} variant="default" />
        <Button onClick={onDone}>{t("secondFactor.kept")}</Button>
      </Group>
    </Stack>
  );
}
