// One audit event with everything it carries.
"use client";
import { Button, Drawer, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { AuditEvent } from "../api/types.ts";
import { useUrlState } from "../state/url-state.ts";
import { ShortId } from "../ui/copy.tsx";
import { displayText } from "../ui/display-text.ts";
import { Facts } from "../ui/facts.tsx";
import { useLocale } from "../ui/use-locale.ts";
import { eventSentence } from "./event-sentence.ts";

export function EventPanel({ event, onClose }: { event: AuditEvent | undefined; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={event !== undefined}
      onClose={onClose}
      title={event === undefined ? "" : t("audit.details", { seq: event.seq })}
      closeButtonProps={{ "aria-label": t("action.close") }}
    >
      {event !== undefined && <EventDetails event={event} />}
    </Drawer>
  );
}

function EventDetails({ event }: { event: AuditEvent }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const [, changeUrl] = useUrlState();
  const { actor, subject } = event;
  return (
    <Stack gap="md">
      <Text fw={500}>{eventSentence(event, t)}</Text>
      <Facts
        items={[
          [t("audit.when"), moment(event.at)],
          [
            t("audit.kind"),
            <span key="kind" className="mono">
              {displayText(event.kind)}
            </span>,
          ],
          [t("audit.actor"), actor === null ? t("audit.theHub") : displayText(actor.name)],
          ...(subject === null
            ? []
            : [[displayText(subject.kind), <Named key="subject" name={subject.name} id={subject.id} />] as const]),
          [t("audit.address"), displayText(event.ip ?? "–")],
          ...Object.entries(event.data)
            .filter(([name]) => !isChange(event) || (name !== "before" && name !== "after"))
            .map(([name, value]) => [displayText(name), displayText(String(value))] as const),
          ...(isChange(event) ? [[t("audit.change"), <Change key="change" data={event.data} />] as const] : []),
          [
            t("audit.hash"),
            <span key="hash" className="mono">
              {displayText(event.hash)}
            </span>,
          ],
        ]}
      />
      {actor !== null && (
        <Button variant="default" style={{ alignSelf: "flex-start" }} onClick={() => changeUrl({ id: null, actor: actor.id })}>
          {t("audit.onlyActor", { name: displayText(actor.name) })}
        </Button>
      )}
    </Stack>
  );
}

const isChange = ({ data }: AuditEvent): boolean => Object.hasOwn(data, "before") && Object.hasOwn(data, "after");

/** What was there above what is there now. */
function Change({ data }: Pick<AuditEvent, "data">) {
  return (
    <>
      <del>{displayText(String(data["before"]))}</del>
      <br />
      <ins>{displayText(String(data["after"]))}</ins>
    </>
  );
}

function Named({ name, id }: { name: string; id: string }) {
  return (
    <>
      {displayText(name)} <ShortId id={id} />
    </>
  );
}
