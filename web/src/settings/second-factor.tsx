// One's own second factor: set up, new recovery codes, remove.
"use client";
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { RecoveryCodes, TotpSetUp } from "../sign-in/totp-set-up.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";

export function SecondFactor() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const state = useQuery(trpc.auth.secondFactor.queryOptions());
  return (
    <Panel title={t("secondFactor.title")}>
      {state.data !== undefined ? (
        <Factor state={state.data} />
      ) : state.isError ? (
        <Failed error={state.error} onRetry={() => void state.refetch()} />
      ) : (
        <PanelSkeleton />
      )}
    </Panel>
  );
}

function Factor({ state }: { state: Outputs["auth"]["secondFactor"] }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [open, setOpen] = useState<"set-up" | "remove" | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: trpc.auth.secondFactor.queryKey() });
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const renew = useMutation(
    trpc.auth.renewRecoveryCodes.mutationOptions({
      onSuccess: ({ recoveryCodes }) => {
        setCodes(recoveryCodes);
        return refresh();
      },
    }),
  );
  const remove = useMutation(
    trpc.auth.removeTotp.mutationOptions({
      onSuccess: () => {
        showToast("done", t("secondFactor.removed"));
        return refresh();
      },
      onSettled: () => setOpen(null),
    }),
  );
  const done = () => {
    setOpen(null);
    void refresh();
  };
  if (codes !== null) return <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />;
  return (
    <Stack gap="sm">
      <Text size="sm">
        {state.totp ? t("secondFactor.on", { count: state.recoveryCodesLeft }) : t("secondFactor.off")}
        {state.required && ` ${t("secondFactor.required")}`}
      </Text>
      <Group gap="xs">
        <Button variant={state.totp ? "default" : "filled"} onClick={() => setOpen("set-up")}>
          {state.totp ? t("secondFactor.replace") : t("secondFactor.setUp")}
        </Button>
        {state.totp && (
          <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()}>
            {t("secondFactor.renewCodes")}
          </Button>
        )}
        {state.totp && !state.required && (
          <Button variant="light" color="red" onClick={() => setOpen("remove")}>
            {t("secondFactor.remove")}
          </Button>
        )}
      </Group>
      <Modal
        opened={open === "set-up"}
        onClose={done}
        title={t("secondFactor.setUp")}
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <TotpSetUp
          onCodes={(made) => {
            setCodes(made);
            done();
          }}
        />
      </Modal>
      <Confirm
        opened={open === "remove"}
        title={t("secondFactor.removeTitle")}
        action={t("secondFactor.remove")}
        pending={remove.isPending}
        onConfirm={() => remove.mutate()}
        onClose={() => setOpen(null)}
      >
        <Text size="sm">{t("secondFactor.removeText")}</Text>
      </Confirm>
    </Stack>
  );
}
