// A line of numbers, small enough for a table or a panel.

const width = 100;
const height = 24;

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  if (values.length < 2) return <span>–</span>;
  const most = Math.max(...values);
  const least = Math.min(...values);
  const spread = most - least || 1;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * width;
    const y = height - 2 - ((value - least) / spread) * (height - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline
        points={points.join(" ")}
        fill="none"
        stroke="var(--sp-accent)"
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
