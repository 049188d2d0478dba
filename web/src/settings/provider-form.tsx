// An OpenID provider or a directory: who it is, what this hub is to it, who may come, and which groups there mean what here.
"use client";
import {
  ActionIcon,
  Alert,
  Button,
  Checkbox,
  Group,
  PasswordInput,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { createProvider, ldapSettings, oidcSettings } from "@sallyport/hub/federation/input";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { z } from "zod";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import type { Role, SignInProvider } from "../api/types.ts";
import { useRoleOptions } from "../people/role-choice.tsx";
import { oneOf } from "../state/url-state.ts";
import { useForm } from "../state/use-form.ts";
import { displayText } from "../ui/display-text.ts";
import { showToast } from "../ui/toasts.tsx";

const { kind: _oidc, ...oidcShape } = oidcSettings.shape;
const { kind: _ldap, ...ldapShape } = ldapSettings.shape;
const common = createProvider.omit({ settings: true, secret: true }).extend({ secret: z.string().max(1_000) });
const emptyIsNull = z.string().transform((text) => (text.trim() === "" ? null : text.trim()));

/** The fields side by side, as a form has them; put together for the hub when they are right. */
const oidcFields = common
  .extend(oidcShape)
  .transform(({ name, active, createsPeople, emailDomains, mappings, secret, ...settings }) => ({
    given: { name, active, createsPeople, emailDomains, mappings, settings: { kind: "oidc" as const, ...settings } },
    secret,
  }));
const ldapFields = common
  .extend(ldapShape)
  .extend({ ca: emptyIsNull.pipe(ldapShape.ca), groupBaseDn: emptyIsNull.pipe(ldapShape.groupBaseDn) })
  .transform(({ name, active, createsPeople, emailDomains, mappings, secret, ...settings }) => ({
    given: { name, active, createsPeople, emailDomains, mappings, settings: { kind: "ldap" as const, ...settings } },
    secret,
  }));

type Fields = z.input<typeof oidcFields> & z.input<typeof ldapFields>;
type Kind = SignInProvider["settings"]["kind"];

/** What most providers and OpenLDAP call things; Active Directory's words stand in the hints. */
const firstly: Fields = {
  name: "",
  active: true,
  issuer: "",
  clientId: "",
  secret: "",
  scopes: [],
  groupsClaim: "groups",
  usernameClaim: "preferred_username",
  url: "",
  startTls: false,
  ca: "",
  bindDn: "",
  baseDn: "",
  userFilter: "(objectClass=person)",
  usernameAttribute: "uid",
  idAttribute: "entryUUID",
  emailAttribute: "mail",
  nameAttribute: "cn",
  groupBaseDn: "",
  createsPeople: false,
  emailDomains: [],
  mappings: [],
};

function valuesOf({ settings, ...provider }: SignInProvider): Fields {
  const values = { ...firstly, ...provider };
  return settings.kind === "oidc"
    ? { ...values, ...settings }
    : { ...values, ...settings, ca: settings.ca ?? "", groupBaseDn: settings.groupBaseDn ?? "" };
}

export function ProviderForm({ provider, onDone }: { provider: SignInProvider | null; onDone: () => void }) {
  const { t } = useTranslation();
  const [kind, setKind] = useState<Kind>(provider?.settings.kind ?? "oidc");
  return (
    <Stack gap="md">
      {provider === null && (
        <SegmentedControl
          aria-label={t("providers.kind")}
          value={kind}
          onChange={(value) => setKind(value === "ldap" ? "ldap" : "oidc")}
          data={[
            { value: "oidc", label: "OpenID Connect" },
            { value: "ldap", label: t("providers.ldap") },
          ]}
        />
      )}
      <FieldsOf key={kind} kind={kind} provider={provider} onDone={onDone} />
    </Stack>
  );
}

type TextField = Exclude<{ [K in keyof Fields]: Fields[K] extends string ? K : never }[keyof Fields], "secret" | "ca">;

function FieldsOf({ kind, provider, onDone }: { kind: Kind; provider: SignInProvider | null; onDone: () => void }) {
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
  const schema: z.ZodType<z.output<typeof oidcFields> | z.output<typeof ldapFields>> = kind === "oidc" ? oidcFields : ldapFields;
  const form = useForm(schema, provider === null ? firstly : valuesOf(provider), ({ given, secret }) => {
    if (provider === null) create.mutate({ ...given, secret: secret === "" ? null : secret });
    else change.mutate({ id: provider.id, ...given, ...(secret === "" ? {} : { secret }) });
  });
  const error = create.error ?? change.error;
  const text = (field: TextField, label: string, hint?: string) => (
    <TextInput
      label={label}
      description={hint}
      value={form.values[field]}
      error={form.error(field)}
      onChange={(event) => form.set(field, event.currentTarget.value)}
    />
  );
  return (
    <form onSubmit={form.submit} noValidate>
      <Stack gap="md">
        <Text size="sm" c="dimmed">
          {kind === "oidc" ? t("providers.text") : t("providers.ldapText")}
        </Text>
        {error !== null && <Alert color="red">{errorSentence(error)}</Alert>}
        {text("name", t("field.name"), t("providers.nameHint"))}
        {kind === "oidc" ? (
          <>
            {text("issuer", t("providers.issuer"), t("providers.issuerHint"))}
            {text("clientId", t("providers.clientId"))}
          </>
        ) : (
          <>
            {text("url", t("providers.url"), t("providers.urlHint"))}
            <Checkbox
              label="StartTLS"
              description={t("providers.startTlsHint")}
              checked={form.values.startTls}
              onChange={(event) => form.set("startTls", event.currentTarget.checked)}
            />
            <Textarea
              label={t("providers.ca")}
              description={t("providers.caHint")}
              rows={3}
              value={form.values.ca}
              error={form.error("ca")}
              onChange={(event) => form.set("ca", event.currentTarget.value)}
            />
            {text("bindDn", t("providers.bindDn"), t("providers.bindDnHint"))}
          </>
        )}
        <PasswordInput
          label={kind === "oidc" ? t("providers.secret") : t("providers.bindPassword")}
          description={
            provider?.hasSecret === true ? t("providers.secretKept") : kind === "oidc" ? t("providers.secretHint") : undefined
          }
          autoComplete="off"
          value={form.values.secret}
          error={form.error("secret")}
          onChange={(event) => form.set("secret", event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": t("field.showPassword") }}
        />
        {kind === "oidc" ? (
          <>
            <TagsInput
              label={t("providers.scopes")}
              description={t("providers.scopesHint")}
              value={form.values.scopes}
              error={form.error("scopes")}
              onChange={(values) => form.set("scopes", values)}
            />
            {text("groupsClaim", t("providers.groupsClaim"))}
            {text("usernameClaim", t("providers.usernameClaim"))}
          </>
        ) : (
          <>
            {text("baseDn", t("providers.baseDn"), "ou=people,dc=example,dc=org")}
            {text("userFilter", t("providers.userFilter"), t("providers.userFilterHint"))}
            {text("usernameAttribute", t("providers.usernameAttribute"), t("providers.adHint", { name: "sAMAccountName" }))}
            {text("idAttribute", t("providers.idAttribute"), t("providers.adHint", { name: "objectGUID" }))}
            {text("emailAttribute", t("providers.emailAttribute"))}
            {text("nameAttribute", t("providers.nameAttribute"), t("providers.adHint", { name: "displayName" }))}
            {text("groupBaseDn", t("providers.groupBaseDn"), t("providers.groupBaseDnHint"))}
          </>
        )}
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

function ofTarget(value: string, target: string | null, roles: readonly Role[]): Mapping {
  const role = oneOf(target?.replace(/^role /, "") ?? null, roles);
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
  const roles = useRoleOptions();
  const targets = [
    {
      group: t("providers.groupsHere"),
      items: (groups.data?.items ?? []).map(({ id, name }) => ({ value: id, label: displayText(name) })),
    },
    { group: t("field.role"), items: roles.map(({ value, label }) => ({ value: `role ${value}`, label })) },
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
            onChange={(target) =>
              set(
                at,
                ofTarget(
                  mapping.value,
                  target,
                  roles.map(({ value }) => value),
                ),
              )
            }
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
