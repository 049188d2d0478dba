// The lines of a side panel before its facts are here.
import { Skeleton, Stack } from "@mantine/core";

const widths = ["90%", "70%", "80%", "60%", "75%", "85%", "50%"];

export function PanelSkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      {widths.map((width) => (
        <Skeleton key={width} height={12} width={width} />
      ))}
    </Stack>
  );
}
