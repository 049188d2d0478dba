// An OpenID provider: who it is, what this hub is to it, who may come, and which groups there mean what here.
"use client";
import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  PasswordInput,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { createProvider } from "@sallyport/hub/federation/input";
import { roleNames } from "@sallyport/hub/identity/input";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { SignInProvider } from "../api/types.ts";
import { oneOf } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

/** The fields side by side, as a form has them; put together for the hub when they are right. */
const fields = createProvider
  .omit({ settings: true, secret: true })
  .extend(createProvider.shape.settings.options[0].omit({ kind: true }).shape)
  .extend({ secret: z.string().max(1_000) });
type Fields = z.infer<typeof fields>;

const firstly: Fields = {
  name: "",
  active: true,
  issuer: "",
  clientId: "",
  secret: "",
  scopes: [],
  groupsClaim: "groups",
  usernameClaim: "preferred_username",
  createsPeople: false,
  emailDomains: [],
  mappings: [],
};

export function ProviderForm({ provider, onDone }: { provider: SignInProvider | null; onDone: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const queries = useQueryClient();
  const saved = () => {
    showToast("done", t("providers.saved"));
    onDone();
    return queries.invalidateQueries({ queryKey: trpc.providers.pathKey() });
  };
  const create = useMutation(trpc.providers.create.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const change = useMutation(trpc.providers.change.mutationOptions({ meta: { showsError: true }, onSuccess: saved }));
  const form = useForm(fields, provider === null ? firstly : { ...firstly, ...provider, ...provider.settings }, (parsed) => {
    const { issuer, clientId, scopes, groupsClaim, usernameClaim, secret, ...rest } = parsed;
    const given = { ...rest, settings: { kind: "oidc" as const, issuer, clientId, scopes, groupsClaim, usernameClaim } };
    if (provider === null) create.mutate({ ...given, secret: secret === "" ? null : secret });
    else change.mutate({ id: provider.id, ...given, ...(secret === "" ? {} : { secret }) });
  });
  const error = create.error ?? change.error;
  const text = (field: "name" | "issuer" | "clientId" | "groupsClaim" | "usernameClaim") => ({
    value: form.values[field],
    error: form.error(field),
    onChange: (event: { currentTarget: { value: string } }) => form.set(field, event.currentTarget.value),
  });
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {t("providers.text")}
        </Text>
        {error !== null && <Alert color="red">{errorSentence(error)}</Alert>}
        <TextInput label={t("field.name")} description={t("providers.nameHint")} {...text("name")} data-autofocus />
        <TextInput label={t("providers.issuer")} description={t("providers.issuerHint")} {...text("issuer")} />
        <TextInput label={t("providers.clientId")} {...text("clientId")} />
        <PasswordInput
          label={t("providers.secret")}
          description={provider?.hasSecret === true ? t("providers.secretKept") : t("providers.secretHint")}
          autoComplete="off"
          value={form.values.secret}
          error={form.error("secret")}
          onChange={(event) => form.set("secret", event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
        />
        <TagsInput
          label={t("providers.scopes")}
          description={t("providers.scopesHint")}
          value={form.values.scopes}
          error={form.error("scopes")}
          onChange={(values) => form.set("scopes", values)}
        />
        <TextInput label={t("providers.groupsClaim")} {...text("groupsClaim")} />
        <TextInput label={t("providers.usernameClaim")} {...text("usernameClaim")} />
        <TagsInput
          label={t("providers.emailDomains")}
          description={t("providers.emailDomainsHint")}
          value={form.values.emailDomains}
          error={form.error("emailDomains")}
          onChange={(values) => form.set("emailDomains", values)}
        />
        <Checkbox
          label={t("providers.createsPeople")}
          description={t("providers.createsPeopleHint")}
          checked={form.values.createsPeople}
          onChange={(event) => form.set("createsPeople", event.currentTarget.checked)}
        />
        <Checkbox
          label={t("providers.active")}
          description={t("providers.activeHint")}
          checked={form.values.active}
          onChange={(event) => form.set("active", event.currentTarget.checked)}
        />
        <Mappings
          values={form.values.mappings}
          error={form.error("mappings")}
          onChange={(values) => form.set("mappings", values)}
        />
        <Button type="submit" loading={create.isPending || change.isPending} style={{ alignSelf: "flex-end" }}>
          {t("action.save")}
        </Button>
      </Stack>
    </form>
  );
}

type Mapping = Fields["mappings"][number];

const targetOf = ({ groupId, role }: Mapping): string | null => (role !== null ? `role ${role}` : groupId);

function ofTarget(value: string, target: string | null): Mapping {
  const role = oneOf(target?.replace(/^role /, "") ?? null, roleNames);
  return role === undefined ? { value, groupId: target, role: null } : { value, groupId: null, role };
}

interface MappingsProps {
  values: Mapping[];
  error: string | undefined;
  onChange: (values: Mapping[]) => void;
}

function Mappings({ values, error, onChange }: MappingsProps) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const groups = useQuery(trpc.groups.list.queryOptions({ limit: 200 }));
  const targets = [
    {
      group: t("providers.groupsHere"),
      items: (groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
    },
    { group: t("field.role"), items: roleNames.map((role) => ({ value: `role ${role}`, label: t(`role.${role}`) })) },
  ];
  const set = (at: number, mapping: Mapping) => onChange(values.map((one, n) => (n === at ? mapping : one)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        {t("providers.mappings")}
      </Text>
      <Text size="xs" c="dimmed">
        {t("providers.mappingsHint")}
      </Text>
      {error !== undefined && (
        <Text size="xs" c="red">
          {error}
        </Text>
      )}
      {values.map((mapping, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is what stands at its place, and two may be the same
        <Group key={at} gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            aria-label={t("providers.groupThere")}
            placeholder={t("providers.groupThere")}
            value={mapping.value}
            onChange={(event) => set(at, { ...mapping, value: event.currentTarget.value })}
          />
          <Select
            flex={1}
            aria-label={t("providers.meaning")}
            placeholder={t("providers.meaning")}
            data={targets}
            value={targetOf(mapping)}
            onChange={(target) => set(at, ofTarget(mapping.value, target))}
            searchable
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t("action.delete")}
            onClick={() => onChange(values.filter((_, n) => n !== at))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        size="xs"
        variant="default"
        style={{ alignSelf: "flex-start" }}
        onClick={() => onChange([...values, { value: "", groupId: null, role: null }])}
      >
        {t("providers.addMapping")}
      </Button>
    </Stack>
  );
}
