// How a request stands: who decided what, whom it waits for and for how long.
"use client";
import { Text, Timeline } from "@mantine/core";
import { IconCheck, IconClock, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { TicketDetail } from "../api/types.ts";
import { useMe } from "../frame/me.tsx";
import { displayLines, displayText } from "../ui/display-text.ts";
import { Moment } from "../ui/moment.tsx";
import { useLocale } from "../ui/use-locale.ts";
import classes from "./tickets.module.css";

/** Level by level: who decided what, and whom the next one waits for. */
export function Course({ ticket }: { ticket: TicketDetail }) {
  const { t } = useTranslation();
  const { moment } = useLocale();
  const own = useMe().id === ticket.requester.id;
  const waits = ticket.state === "pending";
  return (
    <Timeline active={ticket.decisions.length - 1} bulletSize={22} lineWidth={2}>
      {ticket.decisions.map(({ level, by, decision, comment, at }) => (
        <Timeline.Item
          key={`${level}/${by.id}`}
          bullet={decision === "approve" ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
          color={decision === "approve" ? "green" : "red"}
          title={t(`ticketDecision.${decision}`, { name: displayText(by.name), level })}
        >
          {comment !== "" && (
            <Text size="sm" className={classes.lines}>
              {displayLines(comment)}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            <Moment at={at} />
          </Text>
        </Timeline.Item>
      ))}
      {waits && (
        <Timeline.Item
          bullet={<IconClock size={14} aria-hidden />}
          title={t("tickets.waitsFor", { level: ticket.level, levels: ticket.levels })}
        >
          <Text size="sm">
            {ticket.deciders.length === 0
              ? t("tickets.waitsForNobody")
              : ticket.deciders
                  .slice(0, 10)
                  .map(({ name }) => displayText(name))
                  .join(t("list.comma"))}
            {ticket.deciders.length > 10 && " …"}
          </Text>
          {ticket.escalated && <Text size="sm">{t("tickets.escalated")}</Text>}
          {ticket.waitsUntil !== null && (
            <Text size="sm">{t(`ticketWaits.${ticket.waitsUntil.next}`, { when: moment(ticket.waitsUntil.at) })}</Text>
          )}
          {own && ticket.deciders.length > 0 && (
            <Text size="sm" c="dimmed">
              {t("tickets.youAreTold")}
            </Text>
          )}
        </Timeline.Item>
      )}
      {!waits && (
        <Timeline.Item title={t(`ticketState.${ticket.state}`)}>
          <Text size="sm">{t(`ticketCourse.${ticket.state}`)}</Text>
        </Timeline.Item>
      )}
    </Timeline>
  );
}
