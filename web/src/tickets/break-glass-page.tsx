// Taking access in an emergency: what, why, how long, and what happens by it.
"use client";
import { Alert, Button, Stack, Textarea } from "@mantine/core";
import { breakGlass } from "@sallyport/hub/tickets/input";
import { IconUrgent } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { GrantAction, Requestable } from "../api/types.ts";
import { Allowed } from "../frame/me.tsx";
import { ActionsField } from "../grants/actions-field.tsx";
import { Page } from "../ui/page.tsx";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { AccountsField, accountsFor } from "./accounts-field.tsx";
import { AssetsByName } from "./requestable-select.tsx";
import { LengthSelect } from "./time-fields.tsx";

export function BreakGlassPage() {
  const { t } = useTranslation();
  return (
    <Allowed permission="access.break-glass">
      <Page title={t("breakGlass.title")} purpose={t("breakGlass.purpose")}>
        <WithRules />
      </Page>
    </Allowed>
  );
}

function WithRules() {
  const trpc = useTRPC();
  const rules = useQuery(trpc.breakGlass.rules.queryOptions());
  if (rules.data !== undefined) return <BreakGlass most={rules.data.minutesMax} />;
  return rules.isError ? <Failed error={rules.error} onRetry={() => void rules.refetch()} /> : <PanelSkeleton />;
}

/** most: minutes that the organisation allows. */
function BreakGlass({ most }: { most: number }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const trpc = useTRPC();
  const router = useRouter();
  const [assets, setAssets] = useState<Requestable[]>([]);
  const [accounts, setAccounts] = useState<string[]>([]);
  const [actions, setActions] = useState<GrantAction[]>(["connect"]);
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState(Math.min(60, most));
  const [tried, setTried] = useState(false);
  const open = useMutation(
    trpc.breakGlass.open.mutationOptions({
      meta: { showsError: true },
      onSuccess: ({ id }) => router.push(`/ticket?id=${id}`),
    }),
  );
  const parsed = breakGlass.safeParse({ assetIds: assets.map(({ id }) => id), accounts, actions, reason, minutes });
  const wrong = (field: string) =>
    tried && !parsed.success && parsed.error.issues.some(({ path }) => path.includes(field)) ? t("field.required") : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (parsed.success) open.mutate(parsed.data);
      }}
    >
      <Stack gap="md" maw={720}>
        <Alert color="red" icon={<IconUrgent size={18} />}>
          {t("breakGlass.meaning", { duration: duration(most * 60_000) })}
        </Alert>
        {open.error !== null && (
          <Alert color="red" role="alert">
            {errorSentence(open.error)}
          </Alert>
        )}
        <Panel>
          <Stack gap="md">
            <BreakGlassAssets
              chosen={assets}
              onChange={(chosen) => {
                setAssets(chosen);
                setAccounts(accountsFor(chosen, accounts));
              }}
              error={wrong("assetIds")}
            />
            <AccountsField assets={assets} accounts={accounts} onChange={setAccounts} error={wrong("accounts")} />
            <ActionsField chosen={actions} onChange={setActions} error={wrong("actions")} />
            <LengthSelect minutes={minutes} most={most} onChange={setMinutes} />
            <Textarea
              label={t("tickets.reason")}
              description={t("breakGlass.reasonHint")}
              autosize
              minRows={3}
              maxLength={2_000}
              value={reason}
              error={wrong("reason")}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          </Stack>
        </Panel>
        <Button type="submit" color="red" loading={open.isPending} style={{ alignSelf: "flex-start" }}>
          {t("breakGlass.open")}
        </Button>
      </Stack>
    </form>
  );
}

interface BreakGlassAssetsProps {
  chosen: readonly Requestable[];
  onChange: (assets: Requestable[]) => void;
  error: string | undefined;
}

function BreakGlassAssets(props: BreakGlassAssetsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const useFound = (search: string) =>
    useQuery(trpc.breakGlass.assets.queryOptions({ search }, { placeholderData: keepPreviousData }));
  return <AssetsByName {...props} label={t("tickets.servers")} useFound={useFound} nothing={t("list.noMatch")} />;
}
