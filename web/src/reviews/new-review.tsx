// Asking for a review: of one's own assets, or, by who manages grants, of anybody's and by anybody.
"use client";
import { Alert, Button, Drawer, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorSentence } from "../api/error-text.ts";
import { useTRPC } from "../api/trpc.ts";
import { useMay, useMe } from "../frame/me.tsx";
import { PeoplePicker } from "../people/people-picker.tsx";
import { useLocale } from "../ui/use-locale.ts";

const scopes = ["own", "owner", "all"] as const;
type Scope = (typeof scopes)[number];
const dayMs = 86_400_000;
const dueDays = ["7", "14", "30", "90"];

export function NewReview({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { duration } = useLocale();
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const me = useMe();
  const mayAll = useMay("grants.manage");
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>(mayAll ? "all" : "own");
  const [ownerId, setOwnerId] = useState<string | null>(null);
  const [reviewerId, setReviewerId] = useState<string>(me.id);
  const [days, setDays] = useState("14");
  const create = useMutation(
    trpc.reviews.create.mutationOptions({
      meta: { showsError: true },
      onSuccess: async ({ id }) => {
        await queries.invalidateQueries({ queryKey: trpc.reviews.pathKey() });
        router.push(`/review?id=${id}`);
      },
    }),
  );
  const owner = scope === "own" ? me.id : scope === "owner" ? ownerId : null;
  const isReady = name.trim() !== "" && (scope !== "owner" || ownerId !== null);
  return (
    <Drawer opened onClose={onClose} title={t("reviews.make")} closeButtonProps={{ "aria-label": t("action.close") }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const dueAt = new Date(Date.now() + Number(days) * dayMs).toISOString();
          create.mutate({ name, ownerId: owner, reviewerId: scope === "own" ? me.id : reviewerId, dueAt });
        }}
      >
        <Stack gap="md">
          {create.error !== null && <Alert color="red">{errorSentence(create.error)}</Alert>}
          <TextInput
            label={t("reviews.name")}
            description={t("reviews.nameHint")}
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          {mayAll && (
            <SegmentedControl
              aria-label={t("reviews.scope")}
              value={scope}
              onChange={(value) => setScope(scopes.find((one) => one === value) ?? "all")}
              data={scopes.map((value) => ({ value, label: t(`reviewScope.${value}`) }))}
            />
          )}
          {scope === "owner" && (
            <div>
              <Text size="sm" fw={500}>
                {t("reviews.owner")}
              </Text>
              <PeoplePicker
                label={t("reviews.owner")}
                hint={t("reviews.personHint")}
                chosen={ownerId === null ? [] : [ownerId]}
                onChange={(ids) => setOwnerId(ids.at(-1) ?? null)}
              />
            </div>
          )}
          {scope !== "own" && (
            <div>
              <Text size="sm" fw={500}>
                {t("reviews.reviewer")}
              </Text>
              <PeoplePicker
                label={t("reviews.reviewer")}
                hint={t("reviews.personHint")}
                chosen={[reviewerId]}
                onChange={(ids) => setReviewerId(ids.at(-1) ?? me.id)}
              />
            </div>
          )}
          <Select
            label={t("reviews.dueIn")}
            data={dueDays.map((value) => ({ value, label: duration(Number(value) * dayMs) }))}
            value={days}
            allowDeselect={false}
            onChange={(value) => setDays(value ?? "14")}
          />
          <Button type="submit" loading={create.isPending} disabled={!isReady} style={{ alignSelf: "flex-start" }}>
            {t("reviews.begin")}
          </Button>
        </Stack>
      </form>
    </Drawer>
  );
}
