// What somebody may do: the actions of a grant, as boxes to tick.
"use client";
import { Checkbox } from "@mantine/core";
import { actions } from "@sallyport/hub/access/input";
import { useTranslation } from "react-i18next";
import type { GrantAction } from "../api/types.ts";
import classes from "./grants.module.css";

interface ActionsFieldProps {
  chosen: readonly GrantAction[];
  onChange: (chosen: GrantAction[]) => void;
  error?: string | undefined;
}

export function ActionsField({ chosen, onChange, error }: ActionsFieldProps) {
  const { t } = useTranslation();
  return (
    <Checkbox.Group
      label={t("grants.actions")}
      value={[...chosen]}
      error={error}
      onChange={(values) => onChange(actions.filter((action) => values.includes(action)))}
    >
      <div className={classes.actions}>
        {actions.map((action) => (
          <Checkbox key={action} value={action} label={t(`grants.${action}`)} />
        ))}
      </div>
    </Checkbox.Group>
  );
}
