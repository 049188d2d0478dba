// What the organisation asks of its people at sign-in.
"use client";
import { Alert, Button, Checkbox, Group, NumberInput, Stack, Text } from "@mantine/core";
import { signInPolicy } from "@sallyport/hub/identity/input";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { useRoleOptions, useRoles } from "../people/role-choice.tsx";
import { useForm } from "../state/use-form.ts";
import { Failed } from "../ui/page-states.tsx";
import { Panel } from "../ui/panel.tsx";
import { PanelSkeleton } from "../ui/panel-skeleton.tsx";
import { showToast } from "../ui/toasts.tsx";

export function SignInRules() {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const policy = useQuery(trpc.signInPolicy.get.queryOptions());
  const roles = useRoles();
  if (policy.isError) return <Failed error={policy.error} onRetry={() => void policy.refetch()} />;
  if (roles.isError) return <Failed error={roles.error} onRetry={() => void roles.refetch()} />;
  // Without the roles a change would leave out those that are not drawn.
  if (policy.data === undefined || roles.data === undefined) return <PanelSkeleton />;
  return (
    <Panel title={t("signInRules.title")}>
      <Rules policy={policy.data} />
    </Panel>
  );
}

function Rules({ policy }: { policy: Outputs["signInPolicy"]["get"] }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const save = useMutation(
    trpc.signInPolicy.set.mutationOptions({
      meta: { showsError: true },
      onSuccess: () => {
        showToast("done", t("signInRules.saved"));
        return queries.invalidateQueries({ queryKey: trpc.signInPolicy.get.queryKey() });
      },
    }),
  );
  const roles = useRoleOptions();
  const form = useForm(signInPolicy, policy, (parsed) => save.mutate(parsed));
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        {save.isError && <Alert color="red">{errorSentence(save.error)}</Alert>}
        <Checkbox.Group
          label={t("signInRules.mfaRoles")}
          description={t("signInRules.mfaRolesHint")}
          value={form.values.mfaRoles}
          onChange={(values) =>
            form.set(
              "mfaRoles",
              roles.flatMap(({ value }) => (values.includes(value) ? [value] : [])),
            )
          }
        >
          <Group mt={6}>
            {roles.map(({ value, label }) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </Group>
        </Checkbox.Group>
        <WholeNumber
          label={t("signInRules.length")}
          value={form.values.passwordLengthMin}
          error={form.error("passwordLengthMin")}
          onChange={(value) => form.set("passwordLengthMin", value ?? 10)}
        />
        <WholeNumber
          label={t("signInRules.history")}
          hint={t("signInRules.historyHint")}
          value={form.values.passwordHistory}
          error={form.error("passwordHistory")}
          onChange={(value) => form.set("passwordHistory", value ?? 0)}
        />
        <WholeNumber
          label={t("signInRules.age")}
          hint={t("signInRules.emptyForever")}
          value={form.values.passwordDaysMax}
          error={form.error("passwordDaysMax")}
          onChange={(value) => form.set("passwordDaysMax", value)}
        />
        <WholeNumber
          label={t("signInRules.idle")}
          hint={t("signInRules.idleHint")}
          value={form.values.idleDaysMax}
          error={form.error("idleDaysMax")}
          onChange={(value) => form.set("idleDaysMax", value)}
        />
        <Text size="xs" c="dimmed">
          {t("signInRules.when")}
        </Text>
        <Button type="submit" loading={save.isPending} style={{ alignSelf: "flex-start" }}>
          {t("action.save")}
        </Button>
      </Stack>
    </form>
  );
}

interface WholeNumberProps {
  label: string;
  hint?: string;
  value: number | null;
  error: string | undefined;
  /** Null for an empty field. */
  onChange: (value: number | null) => void;
}

function WholeNumber({ label, hint, value, error, onChange }: WholeNumberProps) {
  return (
    <NumberInput
      maw={360}
      label={label}
      description={hint}
      allowDecimal={false}
      allowNegative={false}
      hideControls
      value={value ?? ""}
      error={error}
      onChange={(given) => onChange(typeof given === "number" ? given : null)}
    />
  );
}
