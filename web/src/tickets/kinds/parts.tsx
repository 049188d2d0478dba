// Several things asked for, each of which can be left out.
import { Checkbox, Group } from "@mantine/core";

interface PartsProps {
  label: string;
  all: readonly string[];
  left: readonly string[];
  word: (one: string) => string;
  onChange: (left: string[]) => void;
}

export function Parts({ label, all, left, word, onChange }: PartsProps) {
  return (
    <Checkbox.Group label={label} value={[...left]} onChange={(chosen) => onChange(all.filter((one) => chosen.includes(one)))}>
      <Group mt={6} gap="sm">
        {all.map((one) => (
          <Checkbox key={one} value={one} label={word(one)} />
        ))}
      </Group>
    </Checkbox.Group>
  );
}
