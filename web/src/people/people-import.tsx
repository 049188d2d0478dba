// A file of people, brought in; and the invitations that go out with it: who gets a mail, and the links of those who do not.
"use client";
import { Alert, Checkbox, Drawer, Stack, Text } from "@mantine/core";
import { peopleColumns } from "@sallyport/hub/identity/input";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useTRPC, useTRPCClient } from "../api/trpc.ts";
import type { Outputs } from "../api/types.ts";
import { ImportPanel } from "../csv/import-panel.tsx";
import { CopyButton } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import classes from "./grants.module.css";

type Invitations = Outputs["people"]["import"]["invitations"];

export function PeopleImport({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const mails = useQuery(trpc.auth.state.queryOptions()).data?.hub.mails === true;
  const [invite, setInvite] = useState(false);
  const [sent, setSent] = useState<Invitations>([]);
  return (
    <>
      <ImportPanel
        opened={opened}
        onClose={onClose}
        title={t("people.import")}
        text={t("people.importText")}
        template={{
          name: "people.csv",
          columns: peopleColumns.all,
          row: ["Ada Lovelace", "ada@example.org", "ada", "+44 20 7946 0000", "user", "en", "2030-12-31", "", ""],
        }}
        options={
          <Checkbox
            label={mails ? t("people.importMail") : t("people.importLinks")}
            description={t("people.importInviteHint")}
            checked={invite}
            onChange={(event) => setInvite(event.currentTarget.checked)}
          />
        }
        send={async (file) => {
          const report = await client.people.import.mutate({ ...file, invite });
          setSent(report.invitations);
          return report;
        }}
        onDone={() => void queries.invalidateQueries({ queryKey: trpc.people.pathKey() })}
      />
      <Drawer
        opened={sent.length > 0}
        onClose={() => setSent([])}
        title={t("people.invitations")}
        size="xl"
        closeButtonProps={{ "aria-label": t("action.close") }}
      >
        <SentInvitations invitations={sent} />
      </Drawer>
    </>
  );
}

function SentInvitations({ invitations }: { invitations: Invitations }) {
  const { t } = useTranslation();
  const byHand = invitations.filter(({ mailed }) => !mailed);
  const mailed = invitations.length - byHand.length;
  return (
    <Stack gap="md">
      {mailed > 0 && <Alert color="teal">{t("people.invitationsMailed", { count: mailed })}</Alert>}
      {byHand.length > 0 && <Alert color="yellow">{t("people.invitationsByHand", { count: byHand.length })}</Alert>}
      <section aria-label={t("people.invitations")}>
        {/* Those first for whom something is left to do. */}
        {[...byHand, ...invitations.filter((one) => one.mailed)].map(({ email, name, link }) => (
          <div key={email} className={classes.grant}>
            <div className={classes.words}>
              <div className="truncate">{displayText(name)}</div>
              <Text size="xs" c="dimmed" truncate>
                {displayText(email)}
              </Text>
            </div>
            {link === null ? (
              <Text size="sm">{t("people.invitationMailed")}</Text>
            ) : (
              <CopyButton text={link} label={t("people.copyLink")} />
            )}
          </div>
        ))}
      </section>
    </Stack>
  );
}
