// A line as it would be typed in a terminal, to try rules on.
"use client";
import { TextInput } from "@mantine/core";
import classes from "./rules.module.css";

/** As the hub takes it. */
const lineMax = 2_000;

interface LineInputProps {
  label: string;
  value: string;
  onChange: (line: string) => void;
}

export function LineInput({ label, value, onChange }: LineInputProps) {
  return (
    <TextInput
      label={label}
      placeholder="sudo rm -rf /var/www"
      value={value}
      maxLength={lineMax}
      onChange={(event) => onChange(event.currentTarget.value)}
      classNames={{ input: classes.code ?? "" }}
      spellCheck={false}
      autoComplete="off"
    />
  );
}
